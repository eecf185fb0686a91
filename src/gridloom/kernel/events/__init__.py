"""What happened, told once it is committed: the outbox, its relay, and the handlers that listen."""

"""Access: clients, their tokens, and the scopes there are."""

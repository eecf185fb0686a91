"""Relations: contacts, organisations, addresses and phone numbers over the shared parties."""

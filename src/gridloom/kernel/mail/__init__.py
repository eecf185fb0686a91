"""Mail to people: written in the transaction that wants it, sent once that has committed."""

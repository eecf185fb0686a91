"""What stations say about sessions."""

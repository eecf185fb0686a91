"""Files: bytes in a folder or an object store, one row about each, and links that expire."""

"""What people look at in a browser, and what machines ask beside the APIs: health, metrics, documents, files."""

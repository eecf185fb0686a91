"""Messages: tasks that answer later."""

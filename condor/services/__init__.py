"""What a person can ask. Each service checks permission, speaks in views and knows no front end."""

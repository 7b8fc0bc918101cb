"""Single order executor."""

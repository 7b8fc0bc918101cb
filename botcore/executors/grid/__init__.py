"""Grid executor."""

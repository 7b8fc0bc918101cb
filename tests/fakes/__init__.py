"""Stand-ins for the outside world, good enough to be trusted."""

"""Who keeps the executors: actions in, executors, position holds and performance out."""

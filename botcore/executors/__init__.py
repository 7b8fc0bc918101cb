"""Executors: self-contained trades, each a small state machine that the clock steps. They see a desk and market data, nothing else."""

"""Arbitrage executor."""

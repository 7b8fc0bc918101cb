"""TWAP executor."""

"""What is known of a market now: its book, its candles, its prices. Written by feeds, read by deciders."""

"""Where market events come from when no venue is connected: recorded candles and captures, and a seeded generator."""

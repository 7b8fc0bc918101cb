"""Where everything that happened is written down: one writer, one journal, exact decimals as text."""

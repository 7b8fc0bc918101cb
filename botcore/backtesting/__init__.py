"""A backtest is the same bot on another clock: nothing here decides, it only wires and measures."""

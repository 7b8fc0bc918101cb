"""The trading runtime: clock, markets, orders, executors, controllers, bots. It knows no chat and no wall clock."""

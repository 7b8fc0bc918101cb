"""Liquidity positions: the config; its venue, the Gateway, comes later."""

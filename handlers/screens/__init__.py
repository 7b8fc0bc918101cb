"""The screens: each draws a card from what services say, and names the actions of its buttons."""

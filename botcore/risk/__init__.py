"""What no strategy may overrule."""

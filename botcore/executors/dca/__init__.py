"""DCA executor."""

"""The application: what a person can ask of the trading runtime, whatever front end they ask through. It never imports telegram."""

__version__ = "0.1.0"

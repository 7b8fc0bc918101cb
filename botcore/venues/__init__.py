"""Venues as data: what an exchange is called, what it lists, what it charges."""

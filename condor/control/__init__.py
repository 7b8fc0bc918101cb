"""The command line's way to the instance that holds a home: a Unix socket that only the home's owner can open."""

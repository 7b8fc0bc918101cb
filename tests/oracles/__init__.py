"""Programs that we did not write, used as judges. They live in an environment of their own: `make oracles`."""

"""A restless person, a chat that delivers badly, and a process that dies at any write: see `world`."""

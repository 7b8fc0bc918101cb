"""Order entry: what takes an executor's request to a venue, real or simulated, and brings back what happened."""

"""`/panic`: everything stands still, on purpose, until the owner says why it may go on."""

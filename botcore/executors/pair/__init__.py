"""Two positions that are closed together."""

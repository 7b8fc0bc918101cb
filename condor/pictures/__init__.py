"""Pictures: what they show (`drawings`), and the process of its own that draws them (`worker`). matplotlib is imported there and nowhere else."""

"""Reads a depth message in C: JSON is walked, the keys of a book are found wherever they stand, and decimal text becomes whole steps of a grid, exactly.

It has a face for Cython only (`depth_reader.pxd`); Python reads messages through `BookScanner`.
"""

__pyx_capi__: dict[str, object]
"""What Cython exports to Cython."""

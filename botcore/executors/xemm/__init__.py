"""XEMM executor."""

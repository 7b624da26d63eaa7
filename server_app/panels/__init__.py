"""Panels: one file each, a class with `root`, `sources` and `update`."""

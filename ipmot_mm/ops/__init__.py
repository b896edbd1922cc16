"""Operators that the detector is built from."""

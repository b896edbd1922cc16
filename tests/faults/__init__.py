"""Faults done to real trainings; see ``tests/fault_injection.py``."""

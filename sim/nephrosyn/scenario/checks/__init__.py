"""Checks of a scenario beyond the range of a single value."""

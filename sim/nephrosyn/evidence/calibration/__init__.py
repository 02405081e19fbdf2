"""Fit numbers of a scenario to published figures that are not kept for validation."""

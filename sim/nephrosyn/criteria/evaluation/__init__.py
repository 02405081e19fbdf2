"""Evaluate every clause of a definition set on a patient's record."""

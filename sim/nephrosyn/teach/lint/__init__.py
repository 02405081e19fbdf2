"""Checks of finished cases: every key can be derived from what is shown."""

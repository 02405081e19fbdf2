"""Scenario files: where they are found, inheritance between them, and the source of each value."""

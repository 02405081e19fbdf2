"""Scenario files: finding and merging them, and the sources of their numbers."""

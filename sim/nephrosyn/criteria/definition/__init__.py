"""A definition set: its file, its thresholds, and the numbers compiled code reads."""

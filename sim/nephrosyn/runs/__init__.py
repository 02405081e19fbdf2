"""A run: simulate a cohort, classify it, write its folder; on one process or on many."""

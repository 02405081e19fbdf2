"""Builds cases: their questions, keys, feedback and difficulty, and the choice of patients; see `case_set.build`."""

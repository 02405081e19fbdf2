"""Patients at the boundaries of a definition set: their verdict changes when a threshold moves by one step.

In an ordinary cohort hardly anybody is that near, so nothing can be seen of how a classifier does there.
"""

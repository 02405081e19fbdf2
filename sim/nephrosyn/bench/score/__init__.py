"""Scores of a classifier's answers, their intervals, and comparisons between classifiers."""

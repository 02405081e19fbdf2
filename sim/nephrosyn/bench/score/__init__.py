"""Scores of classifiers' answers, their intervals, and comparisons between classifiers.

`score_table.score` gives every score as one table.
"""

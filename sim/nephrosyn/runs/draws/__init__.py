"""Draws of a scenario's uncertain numbers: each is played with patients of its own, of whom only counts are kept.

`design` says which numbers a draw has, `check` finds draws that contradict themselves, `counts` says what is counted of
the patients of a draw, and `play` makes it; `kept` is about runs that keep the tables of every draw.
"""

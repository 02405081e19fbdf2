"""Draws of a scenario's uncertain numbers: each is played with patients of its own, of whom only counts are kept.

`design` says which numbers a draw has, `check` finds draws that contradict themselves, `counts` says what is counted of
the patients of a draw, and `play` makes it; `draw_tables` has the tables of every draw, for runs that keep them.
"""

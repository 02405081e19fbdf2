"""Draws of a scenario's uncertain numbers: each is played with the same random numbers, and only counts are kept.

`design` says which numbers a draw has, `counts` what is counted of its patients, `play` makes both.
"""

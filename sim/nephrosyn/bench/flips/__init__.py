"""Minimal changes of a record that change a classifier's answer.

`search.find_cause` finds them for one log; `explain.explain` for one patient of a finished bench.
"""

"""The findings of a report: everything it shows, computed before anything is drawn or written.

`summary.find` computes them for a cohort in memory, `out_of_core.find` for a larger one.
"""

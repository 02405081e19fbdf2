"""Evaluation of all clauses for all patients, in one pass of compiled code; `evaluate.evaluate` is the entry."""

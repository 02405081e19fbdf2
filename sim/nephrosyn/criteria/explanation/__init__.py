"""Explanation of the classification of one patient: sentences and the rows they rest on; see `verdict.verdict`."""

"""The clauses of the criteria, one module for each."""

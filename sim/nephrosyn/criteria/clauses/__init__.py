"""The clauses, one kind per module: compiled functions that write an answer with its reason and days."""

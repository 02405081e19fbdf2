"""The record as the clauses read it: states of the urine, episodes, steroid courses."""

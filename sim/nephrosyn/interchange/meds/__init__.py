"""MEDS 0.4: the Medical Event Data Standard."""

"""Measures: what a published study counted, computed in the same way from a simulated cohort."""

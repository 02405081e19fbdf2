"""What a published study measured, measured on a simulated cohort in the same way."""

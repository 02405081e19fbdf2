"""A row of numbers for each patient, taken from the record alone, and what each column means."""

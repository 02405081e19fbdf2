"""A scenario as the arrays of numbers that the compiled model reads: `prepare.prepare`."""

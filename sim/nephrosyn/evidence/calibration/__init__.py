"""Fit numbers of a scenario to published estimates: `fit.calibrate`, written to a folder by `output.write`."""

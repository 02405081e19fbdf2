"""Compare published estimates with simulated ones: `validate.validate`, written to a folder by `output.write`."""

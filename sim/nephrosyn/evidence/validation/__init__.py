"""Compare published estimates with simulated ones: `comparison.validate`, written to a folder by `page.write`."""

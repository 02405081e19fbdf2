"""Which numbers affect the refractory share most: `analysis.sensitivity`, written to a folder by `output.write`."""

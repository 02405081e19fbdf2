"""Speed and memory of the package, beside plain SimPy and a C loop."""

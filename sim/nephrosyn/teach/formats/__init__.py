"""Cases written for teaching software, one module for each format."""

"""Keyed random numbers (`random_streams`), the decorators of compiled functions (`compile`), and child processes."""

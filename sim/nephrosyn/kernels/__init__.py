"""Keyed random numbers, and how the model is compiled."""

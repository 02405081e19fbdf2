"""Classifiers: what is asked of them, those that are shipped, and how a user's own are called."""

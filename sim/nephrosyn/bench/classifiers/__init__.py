"""Classifiers: the protocol they follow, the shipped ones, and how a user's own run in a separate process.

`registry.find` looks a classifier up by its name.
"""

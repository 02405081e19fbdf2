"""The record in the formats of the field: export, and reading records that were made elsewhere.

A format is a module that writes the observed tables of one part of a run. The truth is never exported.
"""

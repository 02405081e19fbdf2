"""Frozen benchmarks: fixed patients, tasks, perturbations and metrics under a version, so that results can be compared.

`definitions` holds each suite as data: a TOML file that says what it is, and the digests of every table that it builds.
"""

"""Published evidence, and analyses that use it.

`published` holds the estimates with their citations, `measures` computes them in a simulated record. `validation`
compares the two, `calibration` fits numbers of a scenario, and `sensitivity` shows which numbers matter most.
"""

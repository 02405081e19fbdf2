"""Compiled functions: how they are compiled and cached, and the random numbers that they draw.

`compile` has the decorators, `random_streams` the keyed random numbers, `child_process` starts Python processes.
"""

"""Compiled functions: how they are compiled and cached, and the random numbers that they draw.

`compile` has the decorators, `built` the code that comes with the package, `numba_compiler` what numba does in its
place, `random_streams` the keyed random numbers; `child_process` starts Python processes.
"""

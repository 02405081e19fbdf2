"""How the model is compiled: one place for the three ways.

What compiled code calls is compiled without numba's reference counts: it gets its arrays from an entry point that holds
them, and makes none of its own. Counting took two fifths of a course's time.

Only entry points are cached on disk; what they call is compiled into them. numba looks at the file of an entry point
alone to tell whether its copy is stale, so after a change of any other file of the model the copies must go:
``make clean-compiled``, which the tests do by themselves.
"""

from __future__ import annotations

from typing import Any

from numba import njit

entry: Any = njit(cache=True, error_model="numpy", no_cfunc_wrapper=True)
"""Called from Python; its compiled copy is kept on disk."""

kernel: Any = njit(error_model="numpy", _nrt=False, no_cfunc_wrapper=True)
"""Called from compiled code; small or frequent enough for the compiler to decide how."""

inline: Any = njit(error_model="numpy", forceinline=True, _nrt=False, no_cfunc_wrapper=True)
"""Called from compiled code, often, and always inlined: calls that pass arrays are not free."""

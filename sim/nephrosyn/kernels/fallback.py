"""Which compiled code is asked for, and the warnings when other code runs instead.

Results are the same, whichever runs.
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import cache

CHOICE = "NEPHROSYN_KERNELS"
"""Environment variable that names the first of `KINDS` to try."""
KINDS = ("library", "bitcode", "numba")
"""Machine code built ahead; LLVM code built ahead, which llvmlite translates; compilation by numba."""


class KernelWarning(UserWarning):
    """Code built ahead cannot be used; other code gives the same results, but takes longer to start."""


class CacheWarning(KernelWarning):
    """Cached code of the model is damaged or cannot be written; results are the same, but take longer."""


def _is_switched_off() -> bool:
    """Whether numba is asked to compile nothing, so that the model runs as plain Python."""
    if "numba" in sys.modules:
        return bool(sys.modules["numba"].config.DISABLE_JIT)
    try:
        return bool(int(os.environ.get("NUMBA_DISABLE_JIT") or 0))
    except ValueError:
        return False


INTERPRETED = _is_switched_off()
"""Whether everything runs as plain Python, which takes hundreds of times longer."""


@cache
def kinds_to_try() -> tuple[str, ...]:
    """Return the kinds of compiled code to try, in order.

    Returns
    -------
    tuple of str
        The end of `KINDS` from the kind that the environment names; all of them by default.
    """
    named = os.environ.get(CHOICE, "")
    if named and named not in KINDS:
        warnings.warn(f"{CHOICE}={named} is ignored: it must be one of {', '.join(KINDS)}", KernelWarning, stacklevel=2)
        return KINDS
    return KINDS[KINDS.index(named) :] if named else KINDS


_reasons: list[str] = []


def pass_over(reason: str, *, warn: bool) -> None:
    """Remember why code built ahead is not used.

    Parameters
    ----------
    reason : str
        What is wrong with it.
    warn : bool
        Give a `KernelWarning`; not if the sources were merely edited.
    """
    _reasons.append(reason)
    if warn:
        warnings.warn(f"{reason}; other code takes its place, with the same results", KernelWarning, stacklevel=2)


def reasons() -> str:
    """Return why code built ahead is not used, or nothing."""
    return "; ".join(dict.fromkeys(_reasons))

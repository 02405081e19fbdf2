"""The processors of this machine."""

from __future__ import annotations

import os


def cores() -> int:
    """Number of CPUs available to this process.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

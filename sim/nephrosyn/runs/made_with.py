"""The software that a run is made with."""

from __future__ import annotations

import sys
from importlib.metadata import version

from nephrosyn import __version__

MADE_WITH = ("polars", "numpy", "scipy", "numba", "llvmlite", "simpy")
"""Packages that the bytes of a run may depend on."""


def made_with() -> dict[str, str]:
    """Return the versions of the software that computes the run and encodes its tables.

    Examples
    --------
    >>> list(made_with())[:3]
    ['nephrosyn', 'python', 'polars']
    """
    python = ".".join(map(str, sys.version_info[:2]))
    return {"nephrosyn": __version__, "python": python, **{name: version(name) for name in MADE_WITH}}

"""Import matplotlib whatever backend the environment requests: figures are drawn without a window, as SVG or PNG."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

VARIABLE = "MPLBACKEND"


def load() -> None:
    """Import matplotlib; an unknown backend is ignored, because no backend is used here.

    A Jupyter kernel passes its backend to every program that it starts, even in another environment, and matplotlib
    cannot be imported with a backend that is not installed. An installed backend stays in use for the caller's own
    figures.
    """
    inherited = os.environ.get(VARIABLE)
    if inherited is None or "matplotlib" in sys.modules:
        return
    del os.environ[VARIABLE]
    try:
        import matplotlib
    finally:
        os.environ[VARIABLE] = inherited
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = inherited


load()

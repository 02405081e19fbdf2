"""Load matplotlib whatever backend the environment names: every figure is drawn without a window, as SVG or PNG."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

VARIABLE = "MPLBACKEND"


def load() -> None:
    """Import matplotlib; a backend that it does not know is left aside, for none of them is used here.

    A Jupyter kernel hands its backend on to every program that it starts, also to one of another environment, and
    matplotlib refuses to be imported with a backend that is not installed. One that is there holds for the caller's
    own figures, as ever.
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

"""The compiled functions of scipy.special, without the rest of that package.

Importing scipy.special takes 0.1 s, a quarter of what a worker needs to start: it prepares for the arrays of other
packages. Its functions for arrays of numpy are in one compiled module, which `import_alone` allows to import alone.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "scipy.special"
COMPILED = f"{PACKAGE}._ufuncs"


_alone = False


def import_alone() -> None:
    """Let this process import the compiled module alone.

    For a moment an empty module stands for scipy.special; so only a process calls this in which no other thread
    imports scipy then: the command line, and workers.
    """
    global _alone
    _alone = True


@cache
def special_functions() -> Any:
    """Return the module with the compiled functions of scipy.special.

    Returns
    -------
    module
        With ``ndtr``, ``ndtri``, ``gammaincinv`` and so on: the same objects as in scipy.special.

    Examples
    --------
    >>> float(special_functions().ndtr(0.0))
    0.5
    """
    if PACKAGE in sys.modules or not _alone:
        return import_module(COMPILED)
    import scipy

    package = ModuleType(PACKAGE)
    package.__path__ = [str(Path(folder) / "special") for folder in scipy.__path__]
    sys.modules[PACKAGE] = package
    try:
        return import_module(COMPILED)
    except (ImportError, AttributeError):  # another version of scipy, whose module needs the package
        del sys.modules[PACKAGE]
        return import_module(PACKAGE)
    finally:
        if sys.modules.get(PACKAGE) is package:
            del sys.modules[PACKAGE]

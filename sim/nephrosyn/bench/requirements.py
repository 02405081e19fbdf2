"""Packages of the extra `bench` that must be installed."""

from __future__ import annotations

from nephrosyn.errors import BenchError

LONGEST = 200
"""Characters of a message that others wrote; the rest is cut off."""


PACKAGES = {"sklearn": "scikit-learn"}
"""Packages that are imported under another name."""


def need(*modules: str) -> None:
    """Refuse to go on without the packages of the extra.

    Parameters
    ----------
    *modules : str
        Import names.

    Raises
    ------
    BenchError
        With what to install.

    Examples
    --------
    >>> need("json")
    """
    from importlib.util import find_spec

    missing = [PACKAGES.get(name, name) for name in modules if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        names = " and ".join(missing)
        raise BenchError([f"this needs {names}, which {verb} not installed: pip install {' '.join(missing)}"])


def in_a_line(text: str) -> str:
    r"""Return a text as one line of printable characters, not too long.

    Parameters
    ----------
    text : str
        What a user's own program wrote.

    Examples
    --------
    >>> in_a_line("first\n  second \x1b[31m")
    'first second ?[31m'
    """
    line = " ".join(text.split())
    return "".join(one if one.isprintable() else "?" for one in line)[:LONGEST]

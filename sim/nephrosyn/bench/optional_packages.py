"""Checks for optional packages, and messages of other programs cut to one line."""

from __future__ import annotations

from nephrosyn.errors import BenchError

LONGEST = 200
"""Length at which messages of other programs are cut off, in characters."""
PACKAGES = {"sklearn": "scikit-learn"}
"""Packages whose import name differs from their name, by import name."""


def require(*modules: str) -> None:
    """Raise an error unless packages are installed.

    Parameters
    ----------
    *modules : str
        Import names.

    Raises
    ------
    BenchError
        If one is missing, with the command to install it.

    Examples
    --------
    >>> require("json")
    """
    from importlib.util import find_spec

    missing = [PACKAGES.get(name, name) for name in modules if find_spec(name) is None]
    if missing:
        be = "is" if len(missing) == 1 else "are"
        names = " and ".join(missing)
        raise BenchError([f"this needs {names}, which {be} not installed: pip install {' '.join(missing)}"])


def in_a_line(text: str) -> str:
    r"""Return a text as one line of at most `LONGEST` printable characters.

    Parameters
    ----------
    text : str
        Output of another program.

    Examples
    --------
    >>> in_a_line("first\n  second \x1b[31m")
    'first second ?[31m'
    """
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else "?" for character in line)[:LONGEST]

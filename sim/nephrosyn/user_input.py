"""Messages about user input: how names and values are written, nearest names, and limits of counts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from nephrosyn.errors import Problem
from nephrosyn.text_files import LINE_BREAKS, hidden, visible

LONGEST = 60
LONGEST_NAME = 200
"""Longer texts are not compared with valid names."""

MOST_PATIENTS = 100_000_000
"""Patients in each replicate."""
MOST_REPLICATES = 100_000
MOST_SEED = 2**63 - 1
MOST_WORKERS = 1024
MOST_PART_PATIENTS = 1_000_000
MOST_PARTS = 200_000


def nearest(name: str, names: Iterable[str], most: int = 3) -> str:
    """Return the valid names most similar to a given one, joined by commas; empty if none is similar.

    Examples
    --------
    >>> nearest("fgs", ["fsgs", "iga"])
    'fsgs'
    """
    if len(name) > LONGEST_NAME:
        return ""
    known = {valid.lower(): valid for valid in names}
    close = difflib.get_close_matches(name.lower(), known, n=most, cutoff=0.5)
    return ", ".join(known[key] for key in close)


def value_text(value: Any) -> str:
    """Describe a value of a file for a message.

    Examples
    --------
    >>> value_text("5 weeks")
    'the text "5 weeks"'
    >>> value_text([1, 2])
    'a list of 2'
    """
    if isinstance(value, str):
        short = value if len(value) <= LONGEST else value[: LONGEST - 3] + "..."
        return f'the text "{visible(short)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, Mapping):
        return f"a table of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def number_text(value: float) -> str:
    """Write a number without unneeded decimals, and no very long integer.

    Examples
    --------
    >>> number_text(5.0), number_text(0.125)
    ('5', '0.125')
    """
    if isinstance(value, int):
        return str(value) if abs(value) < 10**LONGEST else "a huge whole number"
    return format(value, ".12g")


def problem_of_hidden(path: Sequence[str], text: str, file: str = "") -> Problem:
    """Return the problem of a text that contains an invisible character."""
    first = hidden(text, keep=LINE_BREAKS) or hidden(text)
    return Problem(".".join(path), "text without control characters", f"{first} in {value_text(text)}", file=file)


def wrong_count(name: str, value: Any, least: int, most: int) -> list[str]:
    """Return what is wrong with an argument that must be a whole number within limits.

    Parameters
    ----------
    name : str
        Name of the argument or option.
    value : object
        Its value.
    least, most : int
        The limits.

    Returns
    -------
    list of str, length 0 or 1
        A message, if the value is not a whole number or is out of range.

    Examples
    --------
    >>> wrong_count("patients", 10**12, 1, MOST_PATIENTS)
    ['patients: expected a whole number from 1 to 100000000; found 1000000000000']
    >>> wrong_count("patients", 5, 1, MOST_PATIENTS)
    []
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and least <= int(value) <= most:
        return []
    return [
        f"{name}: expected a whole number from {number_text(least)} to {number_text(most)}; found {value_text(value)}"
    ]

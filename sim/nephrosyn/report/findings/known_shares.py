"""The shipped analysis: intervals of the refractory share with the uncertain numbers of every shipped scenario.

``make docs`` makes the table. An interval belongs to the values of a scenario and to the text of a definition set; the
size and the seed of a cohort do not matter.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

FILE = "known_shares.csv"
NOT_CONTENT = ("title", "description", "patients", "replicates", "seed", "engine", "criteria", "calendar", "sources")
"""Keys of a scenario on which the expected share does not depend."""
DIGITS = 16


class KnownShare(NamedTuple):
    """One row of the table: a scenario, definition set and view.

    Attributes
    ----------
    scenario : str
        Name of the scenario.
    digest : str
        From `content_digest`.
    criteria, criteria_digest : str
        Name of the definition set, and the start of the SHA-256 of its text.
    view : str
        ``observed`` or ``complete``.
    draws, patients : int
        Number of draws, and of patients in each.
    low, high : float
        95% uncertainty interval of the share (fractions).
    """

    scenario: str
    digest: str
    criteria: str
    criteria_digest: str
    view: str
    draws: int
    patients: int
    low: float
    high: float


def content_digest(scenario: Mapping[str, Any]) -> str:
    """Return a digest of what the expected share of a scenario depends on: its values and how well they are known.

    Parameters
    ----------
    scenario : mapping
        Plain values of a complete scenario.

    Returns
    -------
    str, 16 hexadecimal digits
        Start of the SHA-256 of the canonical JSON.

    Examples
    --------
    >>> small, large = ({"patients": n, "chart": {}} for n in (10, 20))
    >>> content_digest(small) == content_digest(large) != content_digest({"patients": 10})
    True
    """
    content = {key: value for key, value in scenario.items() if key not in NOT_CONTENT}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@cache
def shipped() -> tuple[KnownShare, ...]:
    """Return all rows of the table."""
    with (resources.files(__package__) / FILE).open(encoding="utf-8") as file:
        return tuple(_row(values) for values in csv.DictReader(file))


def _row(values: Mapping[str, str]) -> KnownShare:
    numbers = {"draws": int(values["draws"]), "patients": int(values["patients"])}
    ends = {"low": float(values["low"]), "high": float(values["high"])}
    return KnownShare(**{**values, **numbers, **ends})  # type: ignore[arg-type]


def find(scenario: Mapping[str, Any], criteria: str, criteria_sha256: str, view: str) -> KnownShare | None:
    """Return what the shipped analysis has for a scenario and a definition set; None if it has nothing.

    Parameters
    ----------
    scenario : mapping
        Plain values of a complete scenario.
    criteria, criteria_sha256 : str
        Name of the set, and the SHA-256 of its text.
    view : str
        The record.
    """
    key = (content_digest(scenario), criteria, criteria_sha256[:DIGITS], view)
    rows = ((row.digest, row.criteria, row.criteria_digest, row.view) for row in shipped())
    return next((row for row, found_key in zip(shipped(), rows, strict=True) if found_key == key), None)

"""What a lint rule finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """A rule that is broken.

    Attributes
    ----------
    rule : str
        Its id.
    case : str
        Id of the case; empty where the whole set is meant.
    text : str
        What is wrong.
    """

    rule: str
    case: str
    text: str

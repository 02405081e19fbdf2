"""Why a simulated value lies outside its published interval: one sentence for each such estimate, written by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CAUSES_FILE = "outside.toml"


@dataclass(frozen=True)
class Cause:
    """The part of the model to which a difference is attributed.

    Attributes
    ----------
    estimates : tuple of str
        Ids of the estimates that it explains.
    part : str
        The law, parameter or care of a setting.
    text : str
        What it does.
    """

    estimates: tuple[str, ...]
    part: str
    text: str


@cache
def causes() -> tuple[Cause, ...]:
    """Return all causes, in the order of the file."""
    text = files("nephrosyn.evidence.published").joinpath(CAUSES_FILE).read_text("utf-8")
    return tuple(
        Cause(tuple(entry["estimates"]), entry["part"], entry["text"]) for entry in tomllib.loads(text)["cause"]
    )


@cache
def cause_of() -> Mapping[str, Cause]:
    """Return the cause of each estimate that has one, by id.

    Examples
    --------
    >>> cause_of()["R01"].part
    'membranous nephropathy in setting-japan-all'
    """
    return {name: cause for cause in causes() for name in cause.estimates}

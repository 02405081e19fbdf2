"""Persons divided into parts for training and testing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import polars as pl

from nephrosyn.errors import ExportError

Split = tuple[tuple[str, float], ...]
EXPECTED = '--split: expected shares that sum to 1, as "train=0.7,tuning=0.1,held_out=0.2"'
SLACK = 1e-9


def parse_split(text: str) -> Split:
    """Read the shares of a split.

    Raises
    ------
    ExportError
        If they are not names with shares that sum to 1.

    Examples
    --------
    >>> parse_split("train=0.8, held_out=0.2")
    (('train', 0.8), ('held_out', 0.2))
    """
    shares = []
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        try:
            share = float(value)
        except ValueError:
            raise ExportError(f"{EXPECTED}; found {part.strip()!r}") from None
        if not name or not 0.0 < share <= 1.0:
            raise ExportError(f"{EXPECTED}; found {part.strip()!r}")
        shares.append((name, share))
    if len({name for name, _ in shares}) < len(shares):
        raise ExportError(f"--split: expected a different name for each share; found {text!r}")
    if not math.isclose(sum(share for _, share in shares), 1.0):
        raise ExportError(f"{EXPECTED}; found {text!r}")
    return tuple(shares)


def refuse_split(split: Split, format: str) -> None:
    """Refuse a split in a format that has no place for it.

    Raises
    ------
    ExportError
        If there is a split.

    Examples
    --------
    >>> refuse_split((), "FHIR")
    """
    if split:
        raise ExportError(f"--split: expected none, as {format} has no place for it; found {split[0][0]} ...")


def split_of(person_ids: Sequence[int] | pl.Series, split: Split, seed: int) -> pl.Series:
    """Return the part that each person belongs to.

    It depends on the number of the person and the seed of the run only: more persons or other shares of the later
    parts move nobody.

    Parameters
    ----------
    person_ids : sequence of int
        Numbers of the persons.
    split : tuple of (str, float)
        Names and shares.
    seed : int
        Seed of the run.

    Returns
    -------
    polars.Series of str
        One name for each person.

    Examples
    --------
    >>> split_of([1, 2, 3], (("train", 1.0),), seed=1).to_list()
    ['train', 'train', 'train']
    """
    bounds, total = [], 0.0
    for name, share in split:
        total += share
        bounds.append((name, total))
    last = split[-1][0]
    names = []
    for person in person_ids:
        digest = hashlib.blake2b(f"{seed} {person}".encode(), digest_size=8).digest()
        place = int.from_bytes(digest, "big") / 2**64
        names.append(next((name for name, bound in bounds if place < bound - SLACK), last))
    return pl.Series("split", names, dtype=pl.String)

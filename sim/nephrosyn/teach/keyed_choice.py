"""Choices by a keyed hash: a pure function of what is chosen for, so that one case can be made again alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")
ID_LETTERS = 12


def number(*key: object) -> int:
    """Return 64 bits that depend on every part of the key, and on nothing else.

    Examples
    --------
    >>> number("a", 1) == number("a", 1), number("a", 1) == number("a1")
    (True, False)
    """
    text = "\x1f".join(str(part) for part in key)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def choose(things: Sequence[Thing], *key: object) -> Thing:
    """Return one of some things."""
    return things[number(*key) % len(things)]


def shuffled(things: Iterable[Thing], *key: object) -> list[Thing]:
    """Return things in an order that depends on the key and on where each stood."""
    placed = list(enumerate(things))
    return [thing for _, thing in sorted(placed, key=lambda place_and_thing: number(*key, place_and_thing[0]))]


def blinded(*key: object) -> str:
    """Return an id that tells nothing of what it was made from.

    Examples
    --------
    >>> len(blinded(1, "single", 0, 17))
    13
    """
    text = "\x1f".join(str(part) for part in key)
    return "c" + hashlib.blake2b(text.encode(), digest_size=16, key=b"nephrosyn case").hexdigest()[:ID_LETTERS]

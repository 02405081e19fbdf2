"""Choices by a keyed hash: a pure function of the key, so that a single case can be built again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
ID_LETTERS = 12


def number(*key: object) -> int:
    """Return an integer of 64 bits that depends on every part of the key and on nothing else.

    Examples
    --------
    >>> number("a", 1) == number("a", 1), number("a", 1) == number("a1")
    (True, False)
    """
    text = "\x1f".join(str(part) for part in key)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def choose(elements: Sequence[T], *key: object) -> T:
    """Return one element of a sequence."""
    return elements[number(*key) % len(elements)]


def shuffled(elements: Iterable[T], *key: object) -> list[T]:
    """Return elements in an order that depends on the key and on their positions only."""
    order = sorted(enumerate(elements), key=lambda placed: number(*key, placed[0]))
    return [element for _, element in order]


def blinded(*key: object) -> str:
    """Return an id that gives away nothing about its key.

    Examples
    --------
    >>> len(blinded(1, "single", 0, 17))
    13
    """
    text = "\x1f".join(str(part) for part in key)
    return "c" + hashlib.blake2b(text.encode(), digest_size=16, key=b"nephrosyn case").hexdigest()[:ID_LETTERS]

"""Small damage to files, by a seeded generator: to their bytes, or to the tree they hold."""

from __future__ import annotations

import copy
import json
import math
import sys
from random import Random
from typing import Any

FOREIGN = [
    "",
    "x",
    "\u202e",
    "\x1b[2J",
    "é中🙂",
    "a" * 5000,
    "nan",
    "1e999",
    "../../x",
    "\u0000",
    "NaN",
    "📦" * 300,
    "-1",
    " ",
]
NUMBERS = [
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**63),
    10**30,
    10**400,
    0.5,
    -0.0,
    1e300,
    -1e300,
    5e-324,
    math.inf,
    -math.inf,
    math.nan,
]
OTHERS: list[Any] = [*FOREIGN, *NUMBERS, True, False, [], {}, [[]], [{}], {"dist": "norm"}, [1, "a"], {"a": {"b": 1}}]


def bytes_of(random: Random, content: bytes) -> bytes:
    """Return a content with some bytes flipped, cut off, left out, repeated or put in."""
    kind = random.randrange(6)
    place = random.randrange(len(content) + 1)
    if kind == 0:
        changed = bytearray(content)
        for _ in range(random.choice([1, 1, 1, 4, 30])):
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        return bytes(changed)
    if kind == 1:
        return content[:place]
    length = random.choice([1, 1, 8, 200])
    if kind == 2:
        return content[:place] + content[place + length :]
    if kind == 3:
        return content[:place] + content[place : place + length] * random.choice([2, 50]) + content[place + length :]
    if kind == 4:
        return content[:place] + random.randbytes(length) + content[place:]
    return content[:place] + random.choice(FOREIGN).encode() + content[place:]


def tree_of(random: Random, tree: Any, *, nulls: bool) -> Any:
    """Return a tree with one to three places dropped, renamed, added to, wrapped, swapped or of another kind."""
    tree = copy.deepcopy(tree)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        places = list(_places(tree))
        if not places:
            return tree
        holder, key = random.choice(places)
        _change(random, holder, key, places, nulls=nulls)
    return tree


def _places(node: Any) -> Any:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(inner):
        yield node, key
        yield from _places(value)


def _change(random: Random, holder: Any, key: Any, places: Any, *, nulls: bool) -> None:
    value = holder[key]
    kind = random.randrange(9)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[random.choice([f"{key}x", key[:-1], key.upper(), *FOREIGN])] = holder.pop(key)
    elif kind == 2:
        for _ in range(random.choice([1, 3, 40, 200])):
            value = random.choice([[value], {"a": value}])
        holder[key] = value
    elif kind == 3:
        other, place = random.choice(places)
        holder[key] = copy.deepcopy(other[place]) if _holds(other, place) else None if nulls else 0
    elif kind == 4 and isinstance(value, list) and len(value) < 100:
        holder[key] = value * random.choice([2, 300])
    elif kind == 5 and isinstance(value, int | float) and not isinstance(value, bool):
        holder[key] = random.choice([-value, value * 1e9, value / 1e9, value + 1, *NUMBERS])
    elif kind == 6 and isinstance(value, str):
        holder[key] = value + random.choice(FOREIGN)
    elif kind == 7 and nulls:
        holder[key] = None
    else:
        holder[key] = copy.deepcopy(random.choice(OTHERS))


def _holds(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def toml(value: Any) -> str:
    """Return a tree as TOML, everything below the first keys inline; however deep the tree is."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        return _toml(value, True)
    finally:
        sys.setrecursionlimit(limit)


def _toml(value: Any, top: bool) -> str:
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)} = {_toml(inner, False)}" for key, inner in value.items()]
        return "\n".join(pairs) + "\n" if top else "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one, False) for one in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value)

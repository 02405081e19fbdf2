"""Scenarios as plain trees: dotted paths, leaves, and merging.

A *path* is a tuple of keys; an index in a list is a key too (``("taper", "0", "weeks")``). A *leaf* is a plain value, a
list of plain values, or a distribution (a table with the key ``dist``). A leaf has one source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nephrosyn.toml_files import merge_tables

Path = tuple[str, ...]

META_KEYS = ("extends", "sources", "uncertainty")
"""Keys of a scenario file that are not values of the model."""
MISSING = object()
SCALARS = (str, int, float, bool)
"""Types of plain values. They are looked for first: asking whether something is a mapping takes ten times as long."""


def dotted(path: Path) -> str:
    """Write a path with dots.

    Examples
    --------
    >>> dotted(("care", "taper", "0"))
    'care.taper.0'
    """
    return ".".join(path)


def split(key: str) -> Path:
    """Read a dotted key as a path.

    Examples
    --------
    >>> split("care.taper.0")
    ('care', 'taper', '0')
    """
    return tuple(part.strip() for part in key.split("."))


def get(tree: Any, path: Path) -> Any:
    """Return the value at a path, or ``MISSING``."""
    here = tree
    for key in path:
        if isinstance(here, dict | Mapping):
            here = here.get(key, MISSING)
        elif isinstance(here, list | tuple) and _is_place(key, here):
            here = here[int(key)]
        else:
            return MISSING
    return here


def _is_place(key: str, values: Sequence[Any]) -> bool:
    return key.isdecimal() and len(key) <= len(str(len(values))) and int(key) < len(values)


def is_distribution(value: Any) -> bool:
    """Whether a value is a table with the key ``dist``."""
    return not isinstance(value, SCALARS) and isinstance(value, Mapping) and "dist" in value


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_numeric(leaf: Any) -> bool:
    """Whether a leaf contains a number, and so needs a source."""
    if isinstance(leaf, list | tuple):
        return any(is_number(value) for value in leaf)
    return is_number(leaf) or is_distribution(leaf)


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every leaf with its path, in file order.

    Examples
    --------
    >>> list(leaves({"a": {"b": 1, "c": [1, 2]}, "d": [{"e": 2}]}))
    [(('a', 'b'), 1), (('a', 'c'), [1, 2]), (('d', '0', 'e'), 2)]
    """
    if isinstance(tree, SCALARS):  # first, as most values are
        yield path, tree
    elif isinstance(tree, Mapping) and not is_distribution(tree):
        for key, value in tree.items():
            if path or key not in META_KEYS:
                yield from leaves(value, (*path, key))
    elif isinstance(tree, list | tuple) and any(isinstance(value, Mapping) for value in tree):
        for place, value in enumerate(tree):
            yield from leaves(value, (*path, str(place)))
    else:
        yield path, tree


def merged(below: Any, above: Any) -> Any:
    """Lay one tree over another. Lists, and distributions that name their ``dist``, are replaced as a whole.

    Examples
    --------
    >>> merged({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4}})
    {'a': 1, 'b': {'c': 4, 'd': 3}}
    """
    return merge_tables(below, above, lambda below, above: is_distribution(above))


def with_value(tree: Any, path: Path, value: Any) -> Any:
    """Return a tree in which the value at a path is replaced, or merged if both are tables.

    Parameters
    ----------
    tree : table or list
        Not changed.
    path : tuple of str
        All but its last key must exist.
    value : object
        A plain value, or a table.

    Raises
    ------
    KeyError
        If the path leads through something that does not exist or is not a table.
    """
    if not path:
        return merged(tree, value)
    key, rest = path[0], path[1:]
    if isinstance(tree, Mapping) and (key in tree or not rest):
        return {**tree, key: with_value(tree.get(key), rest, value)}
    if isinstance(tree, list) and get(tree, (key,)) is not MISSING:
        place = int(key)
        return [*tree[:place], with_value(tree[place], rest, value), *tree[place + 1 :]]
    raise KeyError(key)


def unit_of_change(tree: Any, path: Path) -> Path:
    """Return the path of the outermost list that contains a leaf, or the path of the leaf."""
    for length in range(1, len(path)):
        if isinstance(get(tree, path[:length]), list | tuple):
            return path[:length]
    return path

"""Differences between the inputs of two scenarios, as few cells as there are: what a setting of the page changes."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nephrosyn.explore.model_inputs import encoded

CELL_BYTES = 8
"""Cells are compared and stored in units of so many bytes."""
Change = dict[str, Any]
"""``at``, keys from the top; and ``cells``, offset in bytes and bytes in base64, or ``value``."""


def differences(before: Any, after: Any, at: tuple[str, ...] = ()) -> Iterator[Change]:
    """Yield what turns one tree of inputs into another.

    Parameters
    ----------
    before, after : dict, tuple, int, float, str or ndarray
        Trees of the same form; arrays may have other shapes.
    at : tuple of str
        Keys of the trees from the top.

    Yields
    ------
    dict
        `at`, and `cells` of an array of the same shape, or else the `value` as the inputs write it.

    Examples
    --------
    >>> list(differences({"a": 1.0, "b": (2, 3)}, {"a": 1.0, "b": (2, 4)}))
    [{'at': ['b', '1'], 'value': '4'}]
    """
    if isinstance(before, Mapping):
        for key, value in before.items():
            yield from differences(value, after[key], (*at, key))
    elif isinstance(before, tuple):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*at, str(place)))
    elif isinstance(before, np.ndarray):
        yield from _of_arrays(before, np.asarray(after), at)
    elif before != after:
        yield {"at": list(at), "value": encoded(after) if not isinstance(after, str) else after}


def cells_of(changes: Sequence[Change]) -> set[tuple[str, ...]]:
    """Return the cells that some changes write, each as its keys and number; a whole value as its keys."""
    cells: set[tuple[str, ...]] = set()
    for change in changes:
        at = tuple(change["at"])
        if "cells" not in change:
            cells.add(at)
            continue
        for offset, text in change["cells"]:
            count = len(base64.b64decode(text)) // CELL_BYTES
            cells.update((*at, str(offset // CELL_BYTES + k)) for k in range(count))
    return cells


def overlap(first: set[tuple[str, ...]], second: set[tuple[str, ...]]) -> bool:
    """Whether two sets of cells share one, or one has a whole value of which the other has a cell.

    Examples
    --------
    >>> overlap({("chart",)}, {("chart", "rows", "3")}), overlap({("chart", "2")}, {("chart", "3")})
    (True, False)
    """
    return bool(_with_what_holds(first) & second or _with_what_holds(second) & first)


def _with_what_holds(cells: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return cells and all values that one of them is a part of."""
    return {cell[:length] for cell in cells for length in range(1, len(cell) + 1)}


def _of_arrays(before: np.ndarray, after: np.ndarray, at: tuple[str, ...]) -> Iterator[Change]:
    if before.shape != after.shape or before.nbytes % CELL_BYTES:
        if before.shape != after.shape or before.tobytes() != after.tobytes():
            yield {"at": list(at), "value": encoded(after)}
        return
    old, new = (np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint64) for array in (before, after))
    places = np.flatnonzero(old != new)
    if not len(places):
        return
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    cells = [[int(run[0]) * CELL_BYTES, base64.b64encode(new[run].tobytes()).decode()] for run in runs]
    yield {"at": list(at), "cells": cells}

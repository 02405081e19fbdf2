"""The order of the rows of a table: by patient, and by time within a patient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.compile import entry, inline


@entry
def in_order(a, b, c, d, e):
    """Whether rows are sorted by five keys."""
    for j in range(1, len(a)):
        i = j - 1
        if a[i] != a[j]:
            if a[i] > a[j]:
                return False
        elif b[i] != b[j]:
            if b[i] > b[j]:
                return False
        elif c[i] != c[j]:
            if c[i] > c[j]:
                return False
        elif d[i] != d[j]:
            if d[i] > d[j]:
                return False
        elif e[i] > e[j]:
            return False
    return True


def sorted_rows(keys: list[NDArray[Any]], selected: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the selected rows, sorted by five keys; missing numbers come last.

    Parameters
    ----------
    keys : list of ndarray, shape (rows,)
        Replicate, patient, and three more.
    selected : ndarray of bool, shape (rows,)
        Which rows are selected.

    Returns
    -------
    ndarray of int64, shape (selected rows,)
        Their places; rows with equal keys stay in their order.

    Examples
    --------
    >>> day = np.array([5, 2, 9], np.int32)
    >>> who = np.zeros(3, np.int32)
    >>> sorted_rows([who, who, day, day, day], np.array([True, True, False]))
    array([1, 0])
    """
    rows = np.empty(int(np.count_nonzero(selected)), np.int64)
    if not sort_within_patients(*keys, selected, rows):
        rows = np.flatnonzero(selected)
        rows = rows.take(np.lexsort([key.take(rows) for key in keys[::-1]]))
    return rows


@entry
def sort_within_patients(replicate, patient, a, b, c, selected, rows):
    """Write the selected rows, those of each patient sorted by three keys.

    Returns
    -------
    bool
        False if the patients are not in order; then nothing useful is written.
    """
    first = n = 0
    for i in range(len(selected)):
        if i > 0 and (replicate[i] != replicate[i - 1] or patient[i] != patient[i - 1]):
            if replicate[i] < replicate[i - 1] or (replicate[i] == replicate[i - 1] and patient[i] < patient[i - 1]):
                return False
            first = n
        if selected[i]:
            k = n
            while k > first and comes_before(a, b, c, i, rows[k - 1]):  # most rows are in order
                rows[k] = rows[k - 1]
                k -= 1
            rows[k] = i
            n += 1
    return True


@inline
def comes_before(a, b, c, i, j):
    """Whether row i comes before row j by three keys."""
    if a[i] != a[j] and (a[i] == a[i] or a[j] == a[j]):
        return is_less(a[i], a[j])
    if b[i] != b[j] and (b[i] == b[i] or b[j] == b[j]):
        return is_less(b[i], b[j])
    return is_less(c[i], c[j])


@inline
def is_less(first, second):
    """Whether a number is less than another; a missing one is greater than all."""
    return first < second or (first == first and second != second)

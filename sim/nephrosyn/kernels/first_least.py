"""The place of the least of some numbers, found without branches.

A processor compares several numbers at once, but numba's code would compare them one after another: each comparison
waits for the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FirstLeast:
    """A function of a row and its length; numba compiles it to comparisons of several numbers at once."""

    def __call__(self, row: NDArray[np.float64], length: int) -> int:
        """Return the index of the least of the first numbers of a row; of equal ones the lowest index."""
        return int(np.argmin(row[:length]))

    @property
    def _numba_type_(self) -> Any:
        from nephrosyn.kernels.numba_first_least import first_least_type

        return first_least_type()


first_least = FirstLeast()
"""Index of the least number of a row whose length is a constant, a power of two up to 64; none may be NaN."""

"""One perturbation at one severity: its numbers and its keyed draws."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn.bench.perturbations.constants import Perturbation
from nephrosyn.bench.perturbations.indexed_rows import Rows
from nephrosyn.kernels.random_streams import lanes_at

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

ANALYTES_PER_VISIT = 8
_SHORT = 6


@cache
def purpose(*names: str) -> int:
    """Return the purpose of a draw from the name of the perturbation and of the draw: far above any of the course."""
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return (1 << 48) | int.from_bytes(digest[:_SHORT], "big")


@dataclass(frozen=True)
class Level:
    """What a perturbation needs to know beside the record.

    Attributes
    ----------
    of : Perturbation
        Which.
    severity : int
        From 1 to 5.
    seed, replicate : int
        Address of its draws. They do not depend on severity: what grows is the part of them that counts.
    definition : DefinitionSet or None
        The set that gave the reference labels, where it is known.
    """

    of: Perturbation
    severity: int
    seed: int
    replicate: int
    definition: DefinitionSet | None = None

    def __getitem__(self, name: str) -> Any:
        """A number of the table of constants at this severity."""
        return self.of.constants[name].values[self.severity - 1]

    def uniform(self, what: str, rows: Rows, place: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """Draw for each row of a table.

        Parameters
        ----------
        what : str
            Name of the draw.
        rows : Rows
            The table.
        place : ndarray, shape (rows,), optional
            Which draw of the patient; the number of the row without it. Rows with the same one share their draw.

        Returns
        -------
        ndarray of float64, shape (rows,)
            Uniform on (0, 1).
        """
        places = rows.number if place is None else place.astype(np.int64)
        return np.asarray(lanes_at(self.seed, self.replicate, purpose(self.of.name, what), rows.who, places))

    def person(self, what: str, rows: Rows) -> NDArray[np.float64]:
        """Draw once for each patient; shape (rows,)."""
        return self.uniform(what, rows, np.zeros(len(rows)))

    def result(self, what: str, readings: Rows) -> NDArray[np.float64]:
        """Draw once for each analyte of each visit; shape (rows,)."""
        return self.uniform(what, readings, readings["visit"] * ANALYTES_PER_VISIT + readings["analyte"])

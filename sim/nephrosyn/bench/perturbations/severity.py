"""One perturbation at one severity: its constants and its random draws."""

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
    """Return the stream purpose of a draw, from the names of perturbation and draw; never one that the engine uses."""
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return (1 << 48) | int.from_bytes(digest[:_SHORT], "big")


@dataclass(frozen=True)
class Level:
    """Constants and random draws of one perturbation at one severity.

    Attributes
    ----------
    of : Perturbation
        The perturbation.
    severity : int
        1 to 5.
    seed, replicate : int
        Key of the draws. These do not depend on severity; only the thresholds that they are compared with do.
    definition : DefinitionSet or None
        The set that gave the reference labels, if known.
    """

    of: Perturbation
    severity: int
    seed: int
    replicate: int
    definition: DefinitionSet | None = None

    def __getitem__(self, name: str) -> Any:
        """A constant at this severity."""
        return self.of.constants[name].values[self.severity - 1]

    def uniform(self, what: str, rows: Rows, place: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """Draw a uniform number for each row of a table.

        Parameters
        ----------
        what : str
            Name of the draw.
        rows : Rows
            The table.
        place : ndarray, shape (rows,), optional
            Index of the draw within the patient, by default the number of the row. Rows with the same index share their
            draw.

        Returns
        -------
        ndarray of float64, shape (rows,)
            Uniform on (0, 1).
        """
        places = rows.number if place is None else place.astype(np.int64)
        return np.asarray(lanes_at(self.seed, self.replicate, purpose(self.of.name, what), rows.patient_key, places))

    def per_patient(self, what: str, rows: Rows) -> NDArray[np.float64]:
        """Draw once per patient; shape (rows,)."""
        return self.uniform(what, rows, np.zeros(len(rows)))

    def per_result(self, what: str, readings: Rows) -> NDArray[np.float64]:
        """Draw once per visit and analyte; shape (rows,)."""
        return self.uniform(what, readings, readings["visit"] * ANALYTES_PER_VISIT + readings["analyte"])

"""Delta debugging of a patient's change log: a minimal set of changes that flips a classifier's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from nephrosyn.bench.perturbations import Record, apply, prepare
from nephrosyn.bench.perturbations.indexed_rows import KEYS, Prepared
from nephrosyn.errors import PerturbationError

Answer = Callable[[Record], str]
GROUP = ["table", "row"]
"""Changes of one row are kept together: half of them would be a row that no perturbation makes."""
MOST_RECORDS = 300
"""Largest number of records tried for one flip; the changes left by then are returned."""


@dataclass(frozen=True)
class Cause:
    """Cause of a flip: why the answer about a patient differs after a perturbation.

    Attributes
    ----------
    before, after : str
        Answer on the unperturbed record and on the perturbed one.
    changes : polars.DataFrame
        Rows of the log that suffice for the answer `after` and of which none can be left out; empty where the answers
        are the same. Other such sets may exist. More than needed if the search ended at its limit.
    records_tried : int
        Number of records the classifier was asked about.
    """

    before: str
    after: str
    changes: pl.DataFrame
    records_tried: int

    @property
    def flipped(self) -> bool:
        """Whether the answers differ."""
        return self.before != self.after


class _Trial:
    """One patient's unperturbed record, to which subsets of the changes are applied."""

    def __init__(self, record: Prepared, groups: Sequence[pl.DataFrame], answer: Answer) -> None:
        self.record, self.groups, self.answer = record, groups, answer
        self.known: dict[tuple[int, ...], str] = {}

    def __call__(self, subset: Sequence[int]) -> str:
        """Return the answer with only a subset of the changes made; answers are cached."""
        key = tuple(sorted(subset))
        if key not in self.known:
            self.known[key] = self.answer(apply(self.record, self.rows(key)) if key else dict(self.record))
        return self.known[key]

    def rows(self, subset: Sequence[int]) -> pl.DataFrame:
        """Return the rows of the log that belong to a subset."""
        return pl.concat([self.groups[number] for number in subset])


def find_cause(
    record: Mapping[str, pl.DataFrame],
    log: pl.DataFrame,
    answer: Answer,
    *,
    patient: int,
    replicate: int = 0,
    most: int = MOST_RECORDS,
) -> Cause:
    """Find a minimal set of changes that flips the answer about a patient.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        The unperturbed record of any number of patients.
    log : polars.DataFrame
        Log of a perturbation of it.
    answer : callable
        A classifier: takes the record of one patient, returns its answer.
    patient, replicate : int
        The patient, and the replicate of the run.
    most : int
        Largest number of records to ask about.

    Returns
    -------
    Cause
        The answers and the changes.

    Raises
    ------
    PerturbationError
        If there is no such patient, or the perturbation left the patient out.

    References
    ----------
    Zeller A, Hildebrandt R. Simplifying and isolating failure-inducing input. IEEE Trans Softw Eng 2002;28:183.
    """
    of_patient = (pl.col("patient") == patient) & (pl.col("replicate") == replicate)
    clean = prepare({name: record[name].filter(of_patient) for name in KEYS if name in record})
    changes = log.filter(of_patient)
    if clean["patients"].is_empty():
        raise PerturbationError(f"there is no patient {patient} of replicate {replicate} in the record")
    if (changes["change"] == "left_out").any():
        raise PerturbationError(f"patient {patient} was left out of the cohort; there is no answer to explain")
    trial = _Trial(clean, changes.partition_by(GROUP, maintain_order=True), answer)
    everything = list(range(len(trial.groups)))
    before, after = trial([]), trial(everything)
    if before == after:
        return Cause(before, after, log.clear(), len(trial.known))
    minimal = _minimal(trial, everything, after, most)
    return Cause(before, after, trial.rows(minimal), len(trial.known))


def _minimal(trial: _Trial, changes: list[int], answer: str, most: int) -> list[int]:
    """Return a subset of the changes that suffices for an answer, and of which none can be left out.

    The changes are cut into ever smaller chunks: first each chunk is tried alone, then all but one chunk.
    """
    count = 2
    while len(changes) > 1 and len(trial.known) < most:
        chunks = _chunks(changes, count)
        rests = [[change for change in changes if change not in chunk] for chunk in chunks]
        candidates = (subset for subset in [*chunks, *rests] if len(subset) < len(changes))
        smaller = next((subset for subset in candidates if trial(subset) == answer), None)
        if smaller is not None:
            count = 2 if len(smaller) <= len(changes) // 2 else max(count - 1, 2)
            changes = smaller
        elif count >= len(changes):
            break
        else:
            count = min(2 * count, len(changes))
    return changes


def _chunks(changes: list[int], count: int) -> list[list[int]]:
    """Cut a list into chunks of nearly the same length."""
    edges = [len(changes) * k // count for k in range(count + 1)]
    return [changes[low:high] for low, high in pairwise(edges)]

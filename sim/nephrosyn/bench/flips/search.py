"""Which change of a record flips the answer: a patient's log, taken apart by halves until none can be spared."""

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
"""Changes of one row stand or fall together: half of them would be a row that nobody wrote."""
MOST_RECORDS = 300
"""Records a classifier is asked about to narrow down one flip; what is left then is told as it is."""


@dataclass(frozen=True)
class Cause:
    """Why an answer about one patient is another after a perturbation.

    Attributes
    ----------
    before, after : str
        Answer on the clean record and on the perturbed one.
    changes : polars.DataFrame
        Rows of the log that are enough for the answer `after`, and of which none can be spared; none where the answers
        are the same. There may be other such sets. Where the search took too long, more than are needed.
    asked : int
        How many records the classifier was asked about.
    """

    before: str
    after: str
    changes: pl.DataFrame
    asked: int

    @property
    def flipped(self) -> bool:
        """Whether the answers differ."""
        return self.before != self.after


class _Trial:
    """One patient's clean record, on which parts of the log are tried."""

    def __init__(self, record: Prepared, groups: Sequence[pl.DataFrame], answer: Answer) -> None:
        self.record, self.groups, self.answer = record, groups, answer
        self.known: dict[tuple[int, ...], str] = {}

    def __call__(self, chosen: Sequence[int]) -> str:
        """Return the answer with only some changes made; each choice is asked about once."""
        key = tuple(sorted(chosen))
        if key not in self.known:
            self.known[key] = self.answer(apply(self.record, self.rows(key)) if key else dict(self.record))
        return self.known[key]

    def rows(self, chosen: Sequence[int]) -> pl.DataFrame:
        """Return the rows of the log that were chosen."""
        return pl.concat([self.groups[one] for one in chosen])


def find_cause(
    record: Mapping[str, pl.DataFrame],
    log: pl.DataFrame,
    answer: Answer,
    *,
    patient: int,
    replicate: int = 0,
    most: int = MOST_RECORDS,
) -> Cause:
    """Find which changes flip the answer about a patient.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        The clean record of any number of patients.
    log : polars.DataFrame
        Of a perturbation of it.
    answer : callable
        A classifier: takes the record of one patient, returns its answer.
    patient, replicate : int
        Who; the replicate of the run.
    most : int
        The search ends when the classifier has been asked about so many records.

    Returns
    -------
    Cause
        The answers, and the changes that make the difference.

    Raises
    ------
    PerturbationError
        If there is no such patient, or the perturbation left the patient out.

    References
    ----------
    Zeller A, Hildebrandt R. Simplifying and isolating failure-inducing input. IEEE Trans Softw Eng 2002;28:183.
    """
    mine = (pl.col("patient") == patient) & (pl.col("replicate") == replicate)
    clean = prepare({name: record[name].filter(mine) for name in KEYS if name in record})
    changes = log.filter(mine)
    if clean["patients"].is_empty():
        raise PerturbationError(f"there is no patient {patient} of replicate {replicate} in the record")
    if (changes["change"] == "left_out").any():
        raise PerturbationError(f"patient {patient} was left out of the cohort; there is no answer to explain")
    trial = _Trial(clean, changes.partition_by(GROUP, maintain_order=True), answer)
    everything = list(range(len(trial.groups)))
    before, after = trial([]), trial(everything)
    if before == after:
        return Cause(before, after, log.clear(), len(trial.known))
    least = _least(trial, everything, after, most)
    return Cause(before, after, trial.rows(least), len(trial.known))


def _least(trial: _Trial, chosen: list[int], wanted: str, most: int) -> list[int]:
    """Return a part of the changes that is enough for an answer, and of which none can be spared.

    The part is tried in ever finer pieces: first whether one piece is enough, then whether one can be spared.
    """
    pieces = 2
    while len(chosen) > 1 and len(trial.known) < most:
        cut = _cut(chosen, pieces)
        rests = [[one for one in chosen if one not in piece] for piece in cut]
        smaller = next((part for part in [*cut, *rests] if len(part) < len(chosen) and trial(part) == wanted), None)
        if smaller is not None:
            pieces = 2 if len(smaller) <= len(chosen) // 2 else max(pieces - 1, 2)
            chosen = smaller
        elif pieces >= len(chosen):
            break
        else:
            pieces = min(2 * pieces, len(chosen))
    return chosen


def _cut(chosen: list[int], pieces: int) -> list[list[int]]:
    """Cut a list into pieces of nearly the same length."""
    edges = [len(chosen) * k // pieces for k in range(pieces + 1)]
    return [chosen[low:high] for low, high in pairwise(edges)]

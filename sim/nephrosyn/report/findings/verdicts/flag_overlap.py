"""Flags that patients have together, and agreement between the complete and the observed record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.report.findings.verdicts.refractory_share import of
from nephrosyn.statistics.proportions import Share, wilson
from nephrosyn.vocabulary import UNDETERMINED


@dataclass(frozen=True)
class Combination:
    """Patients with the same flags; those without any are split by whether every flag could be judged.

    Attributes
    ----------
    flags : frozenset of str
        Flags that are met. One that could not be judged counts as not met.
    patients : int
        Number of patients.
    determined : bool
        False for patients who meet no flag and have one that could not be judged: they are undetermined.
    """

    flags: frozenset[str]
    patients: int
    determined: bool = True


def combinations(
    labels: pl.DataFrame, criteria: str, view: str, flags: Sequence[str] = vocabulary.FLAGS
) -> list[Combination]:
    """Count patients by combination of flags, most frequent first; having no flag is a combination too.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    criteria, view : str
        Definition set and view.
    flags : sequence of str
        Flags that the set defines. Others are ignored, and leave nobody undetermined.

    Returns
    -------
    list of Combination
        The counts add up to the patients to whom the set may apply.
    """
    part = within(of(labels, criteria, view))
    determined = pl.any_horizontal(flags).is_not_null().alias("judged")
    rows = part.select(determined, pl.col(*flags).fill_null(value=False)).group_by("judged", *flags).len().iter_rows()
    combinations_of_flags = [
        Combination(frozenset(name for name, on in zip(flags, row[1:], strict=False) if on), int(row[-1]), bool(row[0]))
        for row in rows
    ]
    return most_frequent_first(combinations_of_flags, flags)


def most_frequent_first(combinations: Iterable[Combination], flags: Sequence[str]) -> list[Combination]:
    """Sort combinations of flags by patients; ties by the order of the flags, undetermined patients first."""

    def rank(combination: Combination) -> tuple[int, list[bool], bool]:
        missing = [name not in combination.flags for name in flags]
        return -combination.patients, missing, combination.determined

    return sorted(combinations, key=rank)


@dataclass(frozen=True)
class Agreement:
    """Agreement of the complete and the observed record of the same patients under one definition set.

    Attributes
    ----------
    criteria : str
        Definition set.
    counts : dict of (str, str) to int
        Patients by category in the complete and in the observed record, among those to whom the set may apply by both.
    same, same_refractory : Share
        Patients with the same category, and with the same answer to whether they are refractory.
    lost : int
        Patients with a category in the complete record who are undetermined in the observed one.
    outside : int
        Patients outside the set by either record.
    """

    criteria: str
    counts: dict[tuple[str, str], int]
    same: Share
    same_refractory: Share
    lost: int
    outside: int = 0

    def cell(self, complete: str, observed: str) -> int:
        """Return the number of patients in a pair of categories."""
        return self.counts.get((complete, observed), 0)


def agreement(labels: pl.DataFrame, criteria: str) -> Agreement | None:
    """Return how the two views of a definition set agree.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    criteria : str
        Definition set.

    Returns
    -------
    Agreement or None
        None if only one view was classified, or no patient is in the set by both.
    """
    part = labels.filter(pl.col("criteria") == criteria).select(
        *PATIENT_KEY, "view", "applies", "category", "refractory"
    )
    complete, observed = (within(part.filter(pl.col("view") == view)) for view in vocabulary.VIEWS)
    both = complete.join(observed, on=PATIENT_KEY, suffix="_observed")
    if not both.height:
        return None
    cells = both.group_by("category", "category_observed").len().iter_rows()
    counts = {(str(left), str(right)): int(n) for left, right, n in cells}
    same = sum(n for (left, right), n in counts.items() if left == right)
    lost = sum(n for (left, right), n in counts.items() if right == UNDETERMINED != left)
    equal = int(both["refractory"].eq_missing(both["refractory_observed"]).sum())
    outside = part.select(PATIENT_KEY).n_unique() - both.height
    return Agreement(criteria, counts, wilson(same, both.height), wilson(equal, both.height), lost, outside)

"""Who moves between categories when the definition set changes: the same patients under two sets, and under all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

import polars as pl

from nephrosyn import terms
from nephrosyn.report.agreement import Kappa, cohen, fleiss
from nephrosyn.report.statistics import ID, Share, wilson

UNDETERMINED = "undetermined"
NOT_JUDGED = {"category": UNDETERMINED, "refractory": None}
"""The answer of each kind that says that there is none."""
Counts = Mapping[tuple[Any, Any], int]


def in_order(names: Iterable[str]) -> list[str]:
    """Return categories in the order of the vocabulary, those who could not be judged last.

    Examples
    --------
    >>> in_order({"undetermined", "non_relapsing", "steroid_resistant"})
    ['steroid_resistant', 'non_relapsing', 'undetermined']
    """
    known = set(names)
    return [name for name in (*(n for n in terms.CATEGORIES if n != UNDETERMINED), UNDETERMINED) if name in known]


@dataclass(frozen=True)
class Flow:
    """Patients of one category under the first set and one under the second."""

    before: str
    after: str
    of_before: Share
    of_all: Share


@dataclass(frozen=True)
class Moves:
    """The same patients under two definition sets.

    Attributes
    ----------
    before, after : str
        The sets.
    categories : mapping of (str, str) to int
        Patients by category under the one and the other.
    verdicts : mapping of (bool or None, bool or None) to int
        Patients by whether they are refractory; None: could not be judged.
    """

    before: str
    after: str
    categories: Counts
    verdicts: Counts

    @property
    def patients(self) -> int:
        """Everybody."""
        return sum(self.categories.values())

    @property
    def names(self) -> list[str]:
        """Categories that anybody has under either set, in order."""
        return in_order(name for pair in self.categories for name in pair)

    @cached_property
    def flows(self) -> list[Flow]:
        """Every pair of categories that anybody has, in order of the vocabulary."""
        rows: Counter[str] = Counter()
        for (before, _), n in self.categories.items():
            rows[before] += n
        pairs = [(a, b) for a, b in product(self.names, self.names) if self.categories.get((a, b))]
        return [
            Flow(a, b, wilson(self.categories[a, b], rows[a]), wilson(self.categories[a, b], self.patients))
            for a, b in pairs
        ]

    @property
    def largest(self) -> list[Flow]:
        """The flows between different categories, largest first."""
        return sorted((flow for flow in self.flows if flow.before != flow.after), key=lambda f: -f.of_all.count)

    @property
    def moved(self) -> Share:
        """Who changes category."""
        return wilson(sum(n for (a, b), n in self.categories.items() if a != b), self.patients)

    @property
    def gained(self) -> int:
        """Who is refractory under the second set only; before, they were not, or could not be judged."""
        return sum(n for (a, b), n in self.verdicts.items() if b and not a)

    @property
    def lost(self) -> int:
        """Who is refractory under the first set only."""
        return sum(n for (a, b), n in self.verdicts.items() if a and not b)

    @cached_property
    def kappas(self) -> dict[tuple[str, str], Kappa]:
        """Cohen's kappa by what is asked (category, refractory) and of whom (all patients, judged by both)."""
        asked: dict[str, Counts] = {"category": self.categories, "refractory": self.verdicts}
        return {
            (what, who): cohen(counts if who == "all patients" else judged(counts, NOT_JUDGED[what]))
            for what, counts in asked.items()
            for who in ("all patients", "judged by both")
        }


def judged(counts: Mapping[tuple[Any, ...], int], missing: str | None) -> dict[tuple[Any, ...], int]:
    """Return the counts of patients about whom every answer was given."""
    return {answers: n for answers, n in counts.items() if missing not in answers}


def tally(frame: pl.DataFrame, columns: Sequence[str]) -> dict[Any, int]:
    """Return how many rows there are of each combination of values."""
    rows = frame.group_by(columns).len().sort([*columns]).iter_rows()
    return {tuple(row[:-1]): int(row[-1]) for row in rows}


def side_by_side(labels: pl.DataFrame, view: str, column: str) -> pl.DataFrame:
    """Return a column of the labels with a column for each definition set, a row for each patient all have judged."""
    parts = labels.filter(pl.col("view") == view).partition_by("criteria", maintain_order=True)
    found = parts[0].select(ID)
    for part in parts:
        found = found.join(part.select(*ID, pl.col(column).alias(str(part["criteria"][0]))), on=ID)
    return found.drop(ID)


def between(first: pl.DataFrame, second: pl.DataFrame, before: str, after: str) -> Moves:
    """Return who moves from the categories of one set to those of another.

    Parameters
    ----------
    first, second : polars.DataFrame
        Labels of the same patients by one definition set and view each.
    before, after : str
        What to call the sets.

    Returns
    -------
    Moves
        Counts of patients.
    """
    both = first.join(second, on=ID, suffix="_after")
    categories, verdicts = (tally(both, [column, f"{column}_after"]) for column in NOT_JUDGED)
    return Moves(before, after, categories, verdicts)


@dataclass(frozen=True)
class Sets:
    """All definition sets that judged a cohort, in one view.

    Attributes
    ----------
    names : list of str
        The sets, the first of the run first.
    fleiss : mapping of (str, str) to Kappa
        Fleiss' kappa of all sets by what is asked, and of whom.
    pairs : mapping of (str, str) to Moves
        Any two of them, in the order of `names`.
    """

    view: str
    names: list[str]
    fleiss: Mapping[tuple[str, str], Kappa]
    pairs: Mapping[tuple[str, str], Moves]

    def kappa(self, one: str, other: str, what: str) -> Kappa:
        """Return Cohen's kappa of two sets over all patients; it does not matter which is named first."""
        pair = (one, other) if (one, other) in self.pairs else (other, one)
        return self.pairs[pair].kappas[what, "all patients"]


def compare(labels: pl.DataFrame, view: str) -> Sets | None:
    """Return how the definition sets of a run agree, or None if fewer than two judged it.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    view : str
        Which record.

    Returns
    -------
    Sets or None
        Every pair, and all together.
    """
    names = labels.filter(pl.col("view") == view)["criteria"].unique(maintain_order=True).to_list()
    if len(names) < 2:
        return None
    wide = {what: side_by_side(labels, view, what) for what in NOT_JUDGED}
    patterns = {what: tally(frame, names) for what, frame in wide.items()}
    kappas = {}
    for what, counts in patterns.items():
        kappas[what, "all patients"] = fleiss(counts)
        kappas[what, "judged by all"] = fleiss(judged(counts, NOT_JUDGED[what]))
    pairs = {}
    for one, other in combinations(range(len(names)), 2):
        categories, verdicts = (_margin(patterns[what], one, other) for what in NOT_JUDGED)
        pairs[names[one], names[other]] = Moves(names[one], names[other], categories, verdicts)
    return Sets(view, names, kappas, pairs)


def _margin(patterns: Mapping[tuple[Any, ...], int], one: int, other: int) -> dict[tuple[Any, Any], int]:
    found: Counter[tuple[Any, Any]] = Counter()
    for answers, n in patterns.items():
        found[answers[one], answers[other]] += n
    return dict(found)

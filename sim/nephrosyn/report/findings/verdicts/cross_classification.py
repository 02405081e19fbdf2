"""Who moves between categories when the definition set changes: the same patients under two sets, and under all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, product
from typing import Any

import polars as pl

from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER, UNDETERMINED, within
from nephrosyn.report.findings.verdicts.refractory_share import ID
from nephrosyn.statistics.kappa import Kappa, cohen, fleiss
from nephrosyn.statistics.proportions import Share, wilson

NOT_JUDGED = {"category": UNDETERMINED, "refractory": None}
"""The answer of each kind that says that there is none."""
OUTSIDE = "outside the set"
"""In place of the answer of a set about somebody to whom it does not apply."""
EVERYBODY, JUDGED = "all in both sets", "judged by both"
EVERYBODY_OF_ALL, JUDGED_BY_ALL = "all in every set", "judged by all"
"""Of whom agreement is asked: everybody to whom the sets may apply, or who has an answer from each."""
NOBODY = "no patient is in {} sets"
Counts = Mapping[tuple[Any, Any], int]


def in_order(names: Iterable[str]) -> list[str]:
    """Return categories in the order in which they are shown, those who could not be judged last.

    Examples
    --------
    >>> in_order({"undetermined", "non_relapsing", "steroid_resistant"})
    ['steroid_resistant', 'non_relapsing', 'undetermined']
    """
    known = set(names)
    return [name for name in CATEGORY_ORDER if name in known]


@dataclass(frozen=True)
class Aside:
    """Patients left aside when two sets are compared: to whom only the first, only the second, or neither applies."""

    first_only: int = 0
    second_only: int = 0
    neither: int = 0

    @property
    def patients(self) -> int:
        """All of them."""
        return self.first_only + self.second_only + self.neither


@dataclass(frozen=True)
class Flow:
    """Patients of one category under the first set and one under the second."""

    before: str
    after: str
    of_before: Share
    of_all: Share


@dataclass(frozen=True)
class Moves:
    """The same patients under two definition sets: those to whom both may apply.

    Attributes
    ----------
    before, after : str
        The sets.
    categories : mapping of (str, str) to int
        Patients by category under the one and the other.
    verdicts : mapping of (bool or None, bool or None) to int
        Patients by whether they are refractory; None: could not be judged.
    aside : Aside
        Everybody else.
    """

    before: str
    after: str
    categories: Counts
    verdicts: Counts
    aside: Aside = field(default_factory=Aside)

    @property
    def patients(self) -> int:
        """Everybody to whom both sets may apply."""
        return sum(self.categories.values())

    @property
    def names(self) -> list[str]:
        """Categories that anybody has under either set, in order."""
        return in_order(name for pair in self.categories for name in pair)

    @cached_property
    def flows(self) -> list[Flow]:
        """Every pair of categories that anybody has, in the order in which categories are shown."""
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
    def refractory(self) -> tuple[Share, Share]:
        """Who is refractory under either set, both times among the patients to whom both may apply.

        Examples
        --------
        >>> before, after = Moves("a", "b", {("x", "x"): 4}, {(True, False): 3, (True, True): 1}).refractory
        >>> (before.count, before.total), (after.count, after.total)
        ((4, 4), (1, 4))
        """
        first, second = (sum(n for pair, n in self.verdicts.items() if pair[side]) for side in (0, 1))
        return wilson(first, self.patients), wilson(second, self.patients)

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
        """Cohen's kappa by what is asked (category, refractory) and of whom (all in both sets, judged by both)."""
        asked: dict[str, Counts] = {"category": self.categories, "refractory": self.verdicts}
        found = {}
        for what, counts in asked.items():
            found[what, EVERYBODY] = _told(cohen(counts), counts, "both")
            found[what, JUDGED] = _told(cohen(judged(counts, NOT_JUDGED[what])), counts, "both")
        return found


def _told(kappa: Kappa, counts: Mapping[Any, int], sets: str) -> Kappa:
    """Say so where the sets have no patient in common."""
    return kappa if sum(counts.values()) else replace(kappa, note=NOBODY.format(sets))


def judged(counts: Mapping[tuple[Any, ...], int], missing: str | None) -> dict[tuple[Any, ...], int]:
    """Return the counts of patients about whom every answer was given."""
    return {answers: n for answers, n in counts.items() if missing not in answers}


def tally(frame: pl.DataFrame, columns: Sequence[str]) -> dict[Any, int]:
    """Return how many rows there are of each combination of values."""
    rows = frame.group_by(columns).len().sort([*columns]).iter_rows()
    return {tuple(row[:-1]): int(row[-1]) for row in rows}


def patterns(labels: pl.DataFrame, view: str, column: str) -> dict[tuple[Any, ...], int]:
    """Return patients by what each definition set answers in a column of the labels, sets in the order of the labels.

    Where a set does not apply the answer is `OUTSIDE`.
    """
    parts = labels.filter(pl.col("view") == view).partition_by("criteria", maintain_order=True)
    wide = parts[0].select(ID)
    for n, part in enumerate(parts):
        answer, applies = pl.col(column).alias(f"answer {n}"), pl.col("applies").alias(f"applies {n}")
        wide = wide.join(part.select(*ID, answer, applies), on=ID)
    found: Counter[tuple[Any, ...]] = Counter()
    for row, n in tally(wide, wide.columns[len(ID) :]).items():
        answers = (OUTSIDE if row[place + 1] is False else row[place] for place in range(0, len(row), 2))
        found[tuple(answers)] += n
    return dict(found)


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
    both = within(first).join(within(second), on=ID, suffix="_after")
    categories, verdicts = (tally(both, [column, f"{column}_after"]) for column in NOT_JUDGED)
    one, other = within(first).height - both.height, within(second).height - both.height
    return Moves(before, after, categories, verdicts, Aside(one, other, first.height - both.height - one - other))


@dataclass(frozen=True)
class Sets:
    """All definition sets that judged a cohort, in one view.

    Attributes
    ----------
    patients : int
        Everybody judged by all sets, outside of them or not.
    names : list of str
        The sets, the first of the run first.
    fleiss : mapping of (str, str) to Kappa
        Fleiss' kappa of all sets by what is asked, and of whom.
    pairs : mapping of (str, str) to Moves
        Any two of them, in the order of `names`.
    """

    view: str
    patients: int
    names: list[str]
    fleiss: Mapping[tuple[str, str], Kappa]
    pairs: Mapping[tuple[str, str], Moves]

    def kappa(self, one: str, other: str, what: str) -> Kappa:
        """Return Cohen's kappa of two sets over all in both; it does not matter which is named first."""
        pair = (one, other) if (one, other) in self.pairs else (other, one)
        return self.pairs[pair].kappas[what, EVERYBODY]


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
    return compare_patterns({what: patterns(labels, view, what) for what in NOT_JUDGED}, names, view)


def compare_patterns(found: Mapping[str, Mapping[tuple[Any, ...], int]], names: list[str], view: str) -> Sets:
    """Return how definition sets agree, from what `patterns` counts of categories and of refractory or not."""
    kappas = {}
    for what, counts in found.items():
        inside = judged(counts, OUTSIDE)
        kappas[what, EVERYBODY_OF_ALL] = _told(fleiss(inside), inside, "all")
        kappas[what, JUDGED_BY_ALL] = _told(fleiss(judged(inside, NOT_JUDGED[what])), inside, "all")
    pairs = {}
    for one, other in combinations(range(len(names)), 2):
        categories, verdicts = (_margin(found[what], one, other) for what in NOT_JUDGED)
        both, answers = (judged(counts, OUTSIDE) for counts in (categories, verdicts))
        pairs[names[one], names[other]] = Moves(names[one], names[other], both, answers, _aside(categories))
    return Sets(view, sum(found["category"].values()), names, kappas, pairs)


def _margin(patterns: Mapping[tuple[Any, ...], int], one: int, other: int) -> dict[tuple[Any, Any], int]:
    found: Counter[tuple[Any, Any]] = Counter()
    for answers, n in patterns.items():
        found[answers[one], answers[other]] += n
    return dict(found)


def _aside(counts: Counts) -> Aside:
    """Count the patients to whom not both of two sets may apply."""
    found = Counter[tuple[bool, bool]]()
    for (before, after), n in counts.items():
        found[before == OUTSIDE, after == OUTSIDE] += n
    return Aside(found[False, True], found[True, False], found[True, True])

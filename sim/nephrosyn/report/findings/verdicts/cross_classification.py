"""Cross-classification of the same patients by two definition sets, and agreement of all sets of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, product
from typing import Any

import polars as pl

from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER, within
from nephrosyn.statistics.kappa import Kappa, cohen, fleiss
from nephrosyn.statistics.proportions import Share, wilson
from nephrosyn.vocabulary import UNDETERMINED

UNDETERMINED_ANSWERS = {"category": UNDETERMINED, "refractory": None}
"""By question (column of the labels), the answer of patients who could not be judged."""
OUTSIDE = "outside the set"
"""Answer of a set for patients to whom it does not apply."""
EVERYBODY, DETERMINED = "all in both sets", "judged by both"
EVERYBODY_OF_ALL, DETERMINED_BY_ALL = "all in every set", "judged by all"
"""Patients that agreement is computed from: all to whom the sets may apply, or those with an answer from each."""
NOBODY = "no patient is in {} sets"
Counts = Mapping[tuple[Any, Any], int]


def in_order(names: Iterable[str]) -> list[str]:
    """Return categories in display order, undetermined last.

    Examples
    --------
    >>> in_order({"undetermined", "non_relapsing", "steroid_resistant"})
    ['steroid_resistant', 'non_relapsing', 'undetermined']
    """
    known = set(names)
    return [name for name in CATEGORY_ORDER if name in known]


@dataclass(frozen=True)
class Excluded:
    """Patients excluded from a comparison of two sets: to whom only the first, only the second, or neither applies."""

    first_only: int = 0
    second_only: int = 0
    neither: int = 0

    @property
    def patients(self) -> int:
        """Number of excluded patients."""
        return self.first_only + self.second_only + self.neither


@dataclass(frozen=True)
class Flow:
    """Patients with one category under the first set and one under the second."""

    before: str
    after: str
    of_before: Share
    of_all: Share


@dataclass(frozen=True)
class Moves:
    """Changes of category between two definition sets, among the patients to whom both may apply.

    Attributes
    ----------
    before, after : str
        Names of the sets.
    categories : mapping of (str, str) to int
        Patients by category under the first and the second set.
    verdicts : mapping of (bool or None, bool or None) to int
        Patients by whether they are refractory under each set; None: could not be judged.
    excluded : Excluded
        Patients outside either set.
    """

    before: str
    after: str
    categories: Counts
    verdicts: Counts
    excluded: Excluded = field(default_factory=Excluded)

    @property
    def patients(self) -> int:
        """Number of patients to whom both sets may apply."""
        return sum(self.categories.values())

    @property
    def names(self) -> list[str]:
        """Categories that occur under either set, in display order."""
        return in_order(name for pair in self.categories for name in pair)

    @cached_property
    def flows(self) -> list[Flow]:
        """Every pair of categories that occurs, in display order."""
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
        """Changes of category, the most frequent first."""
        return sorted((flow for flow in self.flows if flow.before != flow.after), key=lambda f: -f.of_all.count)

    @property
    def moved(self) -> Share:
        """Patients who change category."""
        return wilson(sum(n for (a, b), n in self.categories.items() if a != b), self.patients)

    @property
    def refractory(self) -> tuple[Share, Share]:
        """Patients who are refractory under each set, among those to whom both may apply.

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
        """Patients refractory under the second set only; under the first they were not, or could not be judged."""
        return sum(n for (a, b), n in self.verdicts.items() if b and not a)

    @property
    def lost(self) -> int:
        """Patients refractory under the first set only."""
        return sum(n for (a, b), n in self.verdicts.items() if a and not b)

    @cached_property
    def kappas(self) -> dict[tuple[str, str], Kappa]:
        """Cohen's kappa by question (category, refractory) and patients (all in both sets, judged by both)."""
        questions: dict[str, Counts] = {"category": self.categories, "refractory": self.verdicts}
        kappas = {}
        for question, counts in questions.items():
            answered = without_answer(counts, UNDETERMINED_ANSWERS[question])
            kappas[question, EVERYBODY] = _note_if_empty(cohen(counts), counts, "both")
            kappas[question, DETERMINED] = _note_if_empty(cohen(answered), counts, "both")
        return kappas


def _note_if_empty(kappa: Kappa, counts: Mapping[Any, int], sets: str) -> Kappa:
    """Add a note to a kappa if the sets have no patient in common."""
    return kappa if sum(counts.values()) else replace(kappa, note=NOBODY.format(sets))


def without_answer(counts: Mapping[tuple[Any, ...], int], answer: str | None) -> dict[tuple[Any, ...], int]:
    """Return the counts of patients for whom no set gave a certain answer.

    Examples
    --------
    >>> without_answer({("yes", "no"): 3, ("yes", None): 2}, None)
    {('yes', 'no'): 3}
    """
    return {answers: n for answers, n in counts.items() if answer not in answers}


def tally(frame: pl.DataFrame, columns: Sequence[str]) -> dict[Any, int]:
    """Count the rows with each combination of values."""
    rows = frame.group_by(columns).len().sort([*columns]).iter_rows()
    return {tuple(row[:-1]): int(row[-1]) for row in rows}


def patterns(labels: pl.DataFrame, view: str, column: str) -> dict[tuple[Any, ...], int]:
    """Count patients by the answers of all definition sets in a column of the labels, in the order of the labels.

    The answer of a set that does not apply is `OUTSIDE`.
    """
    parts = labels.filter(pl.col("view") == view).partition_by("criteria", maintain_order=True)
    wide = parts[0].select(PATIENT_KEY)
    for n, part in enumerate(parts):
        answer, applies = pl.col(column).alias(f"answer {n}"), pl.col("applies").alias(f"applies {n}")
        wide = wide.join(part.select(*PATIENT_KEY, answer, applies), on=PATIENT_KEY)
    counts: Counter[tuple[Any, ...]] = Counter()
    for row, n in tally(wide, wide.columns[len(PATIENT_KEY) :]).items():
        answers = (OUTSIDE if row[place + 1] is False else row[place] for place in range(0, len(row), 2))
        counts[tuple(answers)] += n
    return dict(counts)


def between(first: pl.DataFrame, second: pl.DataFrame, before: str, after: str) -> Moves:
    """Return how patients change category between two definition sets.

    Parameters
    ----------
    first, second : polars.DataFrame
        Labels of the same patients, each by one definition set and view.
    before, after : str
        Names of the sets.

    Returns
    -------
    Moves
        Counts of patients.
    """
    both = within(first).join(within(second), on=PATIENT_KEY, suffix="_after")
    categories, verdicts = (tally(both, [column, f"{column}_after"]) for column in UNDETERMINED_ANSWERS)
    first_only, second_only = within(first).height - both.height, within(second).height - both.height
    neither = first.height - both.height - first_only - second_only
    return Moves(before, after, categories, verdicts, Excluded(first_only, second_only, neither))


@dataclass(frozen=True)
class Sets:
    """Agreement of all definition sets of a run, in one view.

    Attributes
    ----------
    view : str
        Record that was classified.
    patients : int
        Number of patients with labels of all sets, including those outside a set.
    names : list of str
        The sets in the order of the run.
    fleiss : mapping of (str, str) to Kappa
        Fleiss' kappa of all sets, by question and patients included.
    pairs : mapping of (str, str) to Moves
        Changes of category between any two sets, in the order of `names`.
    """

    view: str
    patients: int
    names: list[str]
    fleiss: Mapping[tuple[str, str], Kappa]
    pairs: Mapping[tuple[str, str], Moves]

    def kappa(self, first: str, second: str, what: str) -> Kappa:
        """Return Cohen's kappa of two sets among the patients in both, in either order of the sets."""
        pair = (first, second) if (first, second) in self.pairs else (second, first)
        return self.pairs[pair].kappas[what, EVERYBODY]


def compare(labels: pl.DataFrame, view: str) -> Sets | None:
    """Return the agreement of the definition sets of a run.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    view : str
        Record that was classified.

    Returns
    -------
    Sets or None
        Every pair, and all together; None if the run has fewer than two sets.
    """
    names = labels.filter(pl.col("view") == view)["criteria"].unique(maintain_order=True).to_list()
    if len(names) < 2:
        return None
    return compare_patterns({what: patterns(labels, view, what) for what in UNDETERMINED_ANSWERS}, names, view)


def compare_patterns(
    patterns_of_questions: Mapping[str, Mapping[tuple[Any, ...], int]], names: list[str], view: str
) -> Sets:
    """Return the agreement of definition sets, from the counts of `patterns` for each question."""
    kappas = {}
    for question, counts in patterns_of_questions.items():
        inside = without_answer(counts, OUTSIDE)
        answered = without_answer(inside, UNDETERMINED_ANSWERS[question])
        kappas[question, EVERYBODY_OF_ALL] = _note_if_empty(fleiss(inside), inside, "all")
        kappas[question, DETERMINED_BY_ALL] = _note_if_empty(fleiss(answered), inside, "all")
    pairs = {}
    for first, second in combinations(range(len(names)), 2):
        categories, verdicts = (_margin(patterns_of_questions[what], first, second) for what in UNDETERMINED_ANSWERS)
        both, answers = (without_answer(counts, OUTSIDE) for counts in (categories, verdicts))
        pair = (names[first], names[second])
        pairs[pair] = Moves(*pair, both, answers, _excluded(categories))
    return Sets(view, sum(patterns_of_questions["category"].values()), names, kappas, pairs)


def _margin(patterns: Mapping[tuple[Any, ...], int], first: int, second: int) -> dict[tuple[Any, Any], int]:
    pairs: Counter[tuple[Any, Any]] = Counter()
    for answers, n in patterns.items():
        pairs[answers[first], answers[second]] += n
    return dict(pairs)


def _excluded(counts: Counts) -> Excluded:
    """Count the patients outside at least one of two sets."""
    by_side = Counter[tuple[bool, bool]]()
    for (before, after), n in counts.items():
        by_side[before == OUTSIDE, after == OUTSIDE] += n
    return Excluded(by_side[False, True], by_side[True, False], by_side[True, True])

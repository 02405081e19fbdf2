"""Shares, intervals and counts of a judged cohort: frames in, small records out; nothing is drawn here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER, Defined, defined, within
from nephrosyn.statistics.between_replicates import Spread, spread
from nephrosyn.statistics.proportions import Share, wilson

ONE_THIRD = 1 / 3
MARGIN = 0.05
ID = ["replicate", "patient"]


@dataclass(frozen=True)
class Comparison:
    """A share held against a target: where its interval lies, and whether it fits inside the margin."""

    share: Share
    target: float = ONE_THIRD
    margin: float = MARGIN

    @property
    def distance(self) -> float:
        """Share minus target."""
        return self.share.share - self.target

    @property
    def position(self) -> Literal["above", "below", "around", "unknown"]:
        """Where the whole interval lies: above or below the target, or around it."""
        if math.isnan(self.share.share):
            return "unknown"
        if self.share.low > self.target:
            return "above"
        return "below" if self.share.high < self.target else "around"

    @property
    def inside(self) -> bool:
        """True if the whole interval lies within the margin of the target."""
        return self.share.low >= self.target - self.margin and self.share.high <= self.target + self.margin

    @property
    def outside(self) -> bool:
        """True if no part of the interval lies within the margin of the target."""
        return self.share.low > self.target + self.margin or self.share.high < self.target - self.margin

    @property
    def answers(self) -> tuple[str, bool, bool]:
        """Position, inside and outside together: all that is said of the share."""
        return self.position, self.inside, self.outside


@dataclass(frozen=True)
class Refractory:
    """Refractory under one definition set and one view: met, not met, could not be judged; and who is outside the set.

    All shares are among the patients to whom the set applies, or may: `outside` are the others, by age or lesion.
    """

    criteria: str
    view: str
    met: int
    unmet: int
    unknown: int
    kind_true: int = 0
    kind_false: int = 0
    replicates: Spread | None = None
    outside: int = 0

    @property
    def patients(self) -> int:
        """Everybody to whom the set may apply, judged or not."""
        return self.met + self.unmet + self.unknown

    @property
    def cohort(self) -> int:
        """Everybody, outside the set too."""
        return self.patients + self.outside

    @cached_property
    def share(self) -> Share:
        """Met among the patients of the set: who could not be judged counts as not shown to be refractory."""
        return wilson(self.met, self.patients)

    @cached_property
    def judged(self) -> Share:
        """Met among those who could be judged."""
        return wilson(self.met, self.met + self.unmet)

    @cached_property
    def unjudged(self) -> Share:
        """Could not be judged, among the patients of the set."""
        return wilson(self.unknown, self.patients)

    @cached_property
    def most(self) -> Share:
        """The share if everyone who could not be judged were refractory."""
        return wilson(self.met + self.unknown, self.patients)

    @property
    def comparison(self) -> Comparison:
        """The share among the patients of the set against one third."""
        return Comparison(self.share)

    @property
    def if_all_refractory(self) -> Comparison:
        """The comparison if everyone who could not be judged were refractory."""
        return Comparison(self.most)

    @property
    def hinges_on_unjudged(self) -> bool:
        """True if an answer, against one third or its margin, changes when those not judged count as refractory."""
        return self.comparison.answers != self.if_all_refractory.answers


def count_verdicts(flags: pl.Series) -> tuple[int, int, int]:
    """Return how many are true, false and null."""
    met = int(flags.sum() or 0)
    return met, len(flags) - flags.null_count() - met, flags.null_count()


def of(labels: pl.DataFrame, criteria: str, view: str) -> pl.DataFrame:
    """Return the labels of one definition set and one view."""
    return labels.filter(pl.col("criteria") == criteria, pl.col("view") == view)


def verdict(labels: pl.DataFrame, criteria: str, view: str) -> Refractory:
    """Return the refractory counts of labels that belong to one definition set and one view.

    Parameters
    ----------
    labels : polars.DataFrame
        Rows of ``labels`` of this set and view.
    criteria, view : str
        Their names.

    Returns
    -------
    Refractory
        Counts of patients. A replicate in which the set is for nobody has no share.
    """
    inside = within(labels)
    met, unmet, unknown = count_verdicts(inside["refractory"])
    kinds = inside.filter(pl.col("refractory"))["refractory_kind"]
    true, false, _ = count_verdicts(kinds)
    by_replicate = inside.group_by("replicate", maintain_order=True).agg(
        pl.col("refractory").fill_null(value=False).mean()
    )
    replicates = spread(by_replicate["refractory"].to_list())
    outside = labels.height - inside.height
    return Refractory(criteria, view, met, unmet, unknown, true, false, replicates, outside)


def refractory(labels: pl.DataFrame) -> list[Refractory]:
    """Return the refractory counts of every definition set and view, sets in the order of ``labels``."""
    sets = labels["criteria"].unique(maintain_order=True).to_list()
    found = []
    for criteria in sets:
        for view in reversed(vocabulary.VIEWS):
            part = of(labels, criteria, view)
            if part.height:
                found.append(verdict(part, criteria, view))
    return found


@dataclass(frozen=True)
class Category:
    """One category under one definition set and view: patients in it, and how many of them are refractory."""

    criteria: str
    view: str
    category: str
    share: Share
    refractory: int
    unjudged: int
    replicates: Spread | None


def categories(labels: pl.DataFrame, criteria: str, view: str, answers: Defined | None = None) -> list[Category]:
    """Return every category that a set can give, in the order of `eligibility.CATEGORY_ORDER`, empty ones too.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    criteria, view : str
        Definition set and view.
    answers : Defined, optional
        What the set can answer; told by the labels if not given.

    Returns
    -------
    list of Category
        Of the patients to whom the set may apply: their counts add up to all of these.
    """
    answers = answers or defined(labels.filter(pl.col("criteria") == criteria))
    part = within(of(labels, criteria, view))
    sizes = part.group_by("replicate", maintain_order=True).len()["len"].to_list()
    inside = part.group_by("category", "replicate").len()
    counts = {(name, replicate): n for name, replicate, n in inside.iter_rows()}
    replicates = part["replicate"].unique(maintain_order=True).to_list()
    verdicts = {
        name: (met, unknown)
        for name, met, unknown in part.group_by("category")
        .agg(pl.col("refractory").sum().alias("met"), pl.col("refractory").null_count().alias("unknown"))
        .iter_rows()
    }
    found = []
    given = part["category"].cast(pl.String).unique().to_list()
    for name in (name for name in CATEGORY_ORDER if name in (*answers.categories, *given)):
        each = [counts.get((name, replicate), 0) for replicate in replicates]
        met, unknown = verdicts.get(name, (0, 0))
        shares = [n / size for n, size in zip(each, sizes, strict=True)]
        found.append(
            Category(criteria, view, name, wilson(sum(each), part.height), int(met), int(unknown), spread(shares))
        )
    return found

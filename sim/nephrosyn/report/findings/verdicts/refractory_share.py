"""Refractory and category counts of a classified cohort, with shares and intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.beyond_chance import BeyondChance
from nephrosyn.report.findings.verdicts.eligibility import (
    CATEGORY_ORDER,
    FLAG_OF_CATEGORY,
    Defined,
    defined,
    within,
)
from nephrosyn.statistics.between_replicates import Spread, spread
from nephrosyn.statistics.proportions import Share, wilson

ONE_THIRD = 1 / 3
MARGIN = 0.05


@dataclass(frozen=True)
class Comparison:
    """A share compared with a target: where its interval lies, and whether it is inside the margin."""

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
    def conclusions(self) -> tuple[str, bool, bool]:
        """Position, inside and outside together: every conclusion about the share."""
        return self.position, self.inside, self.outside


@dataclass(frozen=True)
class Span:
    """95% uncertainty interval of a share: as it is, and if all undetermined patients were refractory."""

    low: float
    high: float
    most_low: float
    most_high: float


@dataclass(frozen=True)
class Refractory:
    """Refractory counts of one definition set and view.

    All shares are among the patients to whom the set applies or may apply.

    Attributes
    ----------
    criteria, view : str
        Definition set and view.
    met, unmet, unknown : int
        Patients who are refractory, who are not, and who could not be judged.
    kind_true, kind_false : int
        Refractory patients who are truly refractory, and pseudo-refractory, by the record.
    replicates : Spread or None
        Spread of the share between replicates; None for a single replicate.
    outside : int
        Patients outside the set, by age or lesion.
    treated, treated_met : int or None
        Patients whose response to steroid could be judged, because they were given an adequate course or responded
        before its end, and those of them who are refractory. None if the set does not define resistance.
    sparse : int or None
        Patients who could not be judged because the record is too sparse: the complete record of the same days decides.
        The others were followed or treated too shortly. None where the complete record was not classified.
    span : Span or None
        Uncertainty interval of the share, which conclusions about one third rest on; None for a run without draws.
    beyond : BeyondChance or None
        What is known beyond chance without a `span`.
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
    treated: int | None = None
    treated_met: int | None = None
    sparse: int | None = None
    span: Span | None = None
    beyond: BeyondChance | None = None

    @property
    def patients(self) -> int:
        """Number of patients to whom the set may apply."""
        return self.met + self.unmet + self.unknown

    @property
    def cohort(self) -> int:
        """Number of all patients, including those outside the set."""
        return self.patients + self.outside

    @cached_property
    def share(self) -> Share:
        """Refractory among all patients of the set; patients who could not be judged count as not refractory."""
        return wilson(self.met, self.patients)

    @cached_property
    def determined(self) -> Share:
        """Refractory among patients who could be judged."""
        return wilson(self.met, self.met + self.unmet)

    @cached_property
    def adequately_treated(self) -> Share | None:
        """Refractory among patients given an adequate course of steroid; None if the set does not define resistance."""
        if self.treated is None or self.treated_met is None:
            return None
        return wilson(self.treated_met, self.treated)

    @cached_property
    def undetermined(self) -> Share:
        """Patients who could not be judged, among all patients of the set."""
        return wilson(self.unknown, self.patients)

    @property
    def reasons(self) -> list[tuple[str, Share]]:
        """Why patients could not be judged, where that is known: the record is too short, or too sparse."""
        if self.sparse is None:
            return []
        parts = (("too short", self.unknown - self.sparse), ("too sparse", self.sparse))
        return [(reason, wilson(n, self.patients)) for reason, n in parts if n]

    @cached_property
    def most(self) -> Share:
        """The share if all patients who could not be judged were refractory."""
        return wilson(self.met + self.unknown, self.patients)

    @property
    def known(self) -> Share:
        """The share with its uncertainty interval if there are draws, else with its interval of chance."""
        return self.share if self.span is None else replace(self.share, low=self.span.low, high=self.span.high)

    @property
    def comparison(self) -> Comparison:
        """The share compared with one third."""
        return Comparison(self.known)

    @property
    def shipped_comparison(self) -> Comparison | None:
        """The comparison by the interval of the shipped analysis; None if there is none."""
        if self.beyond is None or self.beyond.status != "shipped":
            return None
        return Comparison(replace(self.share, low=self.beyond.low, high=self.beyond.high))

    @property
    def if_all_refractory(self) -> Comparison:
        """The comparison if all patients who could not be judged were refractory."""
        if self.span is None:
            return Comparison(self.most)
        return Comparison(replace(self.most, low=self.span.most_low, high=self.span.most_high))

    @property
    def hinges_on_undetermined(self) -> bool:
        """True if a conclusion about one third or its margin depends on the patients who could not be judged."""
        return self.comparison.conclusions != self.if_all_refractory.conclusions


def count_verdicts(flags: pl.Series) -> tuple[int, int, int]:
    """Count true, false and null values."""
    met = int(flags.sum() or 0)
    return met, len(flags) - flags.null_count() - met, flags.null_count()


def of(labels: pl.DataFrame, criteria: str, view: str) -> pl.DataFrame:
    """Return the labels of one definition set and one view."""
    return labels.filter(pl.col("criteria") == criteria, pl.col("view") == view)


def verdict(labels: pl.DataFrame, criteria: str, view: str, complete: pl.DataFrame | None = None) -> Refractory:
    """Return the refractory counts of labels that belong to one definition set and one view.

    Parameters
    ----------
    labels : polars.DataFrame
        Rows of ``labels`` of this set and view.
    criteria, view : str
        Their names.
    complete : polars.DataFrame, optional
        Rows of this set in the view ``complete``, to find why patients could not be judged.

    Returns
    -------
    Refractory
        Counts of patients. A replicate in which the set applies to nobody has no share.
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
    treated = inside.filter(pl.col("resistant").is_not_null())
    defines = treated.height > 0 or not inside.height
    return Refractory(
        criteria,
        view,
        met,
        unmet,
        unknown,
        true,
        false,
        replicates,
        outside,
        treated.height if defines else None,
        count_verdicts(treated["refractory"])[0] if defines else None,
        _too_sparse(inside, view, complete),
    )


def _too_sparse(inside: pl.DataFrame, view: str, complete: pl.DataFrame | None) -> int | None:
    """Return how many patients could not be judged although the complete record of the same days decides."""
    if view == "complete":
        return 0
    if complete is None or not complete.height:
        return None
    unknown = inside.filter(pl.col("refractory").is_null()).select(PATIENT_KEY)
    return unknown.join(complete.filter(pl.col("refractory").is_not_null()), on=PATIENT_KEY, how="semi").height


def refractory(labels: pl.DataFrame) -> list[Refractory]:
    """Return the refractory counts of every definition set and view, sets in the order of ``labels``."""
    sets = labels["criteria"].unique(maintain_order=True).to_list()
    verdicts = []
    for criteria in sets:
        complete = of(labels, criteria, "complete")
        for view in reversed(vocabulary.VIEWS):
            part = complete if view == "complete" else of(labels, criteria, view)
            if part.height:
                verdicts.append(verdict(part, criteria, view, complete))
    return verdicts


@dataclass(frozen=True)
class Category:
    """One category under one definition set and view.

    Attributes
    ----------
    criteria, view, category : str
        Definition set, view and category.
    share : Share
        Patients in the category.
    refractory, undetermined : int
        Those of them who are refractory, and who could not be judged.
    replicates : Spread or None
        Spread of the share between replicates; None for a single replicate.
    flag : Share or None
        Patients who meet the criteria of the category, also those whom an earlier category of the set takes; None for
        a category without criteria of its own.
    """

    criteria: str
    view: str
    category: str
    share: Share
    refractory: int
    undetermined: int
    replicates: Spread | None
    flag: Share | None = None


def categories(labels: pl.DataFrame, criteria: str, view: str, flags: Defined | None = None) -> list[Category]:
    """Return every category that a set can give, in display order, including empty ones.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    criteria, view : str
        Definition set and view.
    flags : Defined, optional
        Flags of the set; derived from the labels if not given.

    Returns
    -------
    list of Category
        The counts add up to the patients to whom the set may apply.
    """
    flags = flags or defined(labels.filter(pl.col("criteria") == criteria))
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
    rows = []
    given = part["category"].cast(pl.String).unique().to_list()
    for name in (name for name in CATEGORY_ORDER if name in (*flags.categories, *given)):
        by_replicate = [counts.get((name, replicate), 0) for replicate in replicates]
        met, unknown = verdicts.get(name, (0, 0))
        shares = [n / size for n, size in zip(by_replicate, sizes, strict=True)]
        share, flag = wilson(sum(by_replicate), part.height), _with_flag(part, name)
        rows.append(Category(criteria, view, name, share, int(met), int(unknown), spread(shares), flag))
    return rows


def _with_flag(labels: pl.DataFrame, category: str) -> Share | None:
    """Return the patients who meet the criteria of a category; None for a category without criteria of its own."""
    if category not in FLAG_OF_CATEGORY:
        return None
    return wilson(count_verdicts(labels[FLAG_OF_CATEGORY[category]])[0], labels.height)

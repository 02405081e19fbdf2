"""Truly or falsely refractory: what the record says, held against what the simulation knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report.findings.verdicts.refractory_share import ID
from nephrosyn.statistics.proportions import Share, wilson


@dataclass(frozen=True)
class Factor:
    """A provoking factor: refractory patients who have it at onset, and those of them the record calls falsely so."""

    name: str
    patients: int
    would_answer: int
    said: int


@dataclass(frozen=True)
class Falsely:
    """Refractory patients of one definition set and view, by what is true and by what the record says.

    Attributes
    ----------
    criteria, view : str
        Definition set and view.
    hit, missed, wrong, rest : int
        Steroid would have worked and the record says so, or does not; it would not and the record says it would, or
        does not.
    factors : list of Factor
        Each provoking factor that is there.
    """

    criteria: str
    view: str
    hit: int
    missed: int
    wrong: int
    rest: int
    factors: list[Factor]

    @cached_property
    def sensitivity(self) -> Share:
        """Said to be falsely refractory, of those in whom steroid would have worked."""
        return wilson(self.hit, self.hit + self.missed)

    @cached_property
    def precision(self) -> Share:
        """Steroid would have worked, of those said to be falsely refractory."""
        return wilson(self.hit, self.hit + self.wrong)


def find(tables: Mapping[str, pl.DataFrame], criteria: str) -> list[Falsely]:
    """Return truth against record under a definition set, observed record first.

    Steroid would have worked in a patient who has a provoking factor at onset and answers to steroid without it.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, with the truth.
    criteria : str
        Definition set.

    Returns
    -------
    list of Falsely
        One for each view; empty where the record calls nobody falsely refractory, or the truth knows no factor.
    """
    labels = tables["labels"].filter(criteria=criteria)
    return count(tables, criteria) if (~labels["refractory_kind"]).any() else []


def count(tables: Mapping[str, pl.DataFrame], criteria: str) -> list[Falsely]:
    """Return truth against record, also where the record calls nobody falsely refractory; see `find`."""
    traits, labels = tables["truth/traits"], tables["labels"].filter(criteria=criteria)
    names = [name for name in vocabulary.PROVOKING_FACTORS if name in traits.columns]
    if not names or "response" not in traits.columns:
        return []
    truth = traits.select(*ID, *names, answers=pl.col("response").cast(pl.String) != "none")
    truth = truth.with_columns(true=pl.any_horizontal(names) & pl.col("answers"))
    met = labels.filter("refractory").join(truth, on=ID)
    met = met.with_columns(said=(~pl.col("refractory_kind")).fill_null(value=False))
    return [_one(met.filter(view=view), criteria, view, names) for view in reversed(vocabulary.VIEWS)]


def _one(met: pl.DataFrame, criteria: str, view: str, names: list[str]) -> Falsely:
    cells = {(true, said): n for true, said, n in met.group_by("true", "said").len().iter_rows()}
    hit, missed, wrong, rest = (cells.get((true, said), 0) for true in (True, False) for said in (True, False))
    factors = []
    for name in names:
        rows = met.filter(pl.col(name))
        if rows.height:
            factors.append(Factor(name, rows.height, int(rows["answers"].sum()), int(rows["said"].sum())))
    return Falsely(criteria, view, hit, missed, wrong, rest, factors)

"""Pseudo-refractory patients: what the record shows, compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.statistics.proportions import Share, wilson


@dataclass(frozen=True)
class Factor:
    """A cause of apparent steroid resistance.

    Attributes
    ----------
    name : str
        One of `vocabulary.PROVOKING_FACTORS`.
    patients : int
        Refractory patients who have it at onset.
    would_answer : int
        Those of them whose disease responds to steroid.
    said : int
        Those of them who are pseudo-refractory by the record.
    """

    name: str
    patients: int
    would_answer: int
    said: int


@dataclass(frozen=True)
class PseudoRefractory:
    """Refractory patients of one definition set and view, by truth and by what the record shows.

    Attributes
    ----------
    criteria, view : str
        Definition set and view.
    hit, missed : int
        Pseudo-refractory in truth (steroid would have worked): shown by the record, or not.
    wrong, rest : int
        Truly refractory: pseudo-refractory by the record, or not.
    factors : list of Factor
        Each cause of apparent steroid resistance that occurs.
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
        """Pseudo-refractory by the record, of those in whom steroid would have worked."""
        return wilson(self.hit, self.hit + self.missed)

    @cached_property
    def precision(self) -> Share:
        """Steroid would have worked, of those pseudo-refractory by the record."""
        return wilson(self.hit, self.hit + self.wrong)


def find(tables: Mapping[str, pl.DataFrame], criteria: str) -> list[PseudoRefractory]:
    """Return truth against record under a definition set, observed record first.

    Steroid would have worked in a patient who has a cause of apparent resistance at onset and responds to steroid
    without it.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, with the truth.
    criteria : str
        Definition set.

    Returns
    -------
    list of PseudoRefractory
        One for each view; empty if the record shows no pseudo-refractory patient, or the truth has no such cause.
    """
    return shown(count(tables, criteria))


def shown(views: list[PseudoRefractory]) -> list[PseudoRefractory]:
    """Return the views of a cohort if the record shows any pseudo-refractory patient, else none."""
    return views if any(view.hit or view.wrong for view in views) else []


def count(tables: Mapping[str, pl.DataFrame], criteria: str) -> list[PseudoRefractory]:
    """Return truth against record, even if the record shows no pseudo-refractory patient; see `find`."""
    traits, labels = tables["truth/traits"], tables["labels"].filter(criteria=criteria)
    names = [name for name in vocabulary.PROVOKING_FACTORS if name in traits.columns]
    if not names or "response" not in traits.columns:
        return []
    truth = traits.select(*PATIENT_KEY, *names, answers=pl.col("response").cast(pl.String) != "none")
    truth = truth.with_columns(true=pl.any_horizontal(names) & pl.col("answers"))
    met = labels.filter("refractory").join(truth, on=PATIENT_KEY)
    met = met.with_columns(said=(~pl.col("refractory_kind")).fill_null(value=False))
    return [_of_view(met.filter(view=view), criteria, view, names) for view in reversed(vocabulary.VIEWS)]


def _of_view(met: pl.DataFrame, criteria: str, view: str, names: list[str]) -> PseudoRefractory:
    cells = {(true, said): n for true, said, n in met.group_by("true", "said").len().iter_rows()}
    hit, missed, wrong, rest = (cells.get((true, said), 0) for true in (True, False) for said in (True, False))
    factors = []
    for name in names:
        rows = met.filter(pl.col(name))
        if rows.height:
            factors.append(Factor(name, rows.height, int(rows["answers"].sum()), int(rows["said"].sum())))
    return PseudoRefractory(criteria, view, hit, missed, wrong, rest, factors)

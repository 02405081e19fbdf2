"""The refractory share of several definition sets as follow-up grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report.findings.verdicts.refractory_share import ID, of, verdict
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Moment, by_first_met, first_patients

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

YEARS = (0.5, 1.0, 2.0, 5.0, 10.0)
JUDGINGS = 160_000
"""Patients times sets times days at most: about a second."""
FEWEST = 1000
NEARLY = 0.95
"""A round number of years later than this share of follow-up is left out beside its end."""


@dataclass(frozen=True)
class Growth:
    """The refractory share of each definition set as follow-up grows.

    Attributes
    ----------
    view : str
        Which record was judged.
    sets : mapping of str to FollowUp
        At the same days for every set.
    patients : int
        The first patients of the cohort, as many as were judged.
    """

    view: str
    sets: Mapping[str, FollowUp]
    patients: int

    @property
    def days(self) -> list[int]:
        """Days from onset."""
        return [moment.days for moment in next(iter(self.sets.values())).moments]


def times(follow_up_days: float) -> list[int]:
    """Return round years within follow-up, and its end, as days.

    Examples
    --------
    >>> times(730.5), times(100.0)
    ([183, 365, 730], [100])
    """
    end = int(follow_up_days)
    days = [round(year * vocabulary.DAYS_PER_YEAR) for year in YEARS]
    return [*[day for day in days if day < end * NEARLY], end]


def find(
    tables: Mapping[str, pl.DataFrame],
    labels: pl.DataFrame,
    sets: Mapping[str, DefinitionSet | None],
    view: str,
    days: Sequence[int],
) -> Growth:
    """Judge the record as it stood on each day, by every set.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        What is judged.
    labels : polars.DataFrame
        By these sets, at the end of follow-up.
    sets : mapping of str to DefinitionSet or None
        By the name they have in `labels`; None for one whose text is gone, and who had met it counts from the day it
        was first met.
    view : {"complete", "observed"}
        Which record.
    days : sequence of int
        Rising; at the last one the labels stand as they are.

    Returns
    -------
    Growth
        Of large cohorts, the first patients only: as many as can be judged so often in about a second.
    """
    most = max(FEWEST, JUDGINGS // max(1, len(sets) * (len(days) - 1)))
    part, patients = first_patients(tables, most)
    who = part["patients"].select(ID)
    found = {name: of(labels, name, view).join(who, on=ID, how="semi", maintain_order="left") for name in sets}
    return Growth(view, {name: _of_one(part, found[name], rules, days) for name, rules in sets.items()}, patients)


def _of_one(
    tables: Mapping[str, pl.DataFrame], labels: pl.DataFrame, rules: DefinitionSet | None, days: Sequence[int]
) -> FollowUp:
    from nephrosyn import criteria as judge

    if rules is None:
        return by_first_met(labels, days)
    name, view = str(labels["criteria"][0]), str(labels["view"][0])
    # The record has been judged: what cannot be was refused then, or left undetermined.
    earlier = [(day, judge.classify(tables, rules, view, until_days=day, keep_going=True)) for day in days[:-1]]
    moments = [Moment(day, verdict(found, name, view)) for day, found in [*earlier, (days[-1], labels)]]
    return FollowUp(moments, rejudged=True, patients=labels.height)

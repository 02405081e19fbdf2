"""The refractory share of several definition sets by length of follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.refractory_share import of, verdict
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, SharesAtTime, by_first_met, first_patients

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

YEARS = (0.5, 1.0, 2.0, 5.0, 10.0)
CLASSIFICATIONS = 160_000
"""Largest number of patients times sets times days: about one second."""
FEWEST = 1000
NEARLY = 0.95
"""Round years after this share of follow-up are left out, because its end is shown as well."""


@dataclass(frozen=True)
class SharesOverTime:
    """The refractory share of each definition set by length of follow-up.

    Attributes
    ----------
    view : str
        Record that was classified.
    sets : mapping of str to FollowUp
        Curve of each set, at the same days.
    patients : int
        Number of first patients of the cohort that were classified.
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


def most_patients(sets: int, days: Sequence[int]) -> int:
    """Return how many patients are classified by a number of sets at some days, in about one second.

    Examples
    --------
    >>> most_patients(3, [183, 365, 730])
    26666
    """
    return max(FEWEST, CLASSIFICATIONS // max(1, sets * (len(days) - 1)))


def find(
    tables: Mapping[str, pl.DataFrame],
    labels: pl.DataFrame,
    sets: Mapping[str, DefinitionSet | None],
    view: str,
    days: Sequence[int],
    most: int | None = None,
) -> SharesOverTime:
    """Classify the record as it was on each day, by every set.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables to classify.
    labels : polars.DataFrame
        Labels of these sets at the end of follow-up.
    sets : mapping of str to DefinitionSet or None
        By their name in `labels`; None for a set whose text is not available, which is counted from the day on which
        it was first met.
    view : {"complete", "observed"}
        Record to classify.
    days : sequence of int
        Ascending; at the last day the given labels are used.
    most : int, optional
        Largest number of patients to classify; `most_patients` by default.

    Returns
    -------
    SharesOverTime
        For large cohorts, of the first patients only: as many as can be classified in about one second.
    """
    part, patients = first_patients(tables, most_patients(len(sets), days) if most is None else most)
    who = part["patients"].select(PATIENT_KEY)
    labels_of_sets = {
        name: of(labels, name, view).join(who, on=PATIENT_KEY, how="semi", maintain_order="left") for name in sets
    }
    curves = {name: _of_set(part, labels_of_sets[name], rules, days) for name, rules in sets.items()}
    return SharesOverTime(view, curves, patients)


def _of_set(
    tables: Mapping[str, pl.DataFrame], labels: pl.DataFrame, rules: DefinitionSet | None, days: Sequence[int]
) -> FollowUp:
    from nephrosyn.criteria import classify

    if rules is None:
        return by_first_met(labels, days)
    name, view = str(labels["criteria"][0]), str(labels["view"][0])
    # The record has been classified before: records that cannot be were refused then, or left undetermined.
    earlier = [(day, classify(tables, rules, view, until_days=day, keep_going=True)) for day in days[:-1]]
    by_day = [*earlier, (days[-1], labels)]
    moments = [SharesAtTime(day, verdict(labels_of_day, name, view)) for day, labels_of_day in by_day]
    return FollowUp(moments, reclassified=True, patients=labels.height)

"""The refractory share by age band, by lesion, and by length of follow-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.eligibility import Defined, within
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory, categories, of, verdict
from nephrosyn.runs.folder.tables import TablesRead

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

MONTHS = (3, 6, 9, 12, 18, 24, 36, 48, 60, 84, 120)
RECLASSIFIED_PATIENTS = 20_000


@dataclass(frozen=True)
class Group:
    """A group of the cohort and its refractory counts; these are 0 if the whole group is outside the set."""

    name: str
    refractory: Refractory


def by_column(labels: pl.DataFrame, people: pl.DataFrame, column: str, order: Sequence[str]) -> list[Group]:
    """Return the refractory counts of each value of a column, in the given order; empty groups are left out.

    Parameters
    ----------
    labels : polars.DataFrame
        Labels of one definition set and one view.
    people : polars.DataFrame
        One row per patient with ``replicate, patient`` and the column.
    column : str
        A column of names; null is a group named ``""``, put last.
    order : sequence of str
        The names, in display order.

    Returns
    -------
    list of Group
        Groups with at least one patient.
    """
    criteria, view = names_of(labels)
    return [Group(name, verdict(part, criteria, view)) for name, part in parts_of(labels, people, column, order)]


def names_of(labels: pl.DataFrame) -> tuple[str, str]:
    """Return the definition set and the view that labels belong to; empty names if there are no labels."""
    criteria, view = (str(labels[name][0]) if labels.height else "" for name in ("criteria", "view"))
    return criteria, view


def parts_of(
    labels: pl.DataFrame, people: pl.DataFrame, column: str, order: Sequence[str]
) -> list[tuple[str, pl.DataFrame]]:
    """Return the labels of each value of a column of people, in the given order, null as ``""`` and last."""
    joined = labels.join(
        people.select(*PATIENT_KEY, pl.col(column).cast(pl.String).fill_null("").alias("group")), on=PATIENT_KEY
    )
    parts = {str(key[0]): part for key, part in joined.partition_by("group", as_dict=True).items()}
    names = [*order, *sorted(set(parts) - set(order) - {""}), ""]
    return [(name, parts[name]) for name in dict.fromkeys(names) if name in parts]


def categories_by_column(
    labels: pl.DataFrame, people: pl.DataFrame, column: str, order: Sequence[str], flags: Defined
) -> list[tuple[str, list[Category]]]:
    """Return the categories within each value of a column.

    The parameters are those of `by_column`, and the flags of the set.
    """
    criteria, view = names_of(labels)
    return [(name, categories(part, criteria, view, flags)) for name, part in parts_of(labels, people, column, order)]


@dataclass(frozen=True)
class SharesAtTime:
    """The refractory counts at a length of follow-up."""

    days: int
    refractory: Refractory


@dataclass(frozen=True)
class FollowUp:
    """The refractory share by length of follow-up.

    Attributes
    ----------
    moments : list of SharesAtTime
        Counts at each time.
    reclassified : bool
        True if the record was cut off and classified again at each time, False if counted from the day first met.
    patients : int
        Number of patients, including those outside the set.
    """

    moments: list[SharesAtTime]
    reclassified: bool
    patients: int

    @property
    def outside(self) -> int:
        """Number of patients outside the set at the end of follow-up."""
        return self.moments[-1].refractory.outside


def times(follow_up_days: float, most: int = 6) -> list[int]:
    """Return at most ``most`` days at which to classify: round months within follow-up, and its end.

    Parameters
    ----------
    follow_up_days : float
        Length of follow-up.
    most : int
        Largest number of days.

    Returns
    -------
    list of int
        Days from onset, ascending; the last one is the end of follow-up.

    Examples
    --------
    >>> [round(days / vocabulary.DAYS_PER_MONTH) for days in times(730.5)]
    [3, 6, 9, 12, 18, 24]
    """
    end = int(follow_up_days)
    months = [days for days in (round(month * vocabulary.DAYS_PER_MONTH) for month in MONTHS) if days < end * 0.95]
    while len(months) > most - 1:
        months.pop(-2 if len(months) % 2 else 0)
    return [*months, end]


def definition(
    criteria: str, requested: Iterable[str], stored: Mapping[str, Mapping[str, str]]
) -> DefinitionSet | None:
    """Return the definition set of a name: as stored in the run, else by name or path; None if not available."""
    from nephrosyn.criteria import CriteriaError, load, parse

    if criteria in stored:
        return parse(stored[criteria]["text"], criteria)
    for name in (*requested, criteria):
        try:
            loaded = load(name)
        except CriteriaError:  # the file was moved after the run: its labels stay valid, but it cannot be applied again
            continue
        if loaded.name == criteria:
            return loaded
    return None


def reclassify(
    tables: Mapping[str, pl.DataFrame],
    rules: DefinitionSet,
    view: str,
    days: Sequence[int],
    criteria: str,
    most: int = RECLASSIFIED_PATIENTS,
) -> FollowUp:
    """Classify the record as it was on each day.

    Of large cohorts only the first ``RECLASSIFIED_PATIENTS`` patients are used: the curve is read by eye, and its
    interval shows the loss of precision.
    """
    from nephrosyn.criteria import classify

    part, patients = first_patients(tables, most)
    moments = []
    for day in days:
        # The record has been classified before: records that cannot be were refused then, or left undetermined.
        labels = classify(part, rules, view, until_days=day, keep_going=True)
        moments.append(SharesAtTime(day, verdict(labels, criteria, view)))
    return FollowUp(moments, reclassified=True, patients=patients)


def first_patients(tables: Mapping[str, pl.DataFrame], most: int) -> tuple[Mapping[str, pl.DataFrame], int]:
    """Return the tables of the first patients, each read once, and the number of these patients."""
    people = tables["patients"]
    if people.height <= most:
        return TablesRead(tables, tables.__getitem__), people.height
    first = people.select(PATIENT_KEY).head(most)

    def of_the_first(table: str) -> pl.DataFrame:
        return tables[table].join(first, on=PATIENT_KEY, how="semi", maintain_order="left")

    return TablesRead(tables, of_the_first), most


def by_first_met(labels: pl.DataFrame, days: Sequence[int]) -> FollowUp:
    """Return the refractory counts at each day, from the day on which the definition was first met.

    Parameters
    ----------
    labels : polars.DataFrame
        Labels of one definition set and one view.
    days : sequence of int
        Days from onset.

    Returns
    -------
    FollowUp
        Without patients who could not be judged at that time: this would need a new classification.
    """
    criteria, view = (str(labels[name][0]) for name in ("criteria", "view"))
    inside, moments = within(labels), []
    outside = labels.height - inside.height
    for day in days:
        by_then = pl.col("refractory") & (pl.col("first_met_days") <= day).fill_null(value=False)
        met = int(inside.select(by_then.fill_null(value=False).sum()).item())
        moments.append(SharesAtTime(day, Refractory(criteria, view, met, inside.height - met, 0, outside=outside)))
    return FollowUp(moments, reclassified=False, patients=labels.height)


def follow_up(
    tables: Mapping[str, pl.DataFrame],
    criteria: str,
    view: str,
    follow_up_days: float,
    rules: DefinitionSet | None,
    most: int = RECLASSIFIED_PATIENTS,
) -> FollowUp | None:
    """Return the refractory share by length of follow-up: classified again if possible, else by the day first met.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, or of a part of it.
    criteria, view : str
        Definition set and view.
    follow_up_days : float, days
        Planned follow-up.
    rules : DefinitionSet or None
        The definition set, if its text is available.
    most : int
        Largest number of patients to classify again.

    Returns
    -------
    FollowUp or None
        Counts at several days up to the end of follow-up; None if nobody is to be classified.
    """
    days = times(follow_up_days)
    if rules is None:
        return by_first_met(of(tables["labels"], criteria, view), days)
    return reclassify(tables, rules, view, days, criteria, most) if most > 0 else None


def lesion_groups(tables: Mapping[str, pl.DataFrame], labels: pl.DataFrame) -> dict[str, list[Group]]:
    """Return the groups by true lesion and by lesion found at biopsy; the first is empty without the truth."""
    traits: Any = tables.get("truth/traits")
    known = traits is not None and "lesion" in traits.columns
    return {
        "true": by_column(labels, traits, "lesion", vocabulary.LESIONS) if known else [],
        "biopsy": by_column(labels, tables["patients"], "lesion", vocabulary.LESIONS),
    }

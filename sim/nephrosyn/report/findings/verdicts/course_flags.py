"""Courses that a definition set names without a category for them, such as late response or secondary resistance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from nephrosyn.report.findings.verdicts.eligibility import Defined, within
from nephrosyn.report.findings.verdicts.refractory_share import count_verdicts, of
from nephrosyn.statistics.proportions import Share, wilson


@dataclass(frozen=True)
class CourseCount:
    """A course that a definition set names.

    Attributes
    ----------
    criteria : str
        Definition set.
    flag : str
        One of `vocabulary.COURSE_FLAGS`.
    share : Share
        Patients with this course, among those to whom the set may apply.
    unknown : int
        Patients for whom it could not be judged.
    """

    criteria: str
    flag: str
    share: Share
    unknown: int


def find(labels: pl.DataFrame, defined: Mapping[str, Defined], view: str) -> list[CourseCount]:
    """Return every course that a definition set names, in one view.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    defined : mapping of str to Defined
        Flags and courses of each set.
    view : {"complete", "observed"}
        Record that was classified.

    Returns
    -------
    list of CourseCount
        Set by set; none for sets that name no course or apply to nobody.
    """
    courses = []
    for criteria, answers in defined.items():
        part = within(of(labels, criteria, view))
        for flag in answers.course if part.height else ():
            met, _, unknown = count_verdicts(part[flag])
            courses.append(CourseCount(criteria, flag, wilson(met, part.height), unknown))
    return courses

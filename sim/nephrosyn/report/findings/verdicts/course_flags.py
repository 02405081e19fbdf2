"""Courses that a set names without making a category of them: late response, secondary resistance and the like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from nephrosyn.report.findings.verdicts.eligibility import Defined, within
from nephrosyn.report.findings.verdicts.refractory_share import count_verdicts, of
from nephrosyn.statistics.proportions import Share, wilson


@dataclass(frozen=True)
class Named:
    """A course that a definition set names.

    Attributes
    ----------
    criteria : str
        The set.
    flag : str
        One of `vocabulary.COURSE_FLAGS`.
    share : Share
        Who has it, among the patients to whom the set may apply.
    unknown : int
        Patients of whom it could not be judged.
    """

    criteria: str
    flag: str
    share: Share
    unknown: int


def find(labels: pl.DataFrame, defined: Mapping[str, Defined], view: str) -> list[Named]:
    """Return every course that any definition set names, by one view.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    defined : mapping of str to Defined
        What each set can answer.
    view : {"complete", "observed"}
        Which record was judged.

    Returns
    -------
    list of Named
        Set by set; none for sets that name no course, or are for nobody.
    """
    found = []
    for criteria, answers in defined.items():
        part = within(of(labels, criteria, view))
        for flag in answers.course if part.height else ():
            met, _, unknown = count_verdicts(part[flag])
            found.append(Named(criteria, flag, wilson(met, part.height), unknown))
    return found

"""One patient of a cohort, as its user holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import criteria
from nephrosyn.runs import relabel
from nephrosyn.runs.folder import RunFolderError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nephrosyn.criteria import Verdict


MAY_LACK = {
    "patients": {"lesion", "biopsy_days"},
    "visits": {"actual_days"},
    "truth/traits": {"spontaneous_days"},
    "truth/events": {"value"},
}
"""Columns in which a run leaves values out; labels aside, which have their own."""


def refuse_gaps(tables: Mapping[str, pl.DataFrame], where: str) -> None:
    """Refuse a patient's tables if values are missing where a run leaves none out.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        As they were read from a run.
    where : str
        The run, for the message.

    Raises
    ------
    RunFolderError
        With every such column.
    """
    gaps = [
        f"{table}.{column}"
        for table, frame in tables.items()
        if table != "labels"
        for column, count in frame.null_count().row(0, named=True).items()
        if count and column not in MAY_LACK.get(table, ())
    ]
    if gaps:
        raise RunFolderError(f"{where} is damaged: values are missing in {', '.join(gaps)}; make the run again")


@dataclass(frozen=True, repr=False)
class Patient:
    """One patient of a cohort, with all tables cut to this patient."""

    number: int
    replicate: int
    tables: dict[str, pl.DataFrame]
    manifest: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        """Who, in a line; the tables are many."""
        rows = sum(frame.height for frame in self.tables.values())
        return f"<Patient {self.number}, replicate {self.replicate}: {rows} rows in {len(self.tables)} tables>"

    def verdict(self, name: str | None = None, view: str = "observed") -> Verdict:
        """The verdict of a definition set, with its reasons."""
        chosen = relabel.definition(self.manifest, name)
        keep_going = bool(self.manifest.get("impossible_patients"))
        return criteria.verdict(self.tables, chosen, self.replicate, self.number, view, keep_going=keep_going)

    def verdicts(self, names: Sequence[str] | None = None, view: str = "observed") -> list[Verdict]:
        """The verdicts of several definition sets; of all by which the run was judged, unless some are named."""
        return [self.verdict(name, view) for name in names or self.manifest["sets"]]

    def plot(self) -> Figure:
        """The patient's timeline."""
        from nephrosyn.report.figures import patient_timeline

        return patient_timeline(self.tables, self.replicate, self.number)

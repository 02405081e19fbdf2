"""The formats of an export: what each does with a part of a run."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from nephrosyn.errors import ExportError, nearest
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.output import Output
from nephrosyn.interchange.record_part import ExportedRun, RecordPart

MODULES = {
    "meds": "nephrosyn.interchange.meds.write",
    "omop": "nephrosyn.interchange.omop.write",
    "omop-parquet": "nephrosyn.interchange.omop.write_parquet",
    "fhir": "nephrosyn.interchange.fhir.write",
}
"""Module of each format, imported when it is asked for; it has a class ``Format``."""


class Format(Protocol):
    """One format.

    A part is written by any worker, so that a format keeps nothing from one part to the next: row numbers come from
    `RecordPart.rows_before`. The bytes of a file depend on the run and the options only.

    Attributes
    ----------
    title : str
        Name with version, as in the file README.md of an export.
    """

    title: str

    def __init__(self, run: ExportedRun) -> None:
        """Check that the run fits the format; an ExportError says why not."""

    def write_part(self, part: RecordPart, output: Output) -> Counts:
        """Write the files of a part."""

    def finish(self, counts: Counts, output: Output) -> Counts:
        """Write the files that describe all parts, whose rows are counted; return rows written besides."""


def load_format(name: str) -> type[Format]:
    """Return a format by its name.

    Raises
    ------
    ExportError
        If there is none of this name.

    Examples
    --------
    >>> load_format("meds").title
    'MEDS 0.4'
    """
    if name not in MODULES:
        close = nearest(name, MODULES)
        meant = f"; did you mean {close}?" if close else ""
        raise ExportError(f"--to: expected one of {', '.join(MODULES)}; found {name!r}{meant}")
    format_: type[Format] = import_module(MODULES[name]).Format
    return format_

"""A record that was made elsewhere, as observed tables, and its classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import polars as pl

from nephrosyn import criteria, vocabulary
from nephrosyn.errors import OutsideRecordError, nearest
from nephrosyn.interchange.outside import plausible
from nephrosyn.record.schema import OBSERVED, PATIENT_KEY

MODULES = {"meds": "nephrosyn.interchange.meds.read", "omop": "nephrosyn.interchange.omop.read"}
"""Module of each format that can be read; it has a function ``read``."""
MOST_SHOWN = 5


@dataclass
class OutsideRecord:
    """Observed tables made from a record.

    Attributes
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables of `nephrosyn.record.schema`; day 0 of each patient is the onset.
    subjects : polars.DataFrame
        `subject_id` of the record with `replicate` and `patient` in the tables.
    notes : list of str
        What is missing or was assumed.
    """

    tables: Mapping[str, pl.DataFrame]
    subjects: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    def classify(self, names: str | Sequence[str], *, keep_going: bool = False) -> pl.DataFrame:
        """Classify the patients by definition sets, from the record as it is.

        Parameters
        ----------
        names : str or sequence of str
            Shipped sets or TOML files.
        keep_going : bool
            Leave patients with impossible values undetermined instead of raising an error.

        Returns
        -------
        polars.DataFrame
            Labels: `subject_id`, then the columns of the table ``labels`` without the numbers of nephrosyn.

        Raises
        ------
        CriteriaError
            If a set is unknown or invalid, or the record holds impossible values.
        """
        sets = [criteria.load(name) for name in ([names] if isinstance(names, str) else names)]
        labels = criteria.classify(self.tables, sets, "observed", keep_going=keep_going)
        joined = labels.join(self.subjects, on=PATIENT_KEY, how="left", maintain_order="left")
        return joined.select("subject_id", *[name for name in labels.columns if name not in PATIENT_KEY])


def read_record(from_: str, folder: str | Path) -> OutsideRecord:
    """Read a record that was made elsewhere.

    Parameters
    ----------
    from_ : {"meds", "omop"}
        Its format.
    folder : path
        Its folder.

    Returns
    -------
    OutsideRecord
        Observed tables, to be classified.

    Raises
    ------
    OutsideRecordError
        If the format is unknown, the folder holds none, or rows are impossible; each with its place.
    """
    if from_ not in MODULES:
        close = nearest(from_, MODULES)
        meant = f"; did you mean {close}?" if close else ""
        raise OutsideRecordError(f"--from: expected one of {', '.join(MODULES)}; found {from_!r}{meant}")
    record: OutsideRecord = import_module(MODULES[from_]).read(Path(folder))
    return record


def write_labels(labels: pl.DataFrame, file: Path) -> None:
    """Write labels to a new CSV file.

    Raises
    ------
    OutsideRecordError
        If the file exists or cannot be written.
    """
    try:
        with file.open("xb") as opened:
            labels.write_csv(opened)
    except FileExistsError:
        raise OutsideRecordError(f"{file} exists; choose another file with --out") from None
    except OSError as error:
        raise OutsideRecordError(f"cannot write {file}: {error.strerror}") from None


class Problems:
    """What is wrong with a record, each kind with the places of its rows.

    Examples
    --------
    >>> problems = Problems("the folder")
    >>> problems.add("a result of 0 or more", "-3 at row 7")
    >>> problems.refuse()
    Traceback (most recent call last):
        ...
    nephrosyn.errors.OutsideRecordError: the folder cannot be read:
      expected a result of 0 or more; found -3 at row 7
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._places: dict[str, list[str]] = {}

    def add(self, expected: str, *places: str) -> None:
        """Add rows that are not what is expected."""
        if places:
            self._places.setdefault(expected, []).extend(places)

    def refuse(self) -> None:
        """Raise an error if there is any problem.

        Raises
        ------
        OutsideRecordError
            With all problems; of each kind the first rows.
        """
        if not self._places:
            return
        lines = [f"{self._where} cannot be read:"]
        for expected, places in self._places.items():
            more = f"; and {len(places) - MOST_SHOWN} more" if len(places) > MOST_SHOWN else ""
            lines.append(f"  expected {expected}; found {'; '.join(places[:MOST_SHOWN])}{more}")
        raise OutsideRecordError("\n".join(lines))


def assembled(
    frames: Mapping[str, pl.DataFrame], subjects: pl.DataFrame, problems: Problems, notes: list[str], person: str
) -> OutsideRecord:
    """Return the record of observed tables, checked, with notes on what is missing or doubtful.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        The tables; columns that the record has not may be missing.
    subjects : polars.DataFrame
        `subject_id`, `replicate` and `patient`.
    problems : Problems
        What was found wrong so far.
    notes : list of str
        What was noted so far.
    person : str
        What the format calls one of the people: subject, person.

    Raises
    ------
    OutsideRecordError
        If anything is wrong, or the values of a kind cannot be in the unit that is given.
    """
    problems.refuse()
    tables = {name: typed(name, frame) for name, frame in frames.items()}
    values = plausible.values_of(tables["readings"], tables["doses"], subjects)
    for expected, said in plausible.wrong_medians(values):
        problems.add(expected, said)
    problems.refuse()
    notes = [*notes, *plausible.doubtful_values(values), *_less_than_minimum(tables, subjects, person)]
    return OutsideRecord(tables, subjects, notes)


def _less_than_minimum(tables: Mapping[str, pl.DataFrame], subjects: pl.DataFrame, person: str) -> list[str]:
    """Return notes on the people whose record is less than the documented minimum."""
    is_urine = pl.col("analyte").cast(pl.String).is_in(("upcr", "dipstick"))
    urine = pl.concat([tables["readings"].filter(is_urine)["patient"], tables["diary"]["patient"]]).unique()
    steroid = tables["doses"].filter(pl.col("drug").cast(pl.String) == vocabulary.STEROID)["patient"].unique()
    everyone = subjects["patient"]
    notes = []
    for what, having in (("urine protein/creatinine ratio or dipstick", urine), ("steroid dose", steroid)):
        lacking = everyone.filter(~everyone.is_in(having.implode())).len()
        if lacking:
            notes.append(f"{lacking:,} of {everyone.len():,} {person}s have no {what}")
    return notes


def typed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return an observed table with all its columns in their types; a column that the record has not is null."""
    return frame.select(
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in OBSERVED[name].items()
    )

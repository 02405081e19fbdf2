"""Tables as arrays for compiled code: the rows of each patient in order of time, whatever order they had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import vocabulary
from nephrosyn.criteria.record.row_order import in_order, sorted_rows
from nephrosyn.errors import CriteriaError, Problem
from nephrosyn.kernels.compile import entry
from nephrosyn.record.schema import PATIENT_KEY, SCHEMAS

if TYPE_CHECKING:
    Tables = Mapping[str, pl.DataFrame]

Ints = NDArray[Any]

NO_NAME = 255
"""Code of a missing name."""
KINETICS = (
    "albumin_catabolism_per_day",
    "albumin_loss_per_day_per_mg_per_mg",
    "albumin_loss_saturates_at_mg_per_mg",
)
NULLABLE = ("age_at_onset_years", "lesion", "value", "dosing_weight_kg", "mean_mg_per_day")
SOURCES = {
    "observed": ("patients", "readings", "diary", "doses", "conditions", "follow_up"),
    "complete": ("patients", "truth/proteinuria", "truth/doses", "truth/conditions", "truth/follow_up"),
}
"""Tables that each view is read from."""


class Layout(NamedTuple):
    """What is read of a table.

    Attributes
    ----------
    fields : dict of str to str
        Name in the record of each column read, and the column.
    keys : tuple of str
        Columns that order the rows of a patient.
    prefix : str
        Prefix of the fields of a table with any number of rows per patient; empty where each has one.
    """

    fields: dict[str, str]
    keys: tuple[str, ...] = ()
    prefix: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read, first those that order the rows."""
        return tuple(dict.fromkeys((*PATIENT_KEY, *self.keys, *self.fields.values())))


LAYOUTS = {
    "patients": Layout({"age": "age_at_onset_years", "lesion": "lesion"}),
    "follow_up": Layout({"end": "end_days", "reason": "reason"}, ("end_days",)),
    "traits": Layout({"albumin": "albumin_g_per_dl", **{column: column for column in KINETICS}}),
    "readings": Layout(
        {"reading_day": "taken_days", "reading_analyte": "analyte", "reading_value": "value"},
        ("taken_days",),
        "reading",
    ),
    "diary": Layout(
        {"diary_first": "first_days", "diary_last": "last_days", "diary_band": "grade"},
        ("first_days", "last_days", "grade"),
        "diary",
    ),
    "proteinuria": Layout(
        {
            "segment_start": "start_days",
            "segment_upcr": "upcr_start_mg_per_mg",
            "segment_slope": "log_slope_per_day",
            "segment_target": "upcr_target_mg_per_mg",
        },
        ("start_days",),
        "segment",
    ),
    "doses": Layout(
        {
            "dose_first": "first_days",
            "dose_last": "last_days",
            "dose_drug": "drug",
            "dose_schedule": "schedule",
            "dose_mean": "mean_mg_per_day",
            "dose_weight": "dosing_weight_kg",
        },
        ("first_days", "last_days", "mean_mg_per_day"),
        "dose",
    ),
    "conditions": Layout(
        {
            "condition_day": "noted_days",
            "condition_code": "condition",
            "condition_kind": "kind",
            "condition_action": "action",
        },
        ("noted_days",),
        "condition",
    ),
}


class Record(NamedTuple):
    """The record of all patients, the rows of each in order of time.

    The `bounds` arrays, shape (patients, 2), give each patient's first row and the row after the last. The observed
    record has readings and diary; the complete one has the segments of the true path of proteinuria, the albumin of
    each person in health (g/dL) and its kinetics: breakdown per day, loss per day and mg/mg, and the ratio beyond which
    the loss grows no more.
    """

    age: NDArray[np.float64]
    lesion: NDArray[np.uint8]
    end: NDArray[np.int32]
    dead: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    albumin: NDArray[np.float64]
    kinetics: NDArray[np.float64]
    reading_bounds: NDArray[np.int64]
    reading_day: NDArray[np.int32]
    reading_analyte: NDArray[np.uint8]
    reading_value: NDArray[np.float64]
    diary_bounds: NDArray[np.int64]
    diary_first: NDArray[np.int32]
    diary_last: NDArray[np.int32]
    diary_band: NDArray[np.uint8]
    segment_bounds: NDArray[np.int64]
    segment_start: NDArray[np.float64]
    segment_upcr: NDArray[np.float64]
    segment_slope: NDArray[np.float64]
    segment_target: NDArray[np.float64]
    dose_bounds: NDArray[np.int64]
    dose_first: NDArray[np.int32]
    dose_last: NDArray[np.int32]
    dose_drug: NDArray[np.uint8]
    dose_schedule: NDArray[np.uint8]
    dose_mean: NDArray[np.float64]
    dose_weight: NDArray[np.float64]
    condition_bounds: NDArray[np.int64]
    condition_day: NDArray[np.int32]
    condition_code: NDArray[np.uint8]
    condition_kind: NDArray[np.uint8]
    condition_action: NDArray[np.uint8]


class DoseRows(NamedTuple):
    """Columns of the doses of all patients, which compiled code takes together."""

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    drug: NDArray[np.uint8]
    schedule: NDArray[np.uint8]
    mean: NDArray[np.float64]
    weight: NDArray[np.float64]


class ConditionRows(NamedTuple):
    """Columns of the conditions of all patients, which compiled code takes together."""

    noted: NDArray[np.int32]
    kind: NDArray[np.uint8]
    name: NDArray[np.uint8]
    action: NDArray[np.uint8]


class SegmentRows(NamedTuple):
    """Columns of the segments of the true path of all patients, which compiled code takes together."""

    start: NDArray[np.float64]
    upcr: NDArray[np.float64]
    slope: NDArray[np.float64]
    target: NDArray[np.float64]


class SortedTable:
    """One table as arrays, in order of patient and time.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : polars.DataFrame
        Its rows, in any order.
    """

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        self.name, self.layout = name, layout_of(name)
        self.arrays = {column: _array(name, frame[column]) for column in self.layout.columns}
        keys = [self.arrays[column] for column in (*PATIENT_KEY, *self.layout.keys)]
        keys += [keys[-1]] * (5 - len(keys))
        if "drug" in self.arrays:
            self.take(sorted_rows(keys, given(self["drug"], self["mean_mg_per_day"])))
        elif not in_order(*keys):
            self.take(sorted_rows(keys, np.ones(frame.height, np.bool_)))

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.arrays[column]

    def take(self, rows: NDArray[Any]) -> None:
        """Keep the rows at these places, in this order."""
        self.arrays = {column: frozen(array.take(rows)) for column, array in self.arrays.items()}

    def fields(self, people: SortedTable) -> dict[str, NDArray[Any]]:
        """Return the bounds and columns as fields of the record."""
        columns = {field: self[column] for field, column in self.layout.fields.items()}
        return {f"{self.layout.prefix}_bounds": self.bounds(people), **columns}

    def bounds(self, people: SortedTable) -> NDArray[np.int64]:
        """Return each patient's first row and the row after the last, shape (patients, 2)."""
        bounds = np.empty((len(people["patient"]), 2), np.int64)
        find_bounds(people["replicate"], people["patient"], self["replicate"], self["patient"], bounds)
        return frozen(bounds)

    def first_rows(self, people: SortedTable) -> NDArray[np.int64]:
        """Return the first row of each patient, shape (patients,).

        Raises
        ------
        CriteriaError
            If a patient has none.
        """
        bounds = self.bounds(people)
        without = np.flatnonzero(bounds[:, 0] == bounds[:, 1])
        if len(without):
            who = f"replicate {people['replicate'][without[0]]}, patient {people['patient'][without[0]]}"
            text = f"{len(without)} without one, the first replicate and patient: {who}"
            raise CriteriaError("tables", [Problem(self.name, "a row for every patient", text)])
        return bounds[:, 0]


def layout_of(name: str) -> Layout:
    """Return the layout of a table; that of the truth has the layout of the record."""
    return LAYOUTS[name.rpartition("/")[2]]


def sources(view: str, *, albumin: bool) -> tuple[str, ...]:
    """Return the tables that a view is read from; true albumin only where a set needs it.

    Examples
    --------
    >>> sources("complete", albumin=True)[-1]
    'truth/traits'
    """
    return (*SOURCES[view], "truth/traits") if albumin and view == "complete" else SOURCES[view]


def read_record(tables: Tables, view: str, *, albumin: bool) -> tuple[SortedTable, Record]:
    """Return the patients and their record.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables, rows in any order; rows of people who are not in ``patients`` are ignored.
    view : {"complete", "observed"}
        What happened, every day seen and without error; or what the clinic and the home diary recorded.
    albumin : bool
        Whether the complete record needs true albumin.

    Returns
    -------
    tuple of SortedTable and Record
        The patients, each once, sorted by replicate and patient; and their record.

    Raises
    ------
    CriteriaError
        With every table, column or value that is missing, or if a column holds values of another type.
    """
    tables = {
        name: tables[name] for name in sources(view, albumin=albumin) if name in tables
    }  # each read from disk once
    check(tables, view, albumin=albumin)
    people = _people(tables)
    before = "truth/" if view == "complete" else ""
    doses = f"{before}doses"
    several = {**EMPTY, **tables}
    names = ("readings", "diary", "truth/proteinuria", doses, f"{before}conditions")
    follow_up = _follow_up(people, f"{before}follow_up", tables)
    normal, kinetics = _albumin(people, tables.get("truth/traits"))
    fields = [SortedTable(name, several[name]).fields(people) for name in names]
    return people, Record(
        age=people["age_at_onset_years"],
        lesion=people["lesion"],
        **follow_up,
        impossible=frozen(np.zeros(len(people["patient"]), np.bool_)),
        albumin=frozen(normal),
        kinetics=frozen(kinetics),
        **{field: array for table in fields for field, array in table.items()},
    )


COUNTED = np.array(
    [
        code >= len(vocabulary.DRUGS) or vocabulary.DRUGS[code] not in (vocabulary.PULSE, *vocabulary.SUPPORTIVE)
        for code in range(NO_NAME + 1)
    ]
)
"""Whether a set may count a drug, by its code; a drug that is not named is counted."""

EMPTY = {name: pl.DataFrame(schema=SCHEMAS[name]) for name in ("readings", "diary", "truth/proteinuria")}
"""Tables of which one view has no rows."""


def check(tables: Tables, view: str, *, albumin: bool) -> None:
    """Refuse tables that cannot be classified.

    Raises
    ------
    CriteriaError
        With every table, column or value that is missing.
    """
    problems = []
    for name in sources(view, albumin=albumin):
        if name not in tables:
            problems.append(Problem(name, "this table", "nothing"))
            continue
        for column in layout_of(name).columns:
            if column not in tables[name].columns:
                problems.append(Problem(f"{name}.{column}", "this column", "nothing"))
            elif column not in NULLABLE and (nulls := tables[name][column].null_count()):
                problems.append(Problem(f"{name}.{column}", "a value in every row", f"{nulls} rows without one"))
    if problems:
        raise CriteriaError(f"{view} view", problems)


def most_rows(bounds: NDArray[np.int64]) -> int:
    """Return the largest number of rows of one patient."""
    return int((bounds[:, 1] - bounds[:, 0]).max(initial=0))


@entry
def find_bounds(people_replicate: Ints, people_patient: Ints, replicate: Ints, patient: Ints, bounds: Ints) -> None:
    """Write the first row of each patient and the row after the last; rows of other people are passed over."""
    j = 0
    rows = len(patient)
    for i in range(len(people_patient)):
        replicate_id, patient_id = people_replicate[i], people_patient[i]
        while j < rows and (replicate[j] < replicate_id or (replicate[j] == replicate_id and patient[j] < patient_id)):
            j += 1
        bounds[i, 0] = j
        while j < rows and replicate[j] == replicate_id and patient[j] == patient_id:
            j += 1
        bounds[i, 1] = j


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only, contiguous view: compiled code sees one type of array, whatever polars returned."""
    whole = np.ascontiguousarray(array).view()
    whole.flags.writeable = False
    return whole


def _people(tables: Tables) -> SortedTable:
    """Return the patients, each once."""
    people = SortedTable("patients", tables["patients"])
    replicate, patient = people["replicate"], people["patient"]
    again = (replicate[1:] == replicate[:-1]) & (patient[1:] == patient[:-1])
    if again.any():
        people.take(np.flatnonzero(np.concatenate(([True], ~again))))
    return people


def _follow_up(people: SortedTable, name: str, tables: Tables) -> dict[str, NDArray[Any]]:
    """Return the last day of each patient, and whether it is that of death."""
    table = SortedTable(name, tables[name])
    rows = table.first_rows(people)
    death = vocabulary.END_REASONS.index("death")
    return {"end": frozen(table["end_days"][rows]), "dead": frozen(table["reason"][rows] == death)}


def _albumin(people: SortedTable, frame: pl.DataFrame | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the albumin of each patient in health, and its kinetics; zeros where no set needs them."""
    size = len(people["patient"])
    if frame is None or not size:
        return np.zeros(size), np.zeros((size, len(KINETICS)))
    traits = SortedTable("truth/traits", frame)
    rows = traits.first_rows(people)
    return traits["albumin_g_per_dl"][rows], np.stack([traits[column][rows] for column in KINETICS], axis=1)


def given(drug: NDArray[np.uint8], mean_mg_per_day: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which doses are not of 0 mg, a pulse or supportive care, which no set counts.

    Examples
    --------
    >>> given(np.array([vocabulary.DRUGS.index(vocabulary.PULSE), 0, 0], np.uint8), np.array([500.0, 0.0, 20.0]))
    array([False, False,  True])
    """
    return np.asarray((mean_mg_per_day != 0.0) & COUNTED[drug])


def _array(table: str, series: pl.Series) -> NDArray[Any]:
    """Return a column as an array of its type: codes for names, NaN for a missing number."""
    kind = SCHEMAS[table][series.name]
    try:
        if isinstance(kind, pl.Enum):
            named = series if series.dtype == kind else series.cast(pl.String).cast(kind)
            codes = _cast(named.to_physical(), pl.UInt8())
            return frozen((codes.fill_null(NO_NAME) if codes.null_count() else codes).to_numpy())
        return frozen(_cast(series, kind).to_numpy())
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise CriteriaError("tables", [Problem(f"{table}.{series.name}", "values of its kind", reason)]) from None


def _cast(series: pl.Series, kind: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Cast only where the type differs: polars takes time even for a cast to the same type."""
    return series if series.dtype == kind else series.cast(kind)

"""The files of an OMOP dataset as tables, with the place of each row."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from nephrosyn.errors import OutsideRecordError
from nephrosyn.interchange.omop.tables import DATE, ID, NUMBER, TABLES, TIME
from nephrosyn.interchange.outside.record import Problems
from nephrosyn.runs.folder import reading

SUFFIXES = (".parquet", ".csv")
KEYS = {table: next(iter(columns)) for table, columns in TABLES.items()}
"""Column that identifies a row of each table."""
NEEDED = {
    "person": ("person_id", "gender_concept_id", "year_of_birth"),
    "measurement": ("measurement_id", "person_id", "measurement_concept_id", "measurement_date"),
    "drug_exposure": (
        "drug_exposure_id",
        "person_id",
        "drug_concept_id",
        "drug_exposure_start_date",
        "drug_exposure_end_date",
    ),
}
"""Tables that a dataset must have, and what must be in them; further tables and columns are read if they are there."""


class Dataset:
    """The files of a dataset.

    Parameters
    ----------
    folder : Path
        Folder with a file ``person.csv`` or ``person.parquet``, or a folder ``person`` of such files, and so on for
        each table; case does not matter.
    problems : Problems
        Where to note what cannot be read.

    Raises
    ------
    OutsideRecordError
        If a table is missing that a dataset must have.
    """

    def __init__(self, folder: Path, problems: Problems) -> None:
        self._folder, self._problems = folder, problems
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        self._files = {name: _files_of(name, entries) for name in TABLES}
        missing = [name for name in NEEDED if not self._files[name]]
        if missing:
            raise OutsideRecordError(
                f"{folder}: expected an OMOP dataset with the tables {', '.join(NEEDED)}, as CSV or Parquet; found "
                f"none of {', '.join(missing)}"
            )

    def read(self, name: str, *, where: pl.Expr | None = None) -> pl.DataFrame:
        """Return a table.

        Parameters
        ----------
        name : str
            Its name.
        where : polars.Expr, optional
            Rows to keep.

        Returns
        -------
        polars.DataFrame
            All columns of the model, null where the dataset has no such column, and `place`.
        """
        frames = []
        for file in self._files[name]:
            shown = file.relative_to(self._folder).as_posix()
            try:
                rows = self._typed(name, shown, _scanned(file))
                frames.append((rows if where is None else rows.filter(where)).collect())
            except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
                self._problems.add("tables as CSV or Parquet", f"{shown}, which cannot be read ({_first_line(error)})")
        self._problems.refuse()
        return pl.concat(frames) if frames else pl.DataFrame(schema={**TABLES[name], "place": pl.String})

    def _typed(self, name: str, shown: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the columns in their types; a value of another type is noted as a problem."""
        kinds = rows.collect_schema()
        have = {column.lower(): column for column in kinds.names()}
        missing = [column for column in NEEDED.get(name, ()) if column not in have]
        self._problems.add(f"the columns {', '.join(NEEDED.get(name, ()))}", *[f"{shown} without {m}" for m in missing])
        place = pl.format(f"{name} {{}}", pl.col(have[KEYS[name]])) if KEYS[name] in have else pl.lit(shown)
        columns, wrong = [], []
        for column, kind in TABLES[name].items():
            if column not in have:
                columns.append(pl.lit(None, kind).alias(column))
                continue
            value = _value(pl.col(have[column]), kinds[have[column]], kind)
            columns.append(value.alias(column))
            value_and_place = pl.format("{} ({})", pl.col(have[column]).cast(pl.String), place)
            wrong.append(
                value_and_place.filter(value.is_null() & pl.col(have[column]).is_not_null()).implode().alias(column)
            )
        for column, rows_wrong in rows.select(wrong).collect().row(0, named=True).items():
            self._problems.add(f"{column} as {TABLES[name][column]}", *rows_wrong)
        self._problems.refuse()
        return rows.select(*columns, place.alias("place"))


def _files_of(name: str, entries: list[Path]) -> list[Path]:
    """Return the files of a table: one, or those of a folder."""
    for entry in entries:
        if entry.is_dir() and entry.name.lower() == name:
            files = sorted(path for path in entry.rglob("*") if path.suffix.lower() in SUFFIXES)
            if files:
                return files
    return [entry for entry in entries if entry.suffix.lower() in SUFFIXES and entry.stem.lower() == name][:1]


def _scanned(file: Path) -> pl.LazyFrame:
    if file.suffix.lower() == ".parquet":
        return reading.scan_parquet(file)
    with file.open(encoding="utf-8-sig") as opened:
        head = opened.readline()
    separator = "\t" if head.count("\t") > head.count(",") else ","
    return reading.scan_delimited(file, separator, '"' if separator == "," else None)


def _value(value: pl.Expr, held: pl.DataType, kind: object) -> pl.Expr:
    """Return a column in its type; null for what is not of it."""
    text = held == pl.String
    if kind == DATE:
        if not text:
            return value.cast(pl.Date, strict=False)
        day = value.str.slice(0, 10)
        return pl.coalesce(day.str.to_date("%Y-%m-%d", strict=False), day.str.to_date("%Y%m%d", strict=False))
    if kind == TIME:
        if not text:
            return value.cast(pl.Datetime("us"), strict=False)
        day = value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        return pl.coalesce(value.str.to_datetime(strict=False, time_unit="us"), day)
    if kind == ID:
        number = value.cast(pl.Float64, strict=False) if text or held.is_float() else value
        whole = number.cast(pl.Int64, strict=False)
        return pl.when(whole == number).then(whole)
    if kind == NUMBER:
        return value.cast(pl.Float64, strict=False)
    return value.cast(pl.String)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]

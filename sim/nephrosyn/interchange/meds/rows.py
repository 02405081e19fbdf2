"""The rows of a MEDS dataset, with their places, checked against what the standard asks."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from nephrosyn.errors import OutsideRecordError
from nephrosyn.interchange.outside.record import Problems
from nephrosyn.runs.folder.reading import read_parquet

NEEDED = ("subject_id", "time", "code", "numeric_value")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float64,
    "text_value": pl.String,
    "unit": pl.String,
}
FILE, ROW = "file", "row"
"""Columns of the place of a row; as one text each they took a tenth of the memory."""


def read_rows(folder: Path) -> pl.DataFrame:
    """Read the data of a MEDS dataset.

    Parameters
    ----------
    folder : Path
        Its folder, with a folder ``data``.

    Returns
    -------
    polars.DataFrame
        Columns of `SCHEMA`, null where the dataset has no such column, and the place of each row: `file` and `row`.

    Raises
    ------
    OutsideRecordError
        If there are no data, or a column is missing or of another type.
    """
    data = folder / "data"
    files = sorted(data.rglob("*.parquet")) if data.is_dir() else []
    if not files:
        raise OutsideRecordError(f"{folder}: expected a MEDS dataset with data/*.parquet; found none")
    problems = Problems(str(folder))
    names = [file.relative_to(folder).as_posix() for file in files]
    frames = [
        _file(file, name, problems).with_columns(pl.lit(name, pl.Enum(names)).alias(FILE))
        for file, name in zip(files, names, strict=True)
    ]
    problems.refuse()
    rows = pl.concat(frames)
    if not rows.height:
        raise OutsideRecordError(f"{folder}: expected a MEDS dataset with rows; found none in {len(files)} files")
    return rows


def place() -> pl.Expr:
    """Return the place of a row as text: file and row."""
    return pl.format("{}, row {}", pl.col(FILE).cast(pl.String), pl.col(ROW))


def _file(file: Path, name: str, problems: Problems) -> pl.DataFrame:
    try:
        frame = read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        problems.add("Parquet files", f"{name}, which cannot be read ({str(error).splitlines()[0]})")
        return pl.DataFrame(schema={**SCHEMA, ROW: pl.UInt32})
    missing = [column for column in NEEDED if column not in frame.columns]
    problems.add(f"the columns {', '.join(NEEDED)}", *[f"{name} without {column}" for column in missing])
    if missing:
        return pl.DataFrame(schema={**SCHEMA, ROW: pl.UInt32})
    columns = []
    for column, kind in SCHEMA.items():
        try:
            values = frame[column].cast(_exact(frame[column])).cast(kind) if column in frame.columns else None
        except pl.exceptions.PolarsError:
            problems.add(f"{column} as {kind}", f"{name} with {frame[column].dtype}")
            values = None
        columns.append(pl.lit(None, kind).alias(column) if values is None else pl.lit(values).alias(column))
    return frame.select(*columns, pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW))


def _exact(values: pl.Series) -> pl.DataType:
    """Return the type to cast to first: a number of 32 bits is read by its shortest text, so that 2.7 stays 2.7."""
    return pl.String() if values.dtype == pl.Float32 else values.dtype

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
PLACE = "place"


def read_rows(folder: Path) -> pl.DataFrame:
    """Read the data of a MEDS dataset.

    Parameters
    ----------
    folder : Path
        Its folder, with a folder ``data``.

    Returns
    -------
    polars.DataFrame
        Columns of `SCHEMA`, null where the dataset has no such column, and `place`: file and row.

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
    frames = [_file(file, file.relative_to(folder).as_posix(), problems) for file in files]
    problems.refuse()
    rows = pl.concat(frames)
    if not rows.height:
        raise OutsideRecordError(f"{folder}: expected a MEDS dataset with rows; found none in {len(files)} files")
    return rows


def _file(file: Path, name: str, problems: Problems) -> pl.DataFrame:
    try:
        frame = read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        problems.add("Parquet files", f"{name}, which cannot be read ({str(error).splitlines()[0]})")
        return pl.DataFrame(schema={**SCHEMA, PLACE: pl.String})
    missing = [column for column in NEEDED if column not in frame.columns]
    problems.add(f"the columns {', '.join(NEEDED)}", *[f"{name} without {column}" for column in missing])
    if missing:
        return pl.DataFrame(schema={**SCHEMA, PLACE: pl.String})
    columns = []
    for column, kind in SCHEMA.items():
        try:
            values = frame[column].cast(_exact(frame[column])).cast(kind) if column in frame.columns else None
        except pl.exceptions.PolarsError:
            problems.add(f"{column} as {kind}", f"{name} with {frame[column].dtype}")
            values = None
        columns.append(pl.lit(None, kind).alias(column) if values is None else pl.lit(values).alias(column))
    place = pl.format(f"{name.replace('{', '{{').replace('}', '}}')}, row {{}}", pl.int_range(pl.len()))
    return frame.select(*columns, place.alias(PLACE))


def _exact(values: pl.Series) -> pl.DataType:
    """Return the type to cast to first: a number of 32 bits is read by its shortest text, so that 2.7 stays 2.7."""
    return pl.String() if values.dtype == pl.Float32 else values.dtype

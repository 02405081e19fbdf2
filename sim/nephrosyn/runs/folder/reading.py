"""Read tables from files, with every path taken literally.

polars takes ``*``, ``?`` and ``[...]`` in a path for a pattern, ``~`` for a home folder, ``file:`` for a URL and
``a=b`` for a column. The name of a folder may hold any of them, so every path is read by way of this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.layout import REPAIR, reason


def scan(files: Iterable[Path], format: str, schema: Mapping[str, Any]) -> pl.LazyFrame:
    """Return a lazy frame of some files, concatenated.

    Parameters
    ----------
    files : iterable of Path
        At least one; names are taken literally.
    format : {"parquet", "csv"}
        Format of all files.
    schema : mapping of str to polars data type
        Columns of the table.

    Returns
    -------
    polars.LazyFrame
        Shape (rows, columns of the schema).
    """
    with ExitStack() as opened:
        sources = [_source(Path(file), opened) for file in files]
        if format == "csv":
            return pl.scan_csv(sources, schema=pl.Schema(schema), glob=False)
        return pl.scan_parquet(sources, schema=pl.Schema(schema), glob=False, hive_partitioning=False)


@contextmanager
def refused(where: str) -> Iterator[None]:
    """Turn the errors of polars into a message for the user.

    Parameters
    ----------
    where : str
        Path or URL of the run, for messages.

    Raises
    ------
    RunFolderError
        If polars raises any error, including a panic, which is not an `Exception`.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        first = next(iter(reason(error).splitlines()), type(error).__name__)
        raise RunFolderError(f"{where}: a table cannot be read ({first}); {REPAIR}") from None


def decoded(content: bytes, format: str, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return the table that the content of a file holds."""
    if format == "csv":
        return pl.read_csv(BytesIO(content), schema=pl.Schema(schema))
    return pl.read_parquet(BytesIO(content), schema=pl.Schema(schema))


def read_parquet(file: Path) -> pl.DataFrame:
    """Read a Parquet file with all its columns."""
    with file.open("rb") as opened:
        return pl.read_parquet(opened, hive_partitioning=False)


def scan_parquet(file: Path) -> pl.LazyFrame:
    """Return a Parquet file that was made elsewhere, with all its columns, read when needed."""
    return pl.scan_parquet(file.absolute(), hive_partitioning=False)


def scan_delimited(file: Path, separator: str, quote: str | None) -> pl.LazyFrame:
    """Return a text file with delimited columns that was made elsewhere, all of them as text, read when needed."""
    return pl.scan_csv(file.absolute(), infer_schema=False, separator=separator, quote_char=quote)


def read_ipc(file: Path) -> pl.DataFrame:
    """Read an Arrow file with all its columns."""
    with file.open("rb") as opened:
        return pl.read_ipc(opened)


def _source(file: Path, opened: ExitStack) -> Any:
    """Return an absolute path, which is neither a home folder nor a URL, or an open file, which polars duplicates."""
    path = file.absolute()
    try:
        str(path).encode()
    except UnicodeEncodeError:  # polars accepts Unicode names only
        return opened.enter_context(path.open("rb"))
    return path

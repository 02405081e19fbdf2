"""Read tables from files, each file by the very name it has.

polars takes ``*``, ``?`` and ``[...]`` in a path for a pattern, ``~`` for a home folder, ``file:`` for a URL and
``a=b`` for a column. A folder may have any of them in its name. So every path that is read goes through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.layout import MEND, reason


def scan(files: Iterable[Path], format: str, schema: Mapping[str, Any]) -> pl.LazyFrame:
    """Return the rows of some files, one below the other, without reading them.

    Parameters
    ----------
    files : iterable of Path
        At least one; nothing in a name is a pattern.
    format : {"parquet", "csv"}
        Of all of them.
    schema : mapping of str to polars data type
        Their columns.

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
    """Have tables that cannot be read refused in a sentence.

    Parameters
    ----------
    where : str
        The run, for messages.

    Raises
    ------
    RunFolderError
        For whatever polars raises, its panic included, which is no `Exception`.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        first = next(iter(reason(error).splitlines()), type(error).__name__)
        raise RunFolderError(f"{where}: a table cannot be read ({first}); {MEND}") from None


def decoded(content: bytes, format: str, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows of the bytes of a file."""
    if format == "csv":
        return pl.read_csv(BytesIO(content), schema=pl.Schema(schema))
    return pl.read_parquet(BytesIO(content), schema=pl.Schema(schema))


def read_parquet(file: Path) -> pl.DataFrame:
    """Read a Parquet file, with the columns it has."""
    with file.open("rb") as opened:
        return pl.read_parquet(opened, hive_partitioning=False)


def read_ipc(file: Path) -> pl.DataFrame:
    """Read an Arrow file, with the columns it has."""
    with file.open("rb") as opened:
        return pl.read_ipc(opened)


def _source(file: Path, opened: ExitStack) -> Any:
    """An absolute path, which can be neither a home folder nor a URL; or a file, of which polars keeps a copy open."""
    path = file.absolute()
    try:
        str(path).encode()
    except UnicodeEncodeError:  # polars takes no name that is not Unicode
        return opened.enter_context(path.open("rb"))
    return path

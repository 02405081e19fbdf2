"""Tables of draws from a posterior: a CSV file with one column ``setting:key`` for each number, one draw in a row."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from nephrosyn.errors import nearest, value_text
from nephrosyn.scenario.files.catalogue import shipped_posteriors
from nephrosyn.scenario.schema.uncertainty import FEWEST_ROWS, MOST_ROWS, Posterior
from nephrosyn.scenario.tree import Path as KeyPath
from nephrosyn.scenario.tree import dotted
from nephrosyn.text_files import UnreadableError, is_readable
from nephrosyn.toml_files import content

SUFFIX = ".csv"
Columns = Mapping[str, list[float]]
Wrong = tuple[str, str, str]
"""What was expected, what is there, and the nearest valid name."""


def with_draws(entry: Posterior, path: KeyPath, folder: Path | None) -> Posterior | Wrong:
    """Return an entry with the draws of its column, or what is wrong with it.

    Parameters
    ----------
    entry : Posterior
        An entry of a file. One that has its draws already, as in a manifest, is returned as it is.
    path : tuple of str
        Its key.
    folder : Path, optional
        Folder of the file, from which a relative path starts.
    """
    if entry.draws is not None:
        return entry
    columns = read_columns(entry.posterior, folder)
    if isinstance(columns, tuple):
        return columns
    column = _column(entry, path, columns)
    if isinstance(column, tuple):
        return column
    return entry.model_copy(update={"column": column, "draws": columns[column]})


def read_columns(name: str, folder: Path | None) -> dict[str, list[float]] | Wrong:
    """Return the columns of a table of draws, or what is wrong with it.

    Parameters
    ----------
    name : str
        A shipped name, or the path of a file.
    folder : Path, optional
        Folder from which a relative path starts; the working folder by default.
    """
    file = _find(name, folder)
    if isinstance(file, tuple):
        return file
    try:
        return parsed(content(file))
    except (UnreadableError, OSError) as error:
        wrong = (error.expected, error.actual) if isinstance(error, UnreadableError) else ("a file", str(error))
        return wrong[0], f"{value_text(name)} with {wrong[1]}", ""


def _find(name: str, folder: Path | None) -> Traversable | Wrong:
    tables = shipped_posteriors()
    if name in tables:
        return tables[name]
    if (name.endswith(SUFFIX) or "/" in name) and is_readable((folder or Path()) / name):
        return (folder or Path()) / name
    expected = "the name of a shipped table of draws, or the path of a CSV file, relative to this file"
    return expected, value_text(name), nearest(Path(name).name.removesuffix(SUFFIX), tables)


def _column(entry: Posterior, path: KeyPath, columns: Columns) -> str | Wrong:
    """Return the column of an entry: the one it names, or the only one of its key."""
    if entry.column is not None:
        if entry.column in columns:
            return entry.column
        return f"a column of {entry.posterior}", value_text(entry.column), nearest(entry.column, columns)
    key = dotted(path)
    matching = [name for name in columns if name.rpartition(":")[2] == key]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        return f"a table with a column of {key}", f"{entry.posterior} with {', '.join(columns)}", ""
    return f"column = one of {', '.join(matching)}", f"{len(matching)} columns of {key} in {entry.posterior}", ""


def parsed(text: str) -> dict[str, list[float]]:
    r"""Parse the text of a table of draws.

    Parameters
    ----------
    text : str
        Comma-separated; the first line names the columns.

    Returns
    -------
    dict of str to list of float, shape (rows,)
        The draws by column.

    Raises
    ------
    UnreadableError
        If it is not such a table.

    Examples
    --------
    >>> columns = parsed("a:x,b:x" + 20 * "\n0.5,2")
    >>> list(columns), columns["b:x"][:2]
    (['a:x', 'b:x'], [2.0, 2.0])
    """
    head, *rows = list(csv.reader(text.splitlines())) or [[]]
    names = [name.strip() for name in head]
    rows = [row for row in rows if row]
    if not all(names) or not names or len(set(names)) < len(names):
        raise UnreadableError("a first line that names each column once, as setting:key", value_text(",".join(head)))
    if not FEWEST_ROWS <= len(rows) <= MOST_ROWS:
        raise UnreadableError(f"{FEWEST_ROWS} to {MOST_ROWS:,} rows of draws", f"{len(rows):,} rows")
    for place, row in enumerate(rows, 2):
        if len(row) != len(names):
            raise UnreadableError(f"{len(names)} numbers in each row", f"{len(row)} in line {place}")
    return {name: [_number(row[column], line) for line, row in enumerate(rows, 2)] for column, name in enumerate(names)}


def _number(text: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UnreadableError("numbers in each row", f"{value_text(text)} in line {line}")
    return value


def rendered(columns: Columns, digits: int) -> str:
    """Return the text of a table of draws.

    Parameters
    ----------
    columns : mapping of str to list of float, shape (rows,)
        The draws by column.
    digits : int
        Significant digits.

    Examples
    --------
    >>> print(rendered({"a:x": [0.51234, 1.0], "b:x": [2.0, 3.0]}, 3), end="")
    a:x,b:x
    0.512,2
    1,3
    """
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(f"{value:.{digits}g}" for value in row) for row in rows)]
    return "\n".join(lines) + "\n"

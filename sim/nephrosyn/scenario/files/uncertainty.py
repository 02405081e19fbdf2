"""The tables ``[uncertainty]`` of a chain of scenario files: read, and laid over one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as Folder
from typing import Any

from pydantic import ValidationError

from nephrosyn.errors import Problem, nearest, value_text
from nephrosyn.scenario.files.posteriors import with_draws
from nephrosyn.scenario.files.provenance import CALIBRATED, Attribution, problems_of_text
from nephrosyn.scenario.schema.uncertainty import ENTRIES, FEWEST_ROWS, MOST_ROWS, Entry, Fixed, Posterior
from nephrosyn.scenario.tree import MISSING, Path, dotted, get, is_distribution, split, unit_of_change

NOT_STORED = Fixed(fixed="calibrated; its posterior is not stored")
"""Entry of a calibrated number that has no other."""
EXPECTED = "one of counts, interval, range, posterior and fixed, with a source unless fixed"


@dataclass(frozen=True)
class Stated:
    """An entry of ``[uncertainty]``, and the file that it is in (empty for the requested one)."""

    entry: Entry
    file: str = ""


@dataclass
class Statements:
    """What a chain of files says of the uncertainty of its numbers.

    Attributes
    ----------
    holding : dict of path to Stated
        The entries that hold. A changed number loses the entry that it inherits.
    distributions : dict of path to Stated
        The latest entry of each key other than ``fixed``, whether it still holds or not.
    """

    holding: dict[Path, Stated] = field(default_factory=dict)
    distributions: dict[Path, Stated] = field(default_factory=dict)

    def lay_over(
        self,
        stated: Mapping[Path, Stated],
        before: Any,
        after: Any,
        origins_before: Mapping[Path, Attribution],
        origins: Mapping[Path, Attribution],
    ) -> None:
        """Lay the entries of one file over those of the files before.

        Parameters
        ----------
        stated : mapping of path to Stated
            Entries of the file.
        before, after : table
            The scenario without and with the file.
        origins_before, origins : mapping of path to Attribution
            Sources of its leaves without and with the file.
        """
        self.holding = {
            path: inherited for path, inherited in self.holding.items() if not _is_changed(before, after, path)
        }
        for path, origin in origins.items():
            if not origin.text.startswith(CALIBRATED) or origins_before.get(path) == origin:
                continue
            if not any(key[: len(path)] == path for key in stated):
                self.holding[path] = Stated(NOT_STORED)
        stated = {path: _with_source(path, statement, origins) for path, statement in stated.items()}
        self.holding |= stated
        for path, statement in stated.items():
            if isinstance(statement.entry, Fixed):
                self.distributions.pop(path, None)
            else:
                self.distributions[path] = statement

    def drop(self, touched: list[Path]) -> None:
        """Drop the entries of numbers that were set on the command line."""
        for path in list(self.holding):
            if any(path[: len(key)] == key or _is_part(path, key, self.holding[path].entry) for key in touched):
                del self.holding[path]


def _with_source(path: Path, stated: Stated, origins: Mapping[Path, Attribution]) -> Stated:
    """Return a statement with the source of its number, if a posterior has none of its own."""
    origin = origins.get(path) or origins.get(path[:-1])
    if not isinstance(stated.entry, Posterior) or stated.entry.source is not None or origin is None:
        return stated
    return Stated(stated.entry.model_copy(update={"source": origin.text}), stated.file)


def _is_part(path: Path, key: Path, entry: Entry) -> bool:
    """Whether a key is a part of what an entry is about; reasons for whole tables hold for the other parts."""
    return key[: len(path)] == path and not isinstance(entry, Fixed)


def _is_changed(before: Any, after: Any, path: Path) -> bool:
    was, value = get(before, path), get(after, path)
    if isinstance(value, Mapping) and not is_distribution(value) and path[-1] != MIX:
        return False
    whole = path[:-1] if is_distribution(get(after, path[:-1])) else unit_of_change(after, path)
    return was is MISSING or value != was or get(before, whole) != get(after, whole)


MIX = "lesion_mix"
"""Name of the tables whose members are parts of a whole."""


def entries_of(
    table: Any, tree: Any, file: str, folder: Folder | None = None
) -> tuple[dict[Path, Stated], list[Problem]]:
    """Return the entries in the ``[uncertainty]`` of one file, and what is wrong with the others.

    Parameters
    ----------
    table : object
        Value of the key ``uncertainty``.
    tree : table
        The scenario including this file.
    file : str
        Name of the file for messages, or empty.
    folder : pathlib.Path, optional
        Folder of the file, from which the paths of tables of draws start.
    """
    if not isinstance(table, Mapping):
        return {}, [Problem("uncertainty", "a table of dotted keys", value_text(table), file=file)]
    entries: dict[Path, Stated] = {}
    problems: list[Problem] = []
    for path, value in _flat(table):
        entry, wrong = _read(path, value, tree, file, folder)
        problems += wrong
        if entry is not None:
            entries[path] = Stated(entry, file)
    return entries, problems


def _flat(table: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of each entry; unquoted dotted keys arrive as tables in tables."""
    for key, value in table.items():
        inner = (*path, *split(key))
        if isinstance(value, Mapping) and value and not set(value) & {*ENTRIES, "source"}:
            yield from _flat(value, inner)
        else:
            yield inner, value


def _read(path: Path, value: Any, tree: Any, file: str, folder: Folder | None) -> tuple[Entry | None, list[Problem]]:
    key = f"uncertainty.{dotted(path)}"
    kinds = [kind for kind in ENTRIES if isinstance(value, Mapping) and kind in value]
    if len(kinds) != 1:
        unknown = [name for name in value if name != "source"] if isinstance(value, Mapping) else []
        like = nearest(str(unknown[0]), ENTRIES) if unknown and not kinds else ""
        return None, [Problem(key, EXPECTED, ", ".join(kinds) or value_text(value), like, file)]
    try:
        entry = ENTRIES[kinds[0]].model_validate(value)
    except ValidationError as error:
        return None, [_problem(key, kinds[0], value, detail["loc"], detail["type"], file) for detail in error.errors()]
    problems = [Problem(key, *wrong, file) for wrong in _unknown_key(path, tree)]
    if not isinstance(entry, Fixed) and entry.source is not None:
        problems += problems_of_text(f"{key}.source", entry.source, file)
    if isinstance(entry, Posterior) and not problems:
        completed = with_draws(entry, path, folder)
        if isinstance(completed, tuple):
            return None, [Problem(key, *completed, file)]
        entry = completed
    return (None if problems else entry), problems


_EXPECTED = {
    "counts": "a list of counts, each a number of at least 0",
    "interval": "[low, high], the ends of a 95% interval",
    "range": "[low, high], the ends of a range",
    "posterior": "the name of a table of draws, or the path of its file",
    "column": "the name of a column of the table",
    "draws": f"a list of {FEWEST_ROWS} to {MOST_ROWS:,} numbers",
    "fixed": "a reason",
    "law": "lognormal, logit_normal or normal",
    "source": 'evidence ids, or "assumed: reason"',
}


def _problem(key: str, kind: str, value: Any, place: tuple[int | str, ...], error: str, file: str) -> Problem:
    name = str(place[0]) if place and str(place[0]) in (*_EXPECTED, *value) else kind
    if error == "extra_forbidden":
        known = ENTRIES[kind].model_fields
        return Problem(f"{key}.{name}", f"one of {', '.join(known)}", "an unknown key", nearest(name, known), file)
    actual = value_text(value[name]) if name in value else "nothing: the key is missing"
    return Problem(f"{key}.{name}", _EXPECTED[name], actual, file=file)


def _unknown_key(path: Path, tree: Any) -> Iterator[tuple[str, str, str]]:
    if get(tree, path) is not MISSING:
        return
    depth = next(length for length in range(1, len(path) + 1) if get(tree, path[:length]) is MISSING)
    above = get(tree, path[: depth - 1])
    names = [*above] if isinstance(above, Mapping) else []
    like = ", ".join(dotted((*path[: depth - 1], name)) for name in nearest(path[depth - 1], names).split(", ") if name)
    yield "the key of a number, of a mix, or of a table", "a key that the scenario does not have", like

"""Sources of the numbers of a scenario: evidence ids, calibrations, or assumptions with their reasons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from nephrosyn.errors import Problem, nearest, value_text
from nephrosyn.scenario.tree import MISSING, Path, dotted, get, is_numeric, leaves, split, unit_of_change

SET_ON_COMMAND_LINE = "set on the command line"
ASSUMED = "assumed:"
CALIBRATED = "calibrated:"
NEED_NONE = {("patients",), ("replicates",), ("seed",)}
EXPECTED = f'evidence ids, "{CALIBRATED} ids; run digest", or "{ASSUMED} reason"'

_PART = re.compile(r",\s+(?=\S)")


@dataclass(frozen=True)
class Attribution:
    """The source of one leaf, and the key in ``[sources]`` that it comes from."""

    key: Path
    text: str


@cache
def evidence() -> Mapping[str, str]:
    """Return the evidence that a scenario may cite.

    Returns
    -------
    mapping of str to str
        One-line citation of each evidence id.

    Examples
    --------
    >>> len(evidence()) > 0
    True
    """
    citations: dict[str, str] = json.loads(files("nephrosyn.scenario.files").joinpath("ids.json").read_text("utf-8"))
    return citations


def ids(source: str) -> list[str]:
    """Return the evidence ids that a source cites.

    Examples
    --------
    >>> ids("A01, NL3.4.8"), ids("assumed: not published"), ids("A01, assumed: rounded, by eye")
    (['A01', 'NL3.4.8'], [], ['A01'])
    >>> ids("calibrated: C01, C13; run 1a2b3c4d")
    ['C01', 'C13']
    """
    named = source.split(ASSUMED, 1)[0].strip().removesuffix(",")
    if named.startswith(CALIBRATED):
        named = named.removeprefix(CALIBRATED).partition(";")[0].strip()
    return [part.strip() for part in _PART.split(named) if part.strip()]


def flat(table: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield path and text of each entry of ``[sources]``; unquoted dotted keys arrive as tables in tables."""
    for key, value in table.items():
        inner = (*path, *split(key))
        if isinstance(value, Mapping):
            yield from flat(value, inner)
        else:
            yield inner, value


def attribute(
    rules: Mapping[Path, str], before: Any, after: Any, inherited: Mapping[Path, Attribution]
) -> dict[Path, Attribution]:
    """Determine the source of each leaf after a file is laid over those before.

    The nearest key in the ``[sources]`` of the file wins. An inherited source is kept if its key is nearer and the
    value has not changed; the source of a changed value is dropped. A choice that is not a number has a source only
    where a key names it exactly.

    Parameters
    ----------
    rules : mapping of path to str
        Sources in the file.
    before, after : table
        The tree without and with this file.
    inherited : mapping of path to Attribution
        Sources of the leaves of ``before``.

    Returns
    -------
    dict of path to Attribution
        Source of each leaf of ``after`` that has one, in file order.
    """
    sources: dict[Path, Attribution] = {}
    for path, leaf in leaves(after):
        file_rule = _nearest_rule(rules, path, shortest=1 if is_numeric(leaf) else len(path))
        inherited_source = inherited.get(path)
        if inherited_source is not None and _changed(before, after, path):
            inherited_source = None
        best = (
            file_rule
            if file_rule and (inherited_source is None or len(file_rule.key) >= len(inherited_source.key))
            else inherited_source
        )
        if best:
            sources[path] = best
    return sources


def attribute_overrides(
    touched: list[Path], after: Any, inherited: Mapping[Path, Attribution]
) -> dict[Path, Attribution]:
    """Return the sources after overrides: "set on the command line" for what they changed, unchanged for the rest."""
    sources: dict[Path, Attribution] = {}
    for path, _ in leaves(after):
        if any(path[: len(key)] == key or key[: len(path)] == path for key in touched):
            sources[path] = Attribution(path, SET_ON_COMMAND_LINE)
        elif path in inherited:
            sources[path] = inherited[path]
    return sources


def _nearest_rule(rules: Mapping[Path, str], path: Path, shortest: int) -> Attribution | None:
    for length in range(len(path), shortest - 1, -1):
        if path[:length] in rules:
            return Attribution(path[:length], rules[path[:length]])
    return None


def _changed(before: Any, after: Any, path: Path) -> bool:
    whole = unit_of_change(after, path)
    was = get(before, whole)
    return was is MISSING or bool(was != get(after, whole))


def problems_of_rules(
    table: Any, tree: Any, file: str, *, allow_command_line_source: bool = False
) -> Iterator[Problem]:
    """Yield the problems in the ``[sources]`` of one file.

    Parameters
    ----------
    table : object
        Value of the key ``sources``.
    tree : table
        The scenario including this file.
    file : str
        Name of the file for messages, or empty.
    allow_command_line_source : bool
        Whether ``set on the command line`` is allowed as a source, as in a manifest.
    """
    if not isinstance(table, Mapping):
        yield Problem("sources", "a table of dotted keys", value_text(table), file=file)
        return
    coverable = {leaf[:length] for leaf, _ in leaves(tree) for length in range(1, len(leaf) + 1)}
    for path, text in flat(table):
        key = f"sources.{dotted(path)}"
        if not isinstance(text, str):
            yield Problem(key, EXPECTED, value_text(text), file=file)
            continue
        if path not in coverable:
            like = _nearest_key(path, coverable)
            yield Problem(
                key, "the key of a number, or of a table with numbers", "a key that covers nothing", like, file
            )
        if not (allow_command_line_source and text == SET_ON_COMMAND_LINE):
            yield from problems_of_text(key, text, file)


def problems_of_text(key: str, text: str, file: str) -> Iterator[Problem]:
    """Yield what is wrong with the text of one source."""
    _, assumed, reason = text.partition(ASSUMED)
    if assumed and not reason.strip():
        yield Problem(key, f'a reason after "{ASSUMED}"', value_text(text), file=file)
    named = ids(text)
    if not assumed and not named:
        yield Problem(key, EXPECTED, value_text(text), file=file)
    for name in named:
        if name not in evidence():
            yield Problem(key, EXPECTED, f'"{name}", which is no evidence id', nearest(name, evidence()), file)


def _nearest_key(path: Path, coverable: set[Path]) -> str:
    """Return keys that may be meant: the same last part elsewhere, or a misspelt part."""
    like = nearest(dotted(path), (dotted(key) for key in coverable if key[-1] == path[-1]))
    if like:
        return like
    known = next((path[:length] for length in range(len(path) - 1, 0, -1) if path[:length] in coverable), ())
    beside = nearest(path[len(known)], {key[-1] for key in coverable if key[:-1] == known})
    return ", ".join(dotted((*known, name)) for name in beside.split(", ")) if beside else ""


def problems_of_missing(tree: Any, sources: Mapping[Path, Attribution], unknown: set[Path]) -> Iterator[Problem]:
    """Yield one problem for each number without a source, or for each table without any.

    Parameters
    ----------
    tree : table
        The resolved scenario.
    sources : mapping of path to Attribution
        Sources of its leaves.
    unknown : set of path
        Keys that the schema does not know; missing sources of these are not reported.
    """
    numbers = [path for path, leaf in leaves(tree) if is_numeric(leaf) and path not in NEED_NONE]
    lacking = [path for path in numbers if path not in sources and not _under(path, unknown)]
    sourced = {path[:length] for path in numbers if path in sources for length in range(len(path) + 1)}
    grouped: dict[Path, int] = {}
    for path in lacking:
        bare = next(path[:length] for length in range(1, len(path) + 1) if path[:length] not in sourced)
        grouped[bare] = grouped.get(bare, 0) + 1
    for bare, count in grouped.items():
        many = f"none for any of the {count} numbers in it" if count > 1 else "none"
        yield Problem(dotted(bare), f"a source in [sources]: {EXPECTED}", many)


def _under(path: Path, tops: set[Path]) -> bool:
    return any(path[:length] in tops for length in range(1, len(path) + 1))

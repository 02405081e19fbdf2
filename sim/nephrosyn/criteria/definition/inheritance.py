"""Definition sets that extend a shipped one and contain only what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import islice
from typing import Any

from nephrosyn.criteria.definition.catalogue import locate, sets
from nephrosyn.errors import MOST_PROBLEMS, CriteriaError, Problem, nearest, problem_of_hidden, value_text
from nephrosyn.text_files import UnreadableError, hidden_in, parsed_toml
from nephrosyn.toml_files import Layer, chain, merge_tables

REQUIRED_KEYS = ("name", "title")


def whole(content_toml: str, source: str) -> str:
    """Return a definition set with all thresholds of the sets it extends.

    Parameters
    ----------
    content_toml : str
        TOML, as `text` returns it.
    source : str
        Name of the set in messages.

    Returns
    -------
    str
        TOML; the text itself for a set that extends none.

    Raises
    ------
    CriteriaError
        If it is not TOML, extends a set that is not shipped, or has no name or title of its own.

    Examples
    --------
    >>> from nephrosyn.criteria import text
    >>> "raise_clears" in whole(text("source-n12-3"), "source-n12-3")
    True
    """
    last = Layer(source, read(content_toml, source))
    if "extends" not in last.tree:
        return content_toml
    base = last.tree["extends"]
    problems = [
        Problem(key, "a value of its own in a set that extends another", "nothing")
        for key in REQUIRED_KEYS
        if key not in last.tree
    ]
    if base not in sets():
        expected = f"one of the shipped sets ({', '.join(sets())})"
        like = nearest(base, sets()) if isinstance(base, str) else ""
        problems.append(Problem("extends", expected, value_text(base), like))
    if problems:
        raise CriteriaError(source, problems)
    layers = chain(last, _shipped_parent)
    merged: dict[str, Any] = reduce(lambda below, layer: merge_tables(below, layer.tree, _replaces), layers, {})
    del merged["extends"]
    return written(merged)


def _shipped_parent(layer: Layer) -> Layer | None:
    name = layer.tree.get("extends")
    return None if name is None else Layer.read(locate(name), name)


def read(content_toml: str, source: str) -> dict[str, Any]:
    """Return TOML as tables.

    Raises
    ------
    CriteriaError
        If it is not TOML, or contains invisible characters.
    """
    try:
        tree = parsed_toml(content_toml)
    except UnreadableError as error:
        raise CriteriaError(source, [Problem(source, error.expected, error.actual)]) from None
    wrong = [problem_of_hidden(path, text) for path, text in islice(hidden_in(tree), MOST_PROBLEMS)]
    if wrong:
        raise CriteriaError(source, wrong)
    return tree


def _replaces(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    """Whether a table replaces a threshold, which it does as a whole, with its citation."""
    return _is_threshold(below)


def _is_threshold(table: Mapping[str, Any]) -> bool:
    return "unit" in table


def written(content: Mapping[str, Any]) -> str:
    """Return tables as TOML; every value of a set is a string, a number or a list of strings."""
    return "\n".join(_lines(content, ())) + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, dict) and not _is_threshold(value)}
    if path:
        yield f"\n[{'.'.join(path)}]"
    for key, value in table.items():
        if key not in inner:
            yield f"{key} = {_value(value)}"
    for key, value in inner.items():
        yield from _lines(value, (*path, key))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(entry)}" for key, entry in value.items()) + " }"
    return json.dumps(value)

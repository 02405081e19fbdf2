"""Reading and checking definition sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from nephrosyn.criteria.definition.catalogue import text
from nephrosyn.criteria.definition.definition import DefinitionSet
from nephrosyn.criteria.definition.inheritance import read, whole
from nephrosyn.criteria.definition.omitted_sections import completed
from nephrosyn.errors import MOST_PROBLEMS, CriteriaError, Problem, nearest, value_text


def load(name_or_path: str | Path) -> DefinitionSet:
    """Read a definition set.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, or the path of a TOML file of the same form.

    Returns
    -------
    DefinitionSet
        The checked set.

    Raises
    ------
    CriteriaError
        With every problem found: unknown name or key, missing key or citation, wrong unit, contradiction.

    Examples
    --------
    >>> load("source").resistance.course.value
    12
    """
    return parse(text(name_or_path), str(name_or_path))


def parse(content_toml: str, source: str) -> DefinitionSet:
    """Check a definition set given as text.

    Parameters
    ----------
    content_toml : str
        TOML, as `text` returns it.
    source : str
        Name of the set in messages.

    Returns
    -------
    DefinitionSet
        The checked set.

    Raises
    ------
    CriteriaError
        As for `load`.
    """
    content = read(whole(content_toml, source), source)
    try:
        return DefinitionSet.model_validate(completed(content))
    except ValidationError as error:
        raise CriteriaError(source, _problems(error)) from None


def _problems(error: ValidationError) -> list[Problem]:
    expectations: dict[tuple[str, str], list[str]] = {}
    nearby: dict[str, str] = {}
    for detail in error.errors():
        path, expected, value, like = _describe(detail)
        expectations.setdefault((path, value), []).append(expected)
        nearby[path] = like
        if len(expectations) > MOST_PROBLEMS:
            break
    return [
        Problem(path, " or ".join(dict.fromkeys(texts)), value, nearby[path])
        for (path, value), texts in expectations.items()
    ]


def _describe(detail: Any) -> tuple[str, str, str, str]:
    keys = list(_keys(detail["loc"]))
    path = ".".join(keys) or "the set"
    if detail["type"] == "missing":
        return path, "this key", "nothing", ""
    if detail["type"] == "extra_forbidden":
        return (
            path,
            "a known key",
            f"an unknown key with {value_text(detail['input'])}",
            nearest(keys[-1], _known(keys[:-1])),
        )
    expected = str(detail["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return path, expected, "a contradiction", ""
    like = (
        nearest(
            detail["input"],
            detail.get("ctx", {}).get("expected", "").replace("'", "").replace(" or ", ", ").split(", "),
        )
        if isinstance(detail["input"], str)
        else ""
    )
    return path, expected, value_text(detail["input"]), like


def _keys(place: tuple[Any, ...]) -> Iterator[str]:
    """Keys of the file only: pydantic also names the members of unions."""
    here: Any = DefinitionSet
    for part in place:
        if isinstance(part, int):
            yield str(part)
        elif _is_table(here):
            yield part
            here = here.model_fields[part].annotation if part in here.model_fields else None


def _known(keys: list[str]) -> list[str]:
    here: Any = DefinitionSet
    for key in keys:
        here = here.model_fields[key].annotation if _is_table(here) and key in here.model_fields else None
    return list(here.model_fields) if _is_table(here) else []


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)

"""Findings as plain values for JSON, so that another process can draw them.

Only the classes of findings and statistics are made from plain values, and no code is run to make them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np

ROOMS = ("nephrosyn.report.findings.", "nephrosyn.statistics.")
"""Where classes may come from."""


def as_plain(value: Any) -> Any:
    """Return a value as plain values for JSON.

    Parameters
    ----------
    value : object
        Numbers, texts, arrays, lists, tuples, frozen sets, tables, and instances of classes of findings and statistics.

    Returns
    -------
    object
        For `from_plain`; each value that is neither a number nor a text nor None is a list that begins with its kind.

    Raises
    ------
    TypeError
        If there is a value of any other type.

    Examples
    --------
    >>> as_plain({("a", 1): [0.5, None]})
    ['table', [[['tuple', ['a', 1]], ['list', [0.5, None]]]]]
    """
    if isinstance(value, np.generic):
        return ["number", as_plain(np.asarray(value))]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return ["array", value.dtype.str, list(value.shape), b64encode(np.ascontiguousarray(value).tobytes()).decode()]
    if isinstance(value, list):
        return ["list", [as_plain(item) for item in value]]
    if isinstance(value, Mapping):
        return ["table", [[as_plain(key), as_plain(item)] for key, item in value.items()]]
    of = type(value)
    if is_dataclass(of) and of.__module__.startswith(ROOMS):
        return ["object", of.__module__, of.__qualname__, [as_plain(getattr(value, name)) for name in _names(of)]]
    if isinstance(value, tuple) and of.__module__.startswith(ROOMS):
        return ["object", of.__module__, of.__qualname__, [as_plain(item) for item in value]]
    if of is frozenset:
        return ["set", [as_plain(item) for item in sorted(value)]]
    if of is tuple:
        return ["tuple", [as_plain(item) for item in value]]
    raise TypeError(f"no plain value for {of.__module__}.{of.__qualname__}")


def _names(of: Any) -> list[str]:
    return [field.name for field in fields(of)]


def from_plain(value: Any) -> Any:
    """Return what was written by `as_plain`.

    Raises
    ------
    TypeError
        If it names a class from anywhere else.

    Examples
    --------
    >>> from_plain(as_plain({("a", 1): [0.5, None]}))
    {('a', 1): [0.5, None]}
    """
    if not isinstance(value, list):
        return value
    kind, *content = value
    if kind == "number":
        return from_plain(content[0])[()]
    if kind == "array":
        dtype, shape, text = content
        return np.frombuffer(b64decode(text), dtype).reshape(shape).copy()
    if kind == "table":
        return {from_plain(key): from_plain(item) for key, item in content[0]}
    if kind == "object":
        return _object(*content)
    items = [from_plain(item) for item in content[0]]
    return {"tuple": tuple, "set": frozenset}.get(kind, list)(items)


def _object(module: str, name: str, content: list[Any]) -> Any:
    of = getattr(import_module(module), name, None) if module.startswith(ROOMS) else None
    if not isinstance(of, type):
        raise TypeError(f"no class of findings: {module}.{name}")
    values = [from_plain(item) for item in content]
    return of(**dict(zip(_names(of), values, strict=True))) if is_dataclass(of) else of(*values)

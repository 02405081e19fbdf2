"""The thresholds of a set for children or adults, with None for what is off."""

from __future__ import annotations

from types import SimpleNamespace

from pydantic import BaseModel

_kept: dict = {}


def settings(definition, child):
    key = (id(definition), child)
    if key not in _kept:
        _kept[key] = (definition, _plain(definition, child))  # the set is kept too, so that its id stays its own
    return _kept[key][1]


def _plain(part, child):
    if hasattr(part, "of"):
        value = part.of(child)
        return None if value == "off" else value
    if isinstance(part, BaseModel):
        return SimpleNamespace(**{name: _plain(getattr(part, name), child) for name in type(part).model_fields})
    return part

"""The same cases in one or two systems of units merged into one tree, which keeps both wordings where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from nephrosyn.teach.model import CaseSet, UnitSystem

Tree: TypeAlias = dict[str, Any]
NEVER_DIFFER = {"id", "kind", "version", "credit", "pair", "difficulty", "distractor"}


@dataclass(frozen=True)
class Both:
    """The wordings of one place in both systems of units."""

    by: Mapping[str, Any]


def primary_first(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem) -> list[UnitSystem]:
    """Return the systems of units of some sets, the primary one first."""
    return sorted(sets, key=lambda units: (units != primary, units))


def overlay(sets: Mapping[UnitSystem, CaseSet]) -> Tree:
    """Return the title, the notice and the cases of the sets as one tree.

    Parameters
    ----------
    sets : mapping of str to CaseSet
        The same cases by system of units; at least one.

    Returns
    -------
    dict
        Fields of `CaseSet`. A text or number stays as it is if all sets agree, and is a `Both` otherwise.

    Raises
    ------
    ValueError
        If the sets do not hold the same cases: ids, questions or numbers of parts differ.
    """
    dumps = {units: sets[units].model_dump() for units in sorted(sets)}
    if not dumps:
        raise ValueError("a page needs the cases in at least one system of units")
    return {field: _laid({units: dump[field] for units, dump in dumps.items()}, field) for field in _fields()}


def _fields() -> list[str]:
    return [field for field in CaseSet.model_fields if field != "units"]


def _laid(values: Mapping[str, Any], path: str) -> Any:
    first, *rest = values.values()
    if isinstance(first, dict):
        _same(values, path, sorted)
        return {
            name: _laid({units: value[name] for units, value in values.items()}, f"{path}.{name}") for name in first
        }
    if isinstance(first, tuple):
        _same(values, path, len)
        return [_laid({units: value[i] for units, value in values.items()}, f"{path}.{i}") for i in range(len(first))]
    if all(value == first for value in rest):
        return first
    if path.rpartition(".")[2] in NEVER_DIFFER:
        raise ValueError(f"{path}: expected the same in every system of units, got {dict(values)}")
    return Both(dict(values))


def _same(values: Mapping[str, Any], path: str, measure: Any) -> None:
    sizes = {units: measure(value) for units, value in values.items()}
    if len({str(size) for size in sizes.values()}) > 1:
        raise ValueError(f"{path}: expected the same parts in every system of units, got {sizes}")


def variants(value: Any) -> list[tuple[str, Any]]:
    """Return each wording of a place with its units; a single wording without units if all agree.

    Examples
    --------
    >>> variants("oedema")
    [('', 'oedema')]
    >>> variants(Both({"conventional": "2.1 g/dL", "si": "21 g/L"}))
    [('conventional', '2.1 g/dL'), ('si', '21 g/L')]
    """
    return list(value.by.items()) if isinstance(value, Both) else [("", value)]


def in_units(tree: Any, units: str) -> Any:
    """Return a tree, or a part of one, in one system of units."""
    if isinstance(tree, Both):
        return tree.by[units]
    if isinstance(tree, dict):
        return {name: in_units(part, units) for name, part in tree.items()}
    if isinstance(tree, list):
        return [in_units(part, units) for part in tree]
    return tree

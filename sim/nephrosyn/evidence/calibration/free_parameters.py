"""The numbers a calibration may change: a key of a setting, its range by the schema, and the scale it is moved on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load
from nephrosyn.scenario.files.inheritance import read_layers
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.tree import MISSING, Path, at, dotted, is_law, is_number, split

WIDEST = 20.0
"""A number without a limit is sought between a twentieth and twenty times what it is."""
NEAREST_TO_LIMIT = 0.002
HALVINGS = 8


@dataclass(frozen=True)
class Free:
    """A number to be fitted.

    Attributes
    ----------
    setting : str
        The scenario that holds it: it changes there, and in all that extend it and do not set the key themselves.
    path : tuple of str
        Its key.
    start : float
        What it is now.
    low, high : float
        The range it is sought in.
    """

    setting: str
    path: Path
    start: float
    low: float
    high: float

    @property
    def key(self) -> str:
        """Its dotted key."""
        return dotted(self.path)

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1, and so moves as its log-odds; others move as their logarithm."""
        return self.high <= 1.0

    def to_scale(self, value: float) -> float:
        """Return a value on the scale it is moved on."""
        kept = min(max(value, self.low), self.high)
        return math.log(kept / (1 - kept)) if self.is_share else math.log(kept)

    def from_scale(self, moved: float) -> float:
        """Return the value at a place of the scale."""
        return 1 / (1 + math.exp(-moved)) if self.is_share else math.exp(moved)

    def changes(self, name: str) -> bool:
        """Whether it stands in a scenario: the setting itself, or one that takes the key from it."""
        layers = read_layers(name)
        labels = [layer.label for layer in layers]
        if self.setting not in labels:
            return False
        after = layers[labels.index(self.setting) + 1 :]
        return all(at(layer.tree, self.path) is MISSING for layer in after)


def free(text: str, setting: str) -> Free | str:
    """Read ``KEY``, ``SETTING:KEY`` or either with ``=START``; what is wrong with it as a text.

    Parameters
    ----------
    text : str
        As asked for. A start makes a calibration independent of what the number is now, so that one that was written
        into the setting can be made again.
    setting : str
        The setting of a bare key.
    """
    asked, told, begin = text.partition("=")
    named, colon, key = asked.rpartition(":")
    holder = named if colon else setting
    path = split(key)
    resolved = load(holder)
    tree = resolved.scenario.model_dump(mode="json")
    value = at(tree, path)
    if value is MISSING:
        return f"{text}: expected a key of {holder}; found no such key"
    if not is_number(value):
        inner = [dotted((*path, name)) for name, part in value.items() if is_number(part)] if is_law(value) else []
        found = f"a law; its numbers are {', '.join(inner)}" if inner else "something else"
        return f"{text}: expected the key of one number; found {found}"
    start = _number(begin) if told else float(value)
    if start is None or not allowed(holder, path, start):
        return f"{text}: expected a start that {holder} may have; found {begin}"
    low, high = (reachable(holder, path, start, end) for end in limits(tree, path, start))
    return Free(holder, path, start, low, high)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def reachable(holder: str, path: Path, start: float, end: float) -> float:
    """Return how far a number may go towards an end of its range before the scenario as a whole forbids it.

    What holds between keys (shares that must not exceed 1 together) stands in no range of the schema.
    """
    if allowed(holder, path, end):
        return end
    good, bad = start, end
    for _ in range(HALVINGS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if allowed(holder, path, middle) else (good, middle)
    return good


def allowed(holder: str, path: Path, value: float) -> bool:
    """Whether a scenario with this value is one."""
    try:
        load(holder, [f"{dotted(path)}={value!r}"])
    except ScenarioError:
        return False
    return True


def limits(tree: Any, path: Path, value: float) -> tuple[float, float]:
    """Return the range of a number: that of the schema, or a wide one about what it is."""
    node = {} if is_law(at(tree, path[:-1])) else number_node(paths.node(path) or {})
    low = node.get("minimum", node.get("exclusiveMinimum", 0.0))
    high = node.get("maximum", node.get("exclusiveMaximum", math.inf))
    if high <= 1.0:
        return max(low, NEAREST_TO_LIMIT), min(high, 1 - NEAREST_TO_LIMIT)
    about = value or 1.0
    return max(low, about / WIDEST), min(high, about * WIDEST)


def number_node(node: Any) -> Any:
    """Return the part of a schema node that is a number."""
    return next((one for one in node.get("anyOf", []) if one.get("type") in ("number", "integer")), node)

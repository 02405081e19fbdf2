"""Free parameters of a calibration: the key in a setting, the range from the schema, and the fitting scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.files.inheritance import read_layers
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.tree import MISSING, Path, dotted, get, is_distribution, is_number, split

WIDEST = 20.0
"""A parameter without limits is searched between one twentieth and twenty times its value."""
NEAREST_TO_LIMIT = 0.002
"""Shares are searched up to this distance from 0 and 1."""
HALVINGS = 8
"""Steps of the bisection in `reachable`."""


@dataclass(frozen=True)
class FreeParameter:
    """A parameter to be fitted.

    Attributes
    ----------
    setting : str
        The scenario that contains it. It changes there, and in scenarios that extend it and do not set the key.
    path : tuple of str
        Its key.
    start : float
        Value at which the fit begins.
    low, high : float
        The search range.
    prior : tuple of float
        The range in which the prior of the posterior is flat on the fitting scale; the search range by default.
    """

    setting: str
    path: Path
    start: float
    low: float
    high: float
    prior: tuple[float, float]

    @property
    def key(self) -> str:
        """The dotted key."""
        return dotted(self.path)

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1. The fitting scale of a share is its log-odds, of any other its logarithm."""
        return self.high <= 1.0

    def to_scale(self, value: float) -> float:
        """Return a value, clipped to the range, on the fitting scale."""
        clipped = min(max(value, self.low), self.high)
        return math.log(clipped / (1 - clipped)) if self.is_share else math.log(clipped)

    def from_scale(self, place: float) -> float:
        """Return the value at a place on the fitting scale."""
        return 1 / (1 + math.exp(-place)) if self.is_share else math.exp(place)

    def changes(self, name: str) -> bool:
        """Whether it affects a scenario: its own setting, or one that inherits the key from it."""
        layers = read_layers(name)
        labels = [layer.label for layer in layers]
        if self.setting not in labels:
            return False
        after = layers[labels.index(self.setting) + 1 :]
        return all(get(layer.tree, self.path) is MISSING for layer in after)


def read_free_parameter(text: str, setting: str) -> FreeParameter | str:
    """Parse ``KEY``, ``SETTING:KEY``, or either with ``=START`` or ``=START:LOW:HIGH``.

    Parameters
    ----------
    text : str
        A start value makes the calibration independent of the current value, so that it can be repeated after its
        result was written into the setting.
    setting : str
        The setting of a bare key.

    Returns
    -------
    FreeParameter or str
        The parameter, or what is wrong with the text.
    """
    full_key, has_start, numbers = text.partition("=")
    begin, has_range, ends = numbers.partition(":")
    named, colon, key = full_key.rpartition(":")
    holder = named if colon else setting
    path = split(key)
    resolved = load(holder)
    tree = resolved.scenario.model_dump(mode="json")
    value = get(tree, path)
    if value is MISSING:
        return f"{text}: expected a key of {holder}; found no such key"
    if not is_number(value):
        inner = (
            [dotted((*path, name)) for name, part in value.items() if is_number(part)] if is_distribution(value) else []
        )
        actual = f"a distribution; its numbers are {', '.join(inner)}" if inner else "something else"
        return f"{text}: expected the key of one number; found {actual}"
    start = _finite_number(begin) if has_start else float(value)
    if start is None or not allowed(holder, path, start):
        return f"{text}: expected a start that {holder} may have; found {begin}"
    low, high = (reachable(holder, path, start, end) for end in limits(tree, path, start))
    prior = _range(ends, low, start, high) if has_range else (low, high)
    if prior is None:
        return f"{text}: expected START:LOW:HIGH with LOW < START < HIGH, from {low:.3g} to {high:.3g}; found {numbers}"
    return FreeParameter(holder, path, start, low, high, prior)


def given_parameters(
    table: Mapping[str, Sequence[float]], names: Sequence[str], free: Sequence[FreeParameter]
) -> dict[str, FreeParameter]:
    """Return the numbers of a table of draws that change any of some scenarios, and are not free, by column.

    Parameters
    ----------
    table : mapping of str to sequence of float
        The draws by column, ``setting:key``.
    names : sequence of str
        The scenarios.
    free : sequence of FreeParameter
        The free parameters.
    """
    found: dict[str, FreeParameter] = {}
    for column, draws in table.items():
        setting, _, key = column.rpartition(":")
        if setting not in shipped() or any((one.setting, one.key) == (setting, key) for one in free):
            continue
        start = float(get(load(setting).scenario.model_dump(mode="json"), split(key)))
        ends = min(*draws, start), max(*draws, start)
        parameter = FreeParameter(setting, split(key), start, *ends, ends)
        if any(parameter.changes(name) for name in names):
            found[column] = parameter
    return found


def _range(text: str, least: float, start: float, most: float) -> tuple[float, float] | None:
    low, high = (_finite_number(part) for part in [*text.split(":"), "", ""][:2])
    if low is None or high is None or text.count(":") != 1 or not least <= low < start < high <= most:
        return None
    return low, high


def _finite_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def reachable(holder: str, path: Path, start: float, end: float) -> float:
    """Return the last value on the way to an end of the range that the scenario as a whole accepts.

    The range of one key does not show constraints between keys, such as shares whose sum must not exceed 1.
    """
    if allowed(holder, path, end):
        return end
    good, bad = start, end
    for _ in range(HALVINGS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if allowed(holder, path, middle) else (good, middle)
    return good


def allowed(holder: str, path: Path, value: float) -> bool:
    """Whether the scenario is valid with this value."""
    try:
        load(holder, [f"{dotted(path)}={value!r}"])
    except ScenarioError:
        return False
    return True


def limits(tree: Any, path: Path, value: float) -> tuple[float, float]:
    """Return the search range of a number: that of the schema, or a wide one around its value."""
    node = {} if is_distribution(get(tree, path[:-1])) else number_node(paths.node(path) or {})
    low = node.get("minimum", node.get("exclusiveMinimum", 0.0))
    high = node.get("maximum", node.get("exclusiveMaximum", math.inf))
    if high <= 1.0:
        return max(low, NEAREST_TO_LIMIT), min(high, 1 - NEAREST_TO_LIMIT)
    about = value or 1.0
    return max(low, about / WIDEST), min(high, about * WIDEST)


def number_node(node: Any) -> Any:
    """Return the alternative of a schema node that is a number."""
    alternatives = node.get("anyOf", [])
    return next((child for child in alternatives if child.get("type") in ("number", "integer")), node)

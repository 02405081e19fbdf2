"""What the schema says about a path: its unit, its range, and the keys below it."""

from __future__ import annotations

from functools import cache
from typing import Any

from nephrosyn.errors import number_text
from nephrosyn.scenario.schema.calendar import FIRST_DATE, LAST_DATE
from nephrosyn.scenario.schema.scenario import Scenario
from nephrosyn.scenario.schema.units import SMALLEST
from nephrosyn.scenario.tree import Path

Node = dict[str, Any]

DISTRIBUTION_REFERENCE = "#/$defs/Distribution"


@cache
def schema() -> Node:
    """Return the JSON Schema of a complete scenario, as pydantic generates it."""
    return Scenario.model_json_schema()


def opened(node: Node) -> Node:
    """Return a node with its reference resolved; other keys of the node are kept."""
    if "$ref" not in node:
        return node
    target = schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return {**target, **node}


def node(path: Path) -> Node | None:
    """Return the schema node at a path, or None if the schema has no such key."""
    here = schema()
    for key in path:
        following = _child(here, key)
        if following is None:
            return None
        here = opened(following)
    return here


def _child(parent: Node, key: str) -> Node | None:
    if key in parent.get("properties", {}):
        return _as_node(parent["properties"][key])
    if parent.get("type") == "array":
        places = parent.get("prefixItems")
        if not key.isdecimal():
            return None
        if places:
            return _as_node(places[int(key)]) if int(key) < len(places) else None
        return _as_node(parent.get("items"))
    names = parent.get("propertyNames")
    if names and key not in opened(names).get("enum", [key]):
        return None
    return _as_node(parent.get("additionalProperties"))


def _as_node(value: Any) -> Node | None:
    return value if isinstance(value, dict) else None


def keys(path: Path) -> list[str]:
    """Return the keys that the schema defines for the table at a path; empty where any name is allowed."""
    here = node(path)
    if here is None:
        return []
    names = opened(here.get("propertyNames", {})).get("enum", [])
    return [*here.get("properties", {}), *names]


def choices(path: Path) -> list[str]:
    """Return the texts that the schema allows at a path; empty if any text is allowed, or none."""
    here = node(path) or {}
    members = [opened(child) for child in here.get("anyOf", [here])]
    return [text for member in members for text in [*member.get("enum", []), *_constant(member)]]


def _constant(here: Node) -> list[str]:
    return [str(here["const"])] if "const" in here else []


def is_distribution(path: Path) -> bool:
    """Whether the schema expects a distribution at a path."""
    here = node(path)
    return here is not None and here.get("$ref") == DISTRIBUTION_REFERENCE


def unit(path: Path) -> str:
    """Return the unit of the number, list of numbers or distribution at a path; empty if it has none.

    Examples
    --------
    >>> unit(("population", "follow_up_days"))
    'days'
    """
    return _unit(node(path))


def _unit(here: Node | None) -> str:
    if here is None:
        return ""
    if "unit" in here:
        return str(here["unit"])
    inner = [*here.get("anyOf", []), *here.get("prefixItems", []), here.get("items")]
    return next((inner_unit for child in inner if isinstance(child, dict) and (inner_unit := _unit(opened(child)))), "")


def expected(path: Path) -> str:
    """Describe what the schema expects at a path.

    Examples
    --------
    >>> expected(("population", "follow_up_days"))
    'a number from 1 to 36525 (days)'
    """
    here = node(path)
    return _text(here) if here is not None else "a known key"


def _text(here: Node) -> str:
    if here.get("$ref") == DISTRIBUTION_REFERENCE:
        return f'a distribution such as {{dist = "lognorm", s = 0.5, scale = 8}}{_bracketed(here)}'
    if "anyOf" in here:
        return " or ".join(dict.fromkeys(_text(opened(child)) for child in here["anyOf"]))
    if "const" in here:
        return f'"{here["const"]}"'
    if "enum" in here:
        return "one of " + ", ".join(map(str, here["enum"]))
    kind = here.get("type")
    if kind in ("number", "integer"):
        return ("a number" if kind == "number" else "a whole number") + _range(here) + _bracketed(here)
    if kind == "array":
        places = here.get("prefixItems")
        if places:
            return f"a list of {len(places)} numbers"
        most = f" of at most {here['maxItems']}" if "maxItems" in here else ""
        return f"a list{most}, each {_text(opened(here['items']))}"
    if here.get("format") == "date":
        return f'a date from {FIRST_DATE} to {LAST_DATE}, as "2020-01-31"'
    return {"boolean": "true or false", "string": "a text", "object": "a table"}[str(kind)]


def _range(here: Node) -> str:
    names = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    least, above, most, below = (None if here.get(name) is None else number_text(here[name]) for name in names)
    low = f" from {least}" if least else f" above {above}" if above else ""
    high = f" to {most}" if most else f" below {below}" if below else ""
    return f"{low} and up to {most}" if above and most else low + high


def expected_or_zero(path: Path) -> str:
    """Describe what the schema expects at a path whose number is too small to be intended.

    Examples
    --------
    >>> expected_or_zero(("care", "cut_fraction"))
    '0 or a number from 1e-09 to 1 (fraction)'
    """
    here = node(path) or {}
    here = next((member for member in here.get("anyOf", []) if "maximum" in member), here)
    if "maximum" not in here:  # a number within a table, such as that of an uncertain number
        return f"numbers that are 0 or at least {number_text(SMALLEST)}"
    return f"0 or a number from {number_text(SMALLEST)} to {number_text(here['maximum'])}{_bracketed(here)}"


def _bracketed(here: Node) -> str:
    return f" ({here['unit']})" if "unit" in here else ""

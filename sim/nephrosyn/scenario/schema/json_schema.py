"""The JSON Schema of scenario files, for editors."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.uncertainty import ENTRIES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PARTIAL = "Partial"
FILE_NAME = "scenario.schema.json"

Node = dict[str, Any]


def json_schema() -> Node:
    """Return the JSON Schema (draft 2020-12) of a scenario file.

    A file that extends another may leave out any key; any other file needs them all. What a schema cannot express
    (sums, distributions, sources of every number) is checked by `nephrosyn check`.

    Returns
    -------
    dict
        The schema.

    Examples
    --------
    >>> json_schema()["title"]
    'A nephrosyn scenario'
    """
    complete = deepcopy(paths.schema())
    definitions: dict[str, Node] = complete.pop("$defs")
    complete["properties"]["sources"] = _sources()
    complete["properties"] = {"extends": _extends(), **complete["properties"]}
    definitions["Uncertainty"] = _uncertainty(complete["properties"]["uncertainty"])
    complete["properties"]["uncertainty"] = {"$ref": "#/$defs/Uncertainty"}
    complete["required"] = [key for key in complete["required"] if key != "sources"] + ["sources"]
    definitions["Scenario"] = complete
    for node in definitions.values():
        _describe(node)
    partial = {PARTIAL + name: _partial(node) for name, node in definitions.items()}
    top = partial.pop(PARTIAL + "Scenario")
    top["properties"]["uncertainty"] = complete["properties"]["uncertainty"]
    return {
        "$schema": DIALECT,
        "title": "A nephrosyn scenario",
        **{key: value for key, value in top.items() if key != "title"},
        "if": {"not": {"required": ["extends"]}},
        "then": {"$ref": "#/$defs/Scenario"},
        "$defs": dict(sorted({**definitions, **partial}.items())),
    }


def rendered() -> str:
    """Return the text of the schema file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _extends() -> Node:
    text = "The scenario that this one extends: a shipped name, or a path relative to this file."
    return {"type": "string", "description": text}


def _sources() -> Node:
    text = (
        "Source by dotted key: evidence ids, `calibrated: ids; run digest`, or `assumed: reason`. A key applies to "
        "everything below it without a nearer key."
    )
    source = {"type": "string", "pattern": r"^((assumed|calibrated):\s*\S|[A-Z])"}
    return {"type": "object", "description": text, "additionalProperties": {"anyOf": [source, {"type": "object"}]}}


def _uncertainty(entries: Node) -> Node:
    text = (
        "How well numbers are known, by dotted key: `counts`, a 95% `interval` or a `range`, with `source`; or `fixed` "
        "with the reason, which applies to everything below its key without a nearer one."
    )
    kinds = entries["additionalProperties"]["anyOf"]
    deeper = {"$ref": "#/$defs/Uncertainty"}
    return {
        "type": "object",
        "description": text,
        "not": {"anyOf": [{"required": [key]} for key in (*ENTRIES, "source")]},
        "additionalProperties": {"anyOf": [*kinds, deeper]},
    }


def _describe(node: Any) -> None:
    """Put the unit of each number into its description, and remove titles that only repeat the key."""
    if isinstance(node, list):
        for child in node:
            _describe(child)
    if not isinstance(node, dict):
        return
    for name, child in node.items():
        if name == "properties":
            for inner in child.values():
                if isinstance(inner, dict):
                    inner.pop("title", None)
        _describe(child)
    if isinstance(node.get("unit"), str):
        node["description"] = f"Unit: {node.pop('unit')}."
        for bound in ("values_from", "values_to", "values_mostly_to"):
            node.pop(bound, None)


def _partial(node: Any) -> Any:
    """Return a copy of a definition in which no key is required."""
    if isinstance(node, list):
        return [_partial(child) for child in node]
    if not isinstance(node, dict):
        return node
    copy = {name: _partial(child) for name, child in node.items() if name != "required"}
    if isinstance(copy.get("$ref"), str):
        copy["$ref"] = copy["$ref"].replace("#/$defs/", f"#/$defs/{PARTIAL}")
    return copy

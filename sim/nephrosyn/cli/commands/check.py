"""The verbs that look at a file without a run: a scenario, a definition set, the schema of scenarios."""

from __future__ import annotations

from nephrosyn.cli import console
from nephrosyn.cli.options import (
    NothingUnlessWrong,
    OnlyChanged,
    OnlyKeys,
    Overrides,
    ScenarioName,
    SchemaFile,
    SetName,
)


def check(
    scenario: ScenarioName,
    overrides: Overrides = None,
    only: OnlyKeys = None,
    changed: OnlyChanged = False,
    quiet: NothingUnlessWrong = False,
) -> None:
    """Check a scenario; print each value with unit and source."""
    from nephrosyn import criteria
    from nephrosyn.scenario import load

    resolved = load(scenario, overrides or ())
    for name in resolved.scenario.criteria:
        criteria.load(name)
    if not quiet:
        console.scenario(resolved, scenario, only, changed)


def check_criteria(
    criteria: SetName,
    quiet: NothingUnlessWrong = False,
) -> None:
    """Check a definition set; say each clause in words.

    Each comes with its source and grade.
    """
    from nephrosyn.criteria import load

    found = load(criteria)
    if not quiet:
        console.definition(found)


def schema(
    out: SchemaFile = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from nephrosyn.scenario import json_schema

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    if out is None:
        console.say_json(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")

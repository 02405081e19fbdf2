"""Commands that check a file without a run: ``check``, ``check-criteria``, ``schema``."""

from __future__ import annotations

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import (
    OnlyChanged,
    OnlyKeys,
    Overrides,
    ScenarioName,
    SchemaFile,
    SetName,
    Silent,
)


def check(
    scenario: ScenarioName,
    overrides: Overrides = None,
    only: OnlyKeys = None,
    changed: OnlyChanged = False,
    quiet: Silent = False,
) -> None:
    """Check a scenario and print its values.

    Each value is printed with its unit and source.
    """
    from nephrosyn import criteria
    from nephrosyn.scenario import load
    from nephrosyn.uncertainty import check_laws

    resolved = load(scenario, overrides or ())
    check_laws(resolved)
    for name in resolved.scenario.criteria:
        criteria.load(name)
    if not quiet:
        console.scenario(resolved, scenario, only, changed)


def check_criteria(
    criteria: SetName,
    quiet: Silent = False,
) -> None:
    """Check a definition set and print its clauses in words.

    Each clause is printed with the values, grades and sources of its thresholds.
    """
    from nephrosyn.criteria import load

    definition = load(criteria)
    if not quiet:
        console.definition(definition)


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


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (check, check_criteria, schema):
        app.command()(command)

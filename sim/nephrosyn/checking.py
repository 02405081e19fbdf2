"""The verbs that look at a file without a run: a scenario, a definition set, the schema of scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephrosyn import console
from nephrosyn.options import NothingUnlessWrong, Overrides, ScenarioName


def check(
    scenario: ScenarioName,
    overrides: Overrides = None,
    only: Annotated[str | None, typer.Option(metavar="PATTERN", help="Only keys like this, as 'care.*'.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only what differs from what it extends.")] = False,
    quiet: NothingUnlessWrong = False,
) -> None:
    """Check a scenario; print each value with unit and source."""
    from nephrosyn.scenario import load

    resolved = load(scenario, overrides or ())
    if not quiet:
        console.scenario(resolved, scenario, only, changed)


def check_criteria(
    criteria: Annotated[
        str, typer.Argument(metavar="NAME", help="A shipped definition set (see list) or a TOML file.")
    ],
    quiet: NothingUnlessWrong = False,
) -> None:
    """Check a definition set; say each clause in words, with source and grade."""
    from nephrosyn.criteria import load

    found = load(criteria)
    if not quiet:
        console.definition(found)


def schema(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file.")] = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from nephrosyn.scenario import json_schema

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    if out is None:
        console.say(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")

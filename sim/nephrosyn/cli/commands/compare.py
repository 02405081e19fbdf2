"""Commands that compare results: ``compare`` under different care, ``reclassify`` under another definition set."""

from __future__ import annotations

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import (
    AsJson,
    FromSet,
    OneSet,
    Out,
    Overwrite,
    Quiet,
    Record,
    RunFolder,
    Runs,
    ToSet,
    Uncertainty,
    View,
    Workers,
)


def compare(
    runs: Runs,
    criteria: OneSet = None,
    view: Record = View.observed,
    uncertainty: Uncertainty = None,
    workers: Workers = None,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare runs of the same patients under different care.

    Runs must have the same seed and number of patients.
    """
    import nephrosyn as ns

    with console.Progress(quiet) as progress:
        comparison = ns.compare(
            *runs, criteria=criteria, view=view.value, uncertainty=uncertainty, workers=workers, progress=progress
        )
    page = None if out is None else comparison.write(out, overwrite=overwrite)
    if as_json:
        console.say_json(comparison.json())
    elif not quiet:
        console.comparison(comparison, page)


def reclassify(
    run: RunFolder,
    from_: FromSet,
    to: ToSet,
    view: Record = View.observed,
    uncertainty: Uncertainty = None,
    workers: Workers = None,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show who changes category between two definition sets."""
    import nephrosyn as ns

    with console.Progress(quiet) as progress:
        reclassification = ns.reclassify(
            run, from_, to, view=view.value, uncertainty=uncertainty, workers=workers, progress=progress
        )
    page = None if out is None else reclassification.write(out, overwrite=overwrite)
    if as_json:
        console.say_json(reclassification.json())
    elif not quiet:
        console.reclassification(reclassification, page)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (compare, reclassify):
        app.command()(command)

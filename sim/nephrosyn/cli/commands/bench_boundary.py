"""The command ``bench boundary``: patients at the boundaries of a definition set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.commands.bench import (
    SEVERITY,
    Classifiers,
    Severity,
    announce,
    bench,
    classifier_names,
    severities_of,
)
from nephrosyn.cli.options import Overwrite, Quiet, SetName, listed, local_path


@bench.command("boundary")
def bench_boundary(
    name: SetName,
    classifier: Classifiers = None,
    perturbations: Annotated[
        list[str] | None,
        typer.Option("--perturbations", metavar="all|NAME", help="Kinds of error [default: none]; repeatable."),
    ] = None,
    severity: Severity = SEVERITY,
    per_boundary: Annotated[
        int, typer.Option("--per-boundary", metavar="N", help="Patients wanted for each threshold and direction.")
    ] = 10,
    simulate: Annotated[
        int, typer.Option("--simulate", metavar="N", help="Largest number of patients that are simulated.")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Seed of the cohort and of the perturbations.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", parser=local_path, metavar="DIR", help="Folder for the results [default: NAME-boundary]."
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Score classifiers on patients whose verdict changes when a threshold moves by one step."""
    from dataclasses import replace

    from nephrosyn import criteria
    from nephrosyn.bench import run as bench_runs
    from nephrosyn.bench.boundary.bench import opened
    from nephrosyn.bench.boundary.sample import boundary_cohort
    from nephrosyn.bench.optional_packages import require
    from nephrosyn.bench.output import results, write

    require("sklearn")  # before thousands of patients are simulated
    definition = criteria.load(name)
    folder = out if out is not None else Path(f"{definition.name}-boundary")
    results.KIND.check(folder, overwrite=overwrite)
    with console.Progress(quiet) as progress:
        cohort = boundary_cohort(
            definition, per_boundary=per_boundary, seed=seed, most_simulated=simulate, progress=progress
        )
        answers = bench_runs.ask(
            opened(cohort, seed),
            classifier_names(classifier),
            listed(perturbations),
            severities_of(severity) if perturbations else [],
            progress=progress,
        )
        finished = replace(results.finish(answers), boundary=cohort)
        folder = write.write(finished, folder, overwrite=overwrite)
    announce(finished, folder, quiet)


def register(app: typer.Typer) -> None:
    """Do nothing: the command belongs to the group ``bench``, which is already registered."""

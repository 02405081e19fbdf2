"""The command ``run``."""

from __future__ import annotations

from typing import Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.commands.finished_run import announce
from nephrosyn.cli.options import Engine, Format, Overrides, Quiet, ScenarioName, Sets

MOST_FOR_DRAWING_PROCESS = 20_000
"""Patients of a run whose figures are drawn by a process that starts at once; later it would have to wait."""


def run(
    scenario: ScenarioName,
    patients: Annotated[int | None, typer.Option(metavar="N", help="Number of patients in each replicate.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Seed of the random numbers.")] = None,
    replicates: Annotated[int | None, typer.Option(metavar="R", help="Number of replicates of the cohort.")] = None,
    overrides: Overrides = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Simulation engine; results are the same.", show_default=False)
    ] = None,
    criteria: Sets = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Run folder or URL, e.g. s3://bucket/run [default: outputs/SCENARIO-DIGEST]."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="Format of the tables.")] = Format.parquet,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report into the run folder.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing run.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume an interrupted run or repair a damaged one.")
    ] = False,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Number of processes [default: all cores].")] = None,
    part_patients: Annotated[
        int | None, typer.Option(metavar="N", help="Approximate number of patients per part [default: 2000 to 5000].")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="URL", help="Dask scheduler, e.g. tcp://HOST:8786, or local:N.")
    ] = None,
    uncertainty: Annotated[
        int | None,
        typer.Option(metavar="N", help="Also play N draws of the scenario's uncertain numbers, at least 20."),
    ] = None,
    keep_draws: Annotated[
        bool, typer.Option("--keep-draws", help="Also keep the labels, tables and truth of every draw.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a scenario and classify its patients.

    The tables and a report are written to a run folder.
    """
    from nephrosyn.report import drawing_process
    from nephrosyn.runs.workers import local
    from nephrosyn.runs.workers.worth_starting import worth_starting_ahead

    try:
        if cluster is None:
            local.start_ahead(worth_starting_ahead(patients, replicates, part_patients, workers))
        if report and (patients or 0) <= MOST_FOR_DRAWING_PROCESS:
            drawing_process.start()
        import nephrosyn as ns

        with console.Progress(quiet) as progress:
            cohort = ns.run(
                scenario,
                patients=patients,
                seed=seed,
                replicates=replicates,
                overrides=overrides or (),
                engine=engine.value if engine else None,
                criteria=criteria or None,
                out=out,
                outputs="outputs",
                format=format_.value,
                report=report,
                overwrite=overwrite,
                resume=resume,
                workers=workers,
                part_patients=part_patients,
                cluster=cluster,
                uncertainty=uncertainty,
                keep_draws=keep_draws,
                progress=progress,
            )
    finally:
        drawing_process.stop()
        local.discard_ahead()
    announce(cohort, quiet)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(run)

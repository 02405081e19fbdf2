"""Commands for a finished run: ``classify``, ``report``, ``explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import Quiet, RunFolderOrUrl, Sets, View, local_path

if TYPE_CHECKING:
    from nephrosyn.api import Cohort


def announce(cohort: Cohort, quiet: bool) -> None:
    """Print the summary of a run, or only its location."""
    if quiet:
        console.say(cohort.location)
    else:
        console.summary(cohort)


def classify(
    run: RunFolderOrUrl,
    criteria: Sets = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave patients with impossible values undetermined and count them.")
    ] = False,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FORMAT", help="RUN is a record in another format instead, made anywhere: meds or omop."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=local_path, metavar="FILE", help="With --from: write the labels to a CSV file."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Classify the patients of a run by further definition sets.

    With --from, those of a record in another format, which may have been made elsewhere.
    """
    import nephrosyn as ns

    if not criteria:
        raise typer.BadParameter(
            "name at least one definition set; see: nephrosyn list criteria", param_hint="--criteria"
        )
    if out is not None and from_ is None:
        raise typer.BadParameter("the labels of a run are stored with it; only with --from", param_hint="--out")
    if from_ is not None:
        record = ns.read_record(from_, run)
        console.outside_labels(record, record.classify(criteria, keep_going=keep_going), out, quiet=quiet)
        return
    cohort = ns.open(run)
    with console.Progress(quiet) as progress:
        cohort.classify(criteria, keep_going=keep_going, progress=progress)
    announce(cohort, quiet)


def report(run: RunFolderOrUrl, quiet: Quiet = False) -> None:
    """Update the report of a run."""
    import nephrosyn as ns

    cohort = ns.open(run)
    with console.Progress(quiet) as progress:
        cohort.report(progress=progress)
    announce(cohort, quiet)


def explain(
    run: RunFolderOrUrl,
    patient: Annotated[int, typer.Argument(metavar="PATIENT", help="Number of the patient.")],
    criteria: Sets = None,
    replicate: Annotated[int, typer.Option(metavar="R", help="Number of the replicate.")] = 0,
    view: Annotated[
        View, typer.Option(help="Record to classify patients by: what the clinic recorded, or all that happened.")
    ] = View.observed,
) -> None:
    """Show one patient: course, record, and verdict by clause.

    Several definition sets are shown side by side.
    """
    import nephrosyn as ns

    patient_record = ns.open(run).patient(patient, replicate)
    verdicts = patient_record.verdicts(criteria or None, view.value)
    console.case(patient_record.tables, verdicts[0])
    if len(verdicts) > 1:
        console.say()
        console.side_by_side(verdicts)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (classify, report, explain):
        app.command()(command)

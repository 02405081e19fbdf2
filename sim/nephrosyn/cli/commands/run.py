"""Verbs on a run that stands: classify, report, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import Quiet, RunFolder, Sets, View

if TYPE_CHECKING:
    from nephrosyn.api import Cohort


def announce(cohort: Cohort, quiet: bool) -> None:
    """Say where a run lies, or what it gave."""
    if quiet:
        console.say(cohort.place)
    else:
        console.summary(cohort)


def classify(
    run: RunFolder,
    criteria: Sets = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave patients with impossible values undetermined, and count them.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Judge the patients of a run by further definition sets."""
    import nephrosyn as ns

    if not criteria:
        raise typer.BadParameter(
            "name at least one definition set; see: nephrosyn list criteria", param_hint="--criteria"
        )
    cohort = ns.open(run)
    with console.Progress(quiet) as progress:
        cohort.classify(criteria, keep_going=keep_going, progress=progress)
    announce(cohort, quiet)


def report(run: RunFolder, quiet: Quiet = False) -> None:
    """Write the report of a run anew."""
    import nephrosyn as ns

    cohort = ns.open(run)
    with console.Progress(quiet) as progress:
        cohort.report(progress=progress)
    announce(cohort, quiet)


def explain(
    run: RunFolder,
    patient: Annotated[int, typer.Argument(metavar="PATIENT", help="Number of the patient.")],
    criteria: Sets = None,
    replicate: Annotated[int, typer.Option(metavar="R", help="Which repeat.")] = 0,
    view: Annotated[View, typer.Option(help="Which record is judged.")] = View.observed,
) -> None:
    """Print one patient: course, record, verdict by clause.

    Of several sets side by side.
    """
    import nephrosyn as ns

    person = ns.open(run).patient(patient, replicate)
    verdicts = person.verdicts(criteria or None, view.value)
    console.case(person.tables, verdicts[0])
    if len(verdicts) > 1:
        console.say()
        console.side_by_side(verdicts)


def register(app: typer.Typer) -> None:
    """Give the command line these verbs."""
    for verb in (classify, report, explain):
        app.command()(verb)

"""Commands for lecturers: ``cases`` and ``cases lint``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.commands.group import RunFirstGroup
from nephrosyn.cli.console.errors import EXIT_FAILED
from nephrosyn.cli.options import Quiet, Sets, listed, local_path

LINT = "lint"
CASES = 20
Many = list[str] | None


class CasesGroup(RunFirstGroup):
    """The commands for cases; ``cases RUN`` means ``cases make RUN``."""

    default = "make"


cases = typer.Typer(
    cls=CasesGroup,
    help="Make practice cases from a run, or check existing cases.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cases.command()
def make(
    run: Annotated[Path, typer.Argument(parser=local_path, metavar="RUN", help="Folder of a finished run.")],
    count: Annotated[
        int | None, typer.Option(metavar="N", help="Number of cases; a near-miss pair counts as two [default: 20].")
    ] = None,
    criteria: Sets = None,
    format_: Annotated[
        Many,
        typer.Option(
            "--format", metavar="NAMES", help="Formats: html, markdown, moodle, anki, qti, scorm, rexams, json."
        ),
    ] = None,
    balance: Annotated[
        str,
        typer.Option(
            metavar="<category|natural>", help="category: equal numbers of each category; natural: as in the run."
        ),
    ] = "category",
    difficulty: Annotated[int | None, typer.Option(metavar="1..5", help="Predicted difficulty of all cases.")] = None,
    units: Annotated[str, typer.Option(metavar="SYSTEM", help="Units: conventional or si.")] = "conventional",
    spelling: Annotated[str, typer.Option(metavar="WHICH", help="Spelling: american or british.")] = "american",
    kind: Annotated[
        Many,
        typer.Option(
            metavar="NAMES",
            help="Kinds: single, numeric, key-features, staged, matching, near-miss, disagreement [default: single].",
        ),
    ] = None,
    pick: Annotated[
        str | None,
        typer.Option(metavar="disagreement", help="Use only patients whom the definition sets classify differently."),
    ] = None,
    patient: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Make cases of this patient only; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Seed for the choice of patients and wordings.")] = 1,
    case: Annotated[str | None, typer.Option(metavar="ID", help="Make only the case with this id again.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=local_path, metavar="DIR", help="Folder for the cases [default: RUN-cases beside the run]."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing cases.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make practice cases from the record of a run.

    All cases are checked before they are written.
    """
    import nephrosyn as ns
    from nephrosyn.teach.make_cases import check, write
    from nephrosyn.teach.request import Request

    named = run if run.name not in ("", "..") else run.resolve()
    folder = out or named.parent / f"{named.name}-cases"
    patients = tuple(dict.fromkeys(patient or ()))
    request = Request(
        count=count if count is not None else len(patients) or CASES,
        criteria=tuple(criteria or ()),
        kinds=tuple(listed(kind)) if kind else ("disagreement",) if pick else ("single",),
        balance=balance,
        difficulty=difficulty,
        units=units,
        spelling=spelling,
        seed=seed,
        patients=patients,
    )
    formats = check(request, format_ or ["html", "json"], pick, folder, overwrite=overwrite)
    cohort = ns.open(run)
    with console.Progress(quiet) as progress:
        case_set, files = write(cohort, request, formats, folder, case, progress)
    if quiet:
        console.say(str(folder))
    else:
        console.cases(case_set, files, cohort.location, cohort.manifest["seed"])


@cases.command(LINT)
def lint(
    path: Annotated[
        Path, typer.Argument(parser=local_path, metavar="FILE|FOLDER", help="Cases as JSON, or a folder of such files.")
    ],
    criteria: Sets = None,
    quiet: Quiet = False,
) -> None:
    """Check cases against the rules of item writing.

    The exit code is 1 if any rule is broken.
    """
    from nephrosyn.teach.make_cases import lint_files

    findings, checked = lint_files(path, criteria or ())
    if not quiet or findings:
        console.case_lint(findings, checked)
    if findings:
        raise typer.Exit(EXIT_FAILED)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(cases, name="cases")

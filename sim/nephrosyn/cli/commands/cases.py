"""Verbs for educators: cases, and cases lint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nephrosyn.cli import console
from nephrosyn.cli.options import Quiet, Sets

EXIT_FAILED = 1
LINT = "lint"
Many = list[str] | None


class RunFirst(TyperGroup):
    """A group whose first word may also be a run folder: ``cases RUN`` means ``cases make RUN``."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help flag."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb before a run folder."""
        if args and args[0] not in (*self.commands, "--help", "-h"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


cases = typer.Typer(
    cls=RunFirst,
    help="Make practice cases from the record of a run, or lint them.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cases.command()
def make(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    count: Annotated[int, typer.Option(metavar="N", help="How many; a near-miss pair is two.")] = 20,
    criteria: Sets = None,
    format_: Annotated[
        Many, typer.Option("--format", metavar="NAMES", help="html, markdown, moodle, anki, qti, scorm, rexams, json.")
    ] = None,
    balance: Annotated[str, typer.Option(metavar="HOW", help="label: categories alike; natural: as in the run.")] = (
        "label"
    ),
    difficulty: Annotated[int | None, typer.Option(metavar="1..5", help="Only of this predicted difficulty.")] = None,
    units: Annotated[str, typer.Option(metavar="SYSTEM", help="conventional or si.")] = "conventional",
    spelling: Annotated[str, typer.Option(metavar="WHICH", help="american or british.")] = "american",
    kind: Annotated[
        Many,
        typer.Option(
            metavar="NAMES",
            help="single, numeric, key-features, staged, matching, near-miss, disagreement. [default: single]",
        ),
    ] = None,
    pick: Annotated[
        str | None, typer.Option(metavar="WHAT", help="disagreement: records on which definition sets disagree.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Which patients, and which wordings.")] = 1,
    case: Annotated[str | None, typer.Option(metavar="ID", help="Make this one case again, alone.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder [default: RUN-cases beside the run].")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace cases that stand there.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make practice cases; every set is linted before it is written."""
    import nephrosyn as ns
    from nephrosyn.teach.make_cases import check, write
    from nephrosyn.teach.request import Request

    stands = run if run.name not in ("", "..") else run.resolve()
    folder = out or stands.parent / f"{stands.name}-cases"
    request = Request(
        count=count,
        criteria=tuple(criteria or ()),
        kinds=tuple(_listed(kind)) if kind else ("disagreement",) if pick else ("single",),
        balance=balance,
        difficulty=difficulty,
        units=units,
        spelling=spelling,
        seed=seed,
    )
    formats = check(request, format_ or ["html", "json"], pick, folder, overwrite=overwrite)
    cohort = ns.open(run)
    with console.Progress(quiet) as progress:
        made, files = write(cohort, request, formats, folder, case, progress)
    if quiet:
        console.say(str(folder))
    else:
        console.cases(made, files)


@cases.command(LINT)
def lint(
    path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="Cases as JSON, or a folder with such files.")],
    criteria: Sets = None,
    quiet: Quiet = False,
) -> None:
    """Hold cases against the rules of good items; exit code 1 if any is broken."""
    from nephrosyn.teach.make_cases import lint_files

    found, checked = lint_files(path, criteria or ())
    if not quiet or found:
        console.case_lint(found, checked)
    if found:
        raise typer.Exit(EXIT_FAILED)


def _listed(texts: list[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def register(app: typer.Typer) -> None:
    """Give the command line these verbs."""
    app.add_typer(cases, name="cases")

"""The command ``export``."""

from __future__ import annotations

from typing import Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import Overwrite, Quiet, RunFolderOrUrl, listed


def export(
    run: RunFolderOrUrl,
    to: Annotated[str, typer.Option(metavar="FORMAT", help="Format: meds, omop, omop-parquet or fhir.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder to write; an interrupted export is continued.")],
    labels: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SET", help="Definition set whose labels are exported, or none; repeatable [default: all]."
        ),
    ] = None,
    codes: Annotated[
        str, typer.Option(metavar="CODES", help="standard, local, or a TOML file with codes of your own.")
    ] = "standard",
    split: Annotated[
        str | None, typer.Option(metavar="SHARES", help="Divide the patients: train=0.7,tuning=0.1,held_out=0.2.")
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Number of processes [default: all cores].")] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Export the record of a run in a standard format.

    The truth is never exported; labels are, apart from the record.
    """
    import nephrosyn as ns

    with console.Progress(quiet) as progress:
        folder = ns.open(run).export(
            to,
            out,
            labels=listed(labels) or None,
            codes=codes,
            split=split,
            workers=workers,
            overwrite=overwrite,
            progress=progress,
        )
    if quiet:
        console.say(str(folder))
    else:
        console.exported(folder)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(export)

"""The command ``explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import Overrides, Overwrite, Quiet, Sets, local_path


def explore(
    subject: Annotated[
        str, typer.Argument(metavar="SCENARIO|RUN", help="Shipped scenario, TOML file, or folder of a finished run.")
    ],
    patients: Annotated[
        int | None, typer.Option(metavar="N", help="Number of patients, at most 5000 [default: 300].")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Seed of the random numbers.")] = None,
    criteria: Sets = None,
    overrides: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(parser=local_path, metavar="FILE", help="The page [default: SCENARIO.html].")
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Make a page that simulates a scenario in the browser.

    It is one file that works without a network: definitions and settings are changed by sliders, and each patient can
    be opened.
    """
    import nephrosyn as ns
    from nephrosyn.explore.page import check_file
    from nephrosyn.runs.folder.layout import MANIFEST

    if out is not None:  # before the page is made, which takes a few seconds
        check_file(out, overwrite=overwrite)
    if (Path(subject) / MANIFEST).is_file():
        page = ns.open(subject).explore(patients=patients, seed=seed, criteria=criteria, overrides=overrides or ())
    else:
        page = ns.explore_scenario(
            subject, patients=patients, seed=seed, criteria=criteria or None, overrides=overrides or ()
        )
    file = page.save(out or Path(f"{page.name}.html"), overwrite=overwrite)
    if quiet:
        console.say(str(file))
    else:
        console.explorer(page, file)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(explore)

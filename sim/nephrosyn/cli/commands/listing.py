"""The command ``list`` and its subcommands."""

from __future__ import annotations

import typer
from typer.core import TyperCommand, TyperGroup

from nephrosyn.cli import console
from nephrosyn.cli.commands.group import LightHelp


class LightCommand(LightHelp, TyperCommand):
    """A command without options."""


class LightGroup(LightHelp, TyperGroup):
    """A group of commands."""


listing = typer.Typer(cls=LightGroup, help="List scenarios, definition sets and other names.", rich_markup_mode=None)


@listing.callback()
def _list_default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        list_scenarios()
        console.say()
        list_criteria()


@listing.command("scenarios", cls=LightCommand)
def list_scenarios() -> None:
    """List the shipped scenarios."""
    from nephrosyn.scenario import titles

    console.catalogue("scenarios", titles())


@listing.command("criteria", cls=LightCommand)
def list_criteria() -> None:
    """List the shipped definition sets."""
    from nephrosyn.criteria import titles

    console.catalogue("criteria", titles())


@listing.command("classifiers", cls=LightCommand)
def list_classifiers() -> None:
    """List the available classifiers.

    These are the shipped classifiers, installed ones, and the definition sets.
    """
    from nephrosyn.bench.classifiers.registry import titles

    console.catalogue("classifiers", titles())


@listing.command("perturbations", cls=LightCommand)
def list_perturbations() -> None:
    """List the kinds of error of the bench.

    Each is printed with what it does to a record, and its numbers at severities 1 to 5.
    """
    console.perturbations()


@listing.command("suites", cls=LightCommand)
def list_suites() -> None:
    """List the frozen benchmarks."""
    from nephrosyn.bench.suite.definition import shipped

    console.catalogue("suites", shipped())


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(listing, name="list", invoke_without_command=True)

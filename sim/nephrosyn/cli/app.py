"""The command line: verbs that call the package and hand the answer to the console."""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from nephrosyn import vocabulary
from nephrosyn.cli import console
from nephrosyn.cli.commands import bench, cases, check, compare, evidence
from nephrosyn.cli.commands import run as run_verbs
from nephrosyn.cli.console.errors import EXIT_NO_READER, EXIT_USER, library_panic, unexpected
from nephrosyn.cli.console.output import give_up, prepare
from nephrosyn.cli.options import Engine, Format, Overrides, Quiet, ScenarioName, Sets
from nephrosyn.errors import NephrosynError
from nephrosyn.text_files import pipes_kept

EXIT_SIGNAL = 128
"""Plus the number of the signal, as shells have it."""
EXIT_INTERRUPTED = EXIT_SIGNAL + signal.SIGINT
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a process to end; there is no SIGHUP on Windows."""


def _complain_notes(error: BaseException) -> None:
    """Print what was noted on an error on its way: how to go on.

    An interrupt that comes twice is an error of its own each time; the note may stand on the first.
    """
    notes = [note for one in _chain(error) for note in getattr(one, "__notes__", ())]
    for note in dict.fromkeys(notes):
        console.complain(note)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that were being handled when it was raised."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


class Terminated(KeyboardInterrupt):
    """The process was asked to end, or its terminal was closed; it cleans up as after an interrupt.

    Parameters
    ----------
    signum : int
        The signal that said so.
    """

    def __init__(self, signum: int) -> None:
        super().__init__()
        self.code = EXIT_SIGNAL + signum


def _stopped(stop: KeyboardInterrupt) -> int:
    """Say that the command was stopped, and return the exit code."""
    code = stop.code if isinstance(stop, Terminated) else EXIT_INTERRUPTED
    with suppress(OSError):  # the terminal may be gone
        console.complain("interrupted" if code == EXIT_INTERRUPTED else "terminated")
        _complain_notes(stop)
    return code


def _terminate(signum: int, _: object) -> None:
    raise Terminated(signum)


def _heed_signals() -> None:
    """Clean up before the process ends by a signal, unless whoever started it has that one ignored, as nohup does."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminate)


class Light:
    """A command whose help flag is false, not absent: typer loads pydantic to make a flag of nothing."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help flag."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.default = False
        return option


class LightCommand(Light, TyperCommand):
    """A verb without options of its own."""


class Verbs(Light, TyperGroup):
    """The verbs, with one place where an error becomes a message and an exit code."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the words of the command line; help may be asked for by a program that has left meanwhile."""
        try:
            return super().make_context(*arguments, **options)
        except BrokenPipeError:
            give_up(sys.stdout)
            raise typer.Exit(EXIT_NO_READER) from None

    def invoke(self, ctx: Any) -> Any:
        """Call the verb; whatever the user can put right ends as a message, never as a traceback."""
        try:
            with pipes_kept():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise typer.Exit(_stopped(stop)) from None
        except NephrosynError as error:
            console.complain(error)
            _complain_notes(error)
            raise typer.Exit(EXIT_USER) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except BrokenPipeError:
            raise typer.Exit(EXIT_NO_READER) from None
        except BaseException as error:
            if not isinstance(error, Exception | library_panic()):
                raise
            interrupts = [one for one in _chain(error) if isinstance(one, KeyboardInterrupt)]
            if interrupts:  # a compiled module that was being loaded makes an error of its own of it
                raise typer.Exit(_stopped(interrupts[0])) from None
            code = unexpected(error)
            _complain_notes(error)
            raise typer.Exit(code) from None


app = typer.Typer(
    name="nephrosyn",
    cls=Verbs,
    help=f"Synthetic cohorts of nephrotic syndrome, judged by classification criteria. {vocabulary.NOTICE}",
    epilog="Exit codes: 0 done, 1 a check failed, 2 something in your input or on your machine, 70 a bug of nephrosyn "
    "(NEPHROSYN_TRACEBACK=1 shows where), 141 nobody reads the output. Each verb has its own --help.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from nephrosyn import __version__

        console.say(f"nephrosyn {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


listing = typer.Typer(cls=Verbs, help="List scenarios, definition sets or classifiers.", rich_markup_mode=None)
app.add_typer(listing, name="list", invoke_without_command=True)


@listing.callback()
def _everything(ctx: typer.Context) -> None:
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
    """List the classifiers that have a name: shipped, installed, definition sets."""
    from nephrosyn.bench.classifiers.registry import titles

    console.catalogue("classifiers", titles())


app.command()(check.check)
app.command()(check.check_criteria)
app.command()(check.schema)


@app.command()
def run(
    scenario: ScenarioName,
    patients: Annotated[int | None, typer.Option(metavar="N", help="Patients in each replicate.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Seed of the random numbers.")] = None,
    replicates: Annotated[int | None, typer.Option(metavar="R", help="Independent repeats.")] = None,
    overrides: Overrides = None,
    engine: Annotated[Engine | None, typer.Option(help="Who drives the patients.", show_default=False)] = None,
    criteria: Sets = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Run folder, or a URL as s3://bucket/run [default: outputs/SCENARIO-DIGEST]."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="Format of the tables.")] = Format.parquet,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run folder if it exists.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was broken off, or mend it.")] = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Processes that share the work [default: all cores].")
    ] = None,
    part_patients: Annotated[
        int | None, typer.Option(metavar="N", help="About so many patients make a part [default: 2000].")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="URL", help="Dask scheduler, as tcp://HOST:8786, or local:N.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Simulate a scenario, judge it, and write a run folder."""
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
            progress=progress,
        )
    run_verbs.announce(cohort, quiet)


app.command()(compare.compare)
app.command()(compare.reclassify)


run_verbs.register(app)
evidence.register(app)
cases.register(app)
bench.register(app)


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        The command; that of this process by default.
    """
    prepare()
    warnings.showwarning = console.warn
    # Loading modules and filling tables makes many objects and hardly any cycles: to look for cycles took a tenth of
    # the time of a small run.
    gc.set_threshold(100_000, 20, 50)
    _heed_signals()
    try:
        app(words, prog_name="nephrosyn")
    except SystemExit as leaving:
        if isinstance(leaving.code, int) and leaving.code - EXIT_SIGNAL in (signal.SIGINT, *ENDING):
            # Python would end itself by the signal after all if it came while certain modules were being loaded.
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(leaving.code)
        raise

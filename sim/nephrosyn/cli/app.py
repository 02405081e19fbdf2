"""The command line program: its commands, the help, and how errors and signals end it."""

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
from typer.core import TyperGroup

from nephrosyn import vocabulary
from nephrosyn.cli import console
from nephrosyn.cli.commands import (
    bench,
    bench_boundary,
    bench_suite,
    cases,
    check,
    compare,
    evidence,
    explore,
    export,
    finished_run,
    listing,
    run,
)
from nephrosyn.cli.commands.group import LightHelp
from nephrosyn.cli.console.errors import EXIT_NO_READER, EXIT_USER, library_panic, unexpected
from nephrosyn.cli.console.output import give_up, prepare
from nephrosyn.errors import NephrosynError
from nephrosyn.kernels.special_functions import import_alone
from nephrosyn.text_files import remember_pipes

EXIT_SIGNAL = 128
"""Exit code of a process ended by signal 0; the number of the signal is added, as in shells."""
EXIT_INTERRUPTED = EXIT_SIGNAL + signal.SIGINT
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a process to terminate; Windows has no SIGHUP."""


def _complain_notes(error: BaseException) -> None:
    """Print the notes of an error, which say how to continue.

    A second interrupt is an error of its own; the note may belong to the first one.
    """
    notes = [note for linked in _chain(error) for note in getattr(linked, "__notes__", ())]
    for note in dict.fromkeys(notes):
        console.complain(note)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its chain of causes."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


class Terminated(KeyboardInterrupt):
    """The process was asked to terminate, or its terminal was closed; it cleans up as after an interrupt.

    Parameters
    ----------
    signum : int
        Number of the signal.
    """

    def __init__(self, signum: int) -> None:
        super().__init__()
        self.code = EXIT_SIGNAL + signum


def _stopped(stop: KeyboardInterrupt) -> int:
    """Print that the command was stopped, and return the exit code."""
    code = stop.code if isinstance(stop, Terminated) else EXIT_INTERRUPTED
    with suppress(OSError):  # the terminal may be closed
        console.complain("interrupted" if code == EXIT_INTERRUPTED else "terminated")
        _complain_notes(stop)
    return code


def _terminate(signum: int, _: object) -> None:
    raise Terminated(signum)


def _handle_signals() -> None:
    """Clean up before a signal ends the process, unless the parent has the signal ignored, as nohup does."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminate)


class CommandGroup(LightHelp, TyperGroup):
    """A group of commands that turns errors into messages and exit codes."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse the command line; the reader of a help text may have closed the pipe."""
        try:
            return super().make_context(*arguments, **options)
        except BrokenPipeError:
            give_up(sys.stdout)
            raise typer.Exit(EXIT_NO_READER) from None

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors caused by user input end as a message, never as a traceback."""
        try:
            with remember_pipes():
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
            interrupts = [linked for linked in _chain(error) if isinstance(linked, KeyboardInterrupt)]
            if interrupts:  # a compiled module that was being loaded wraps it in another error
                raise typer.Exit(_stopped(interrupts[0])) from None
            code = unexpected(error)
            _complain_notes(error)
            raise typer.Exit(code) from None


app = typer.Typer(
    name="nephrosyn",
    cls=CommandGroup,
    help=f"Simulate cohorts of nephrotic syndrome and classify them by published criteria. {vocabulary.NOTICE}",
    epilog="Exit codes: 0 success, 1 a check failed, 2 invalid input or a problem of the system, 70 a bug in nephrosyn "
    "(set NEPHROSYN_TRACEBACK=1 for the traceback), 130 interrupted, 143 terminated, 141 output closed early, "
    "for example "
    "by `| head`. Every command has its own --help.",
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


for module in (
    listing,
    check,
    run,
    compare,
    finished_run,
    explore,
    export,
    evidence,
    cases,
    bench,
    bench_suite,
    bench_boundary,
):
    module.register(app)


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments of the command; by default those of this process.
    """
    prepare()
    import_alone()
    warnings.showwarning = console.warn
    # Loading modules and filling tables creates many objects and hardly any cycles: searching for cycles took 10% of
    # the time of a small run.
    gc.set_threshold(100_000, 20, 50)
    _handle_signals()
    try:
        app(words, prog_name="nephrosyn")
    except SystemExit as leaving:
        if isinstance(leaving.code, int) and leaving.code - EXIT_SIGNAL in (signal.SIGINT, *ENDING):
            # Python would end by the signal itself if it came while certain modules were being loaded.
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(leaving.code)
        raise

"""Unexpected errors: one message and an exit code, without a traceback unless it is requested.

Errors caused by user input have messages of their own. This module is for everything else: errors of the system or a
library, lack of memory, and bugs, which are reported as such.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from nephrosyn.cli.console.terminal import complain

EXIT_FAILED = 1
"""A check failed, although the command did its work."""
EXIT_USER = 2
EXIT_BUG = 70
"""``EX_SOFTWARE`` of BSD's sysexits.h."""
EXIT_NO_READER = 141
"""As in shells for a program that a closed pipe has ended: 128 plus the number of SIGPIPE."""
TRACEBACK = "NEPHROSYN_TRACEBACK"
"""Environment variable; any value prints the traceback of an unexpected error."""


def unexpected(error: BaseException) -> int:
    """Print a message for an unexpected error.

    Parameters
    ----------
    error : BaseException
        Any error but those of the package and of the command line parser.

    Returns
    -------
    int
        Exit code: 2 if the user can solve the problem, 70 for a bug.
    """
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    reason = _reason(error)
    if reason:
        complain(reason)
        return EXIT_USER
    kind = type(error).__name__
    complain(
        f"this is a bug in nephrosyn, not in your input: {kind}{f': {error}' if str(error) else ''} "
        f"({_where(error)})\nplease report it with the command and the traceback (set {TRACEBACK}=1)"
    )
    return EXIT_BUG


def library_panic() -> type[BaseException]:
    """Return the error of polars that is not an ``Exception``, if polars is loaded."""
    polars = sys.modules.get("polars")
    panic: type[BaseException] = getattr(getattr(polars, "exceptions", None), "PanicException", MemoryError)
    return panic


def _reason(error: BaseException) -> str:
    """Return the problem of the input, the files or the machine; empty for a bug."""
    kind = type(error)
    if isinstance(error, OSError):
        return f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "not enough memory; try fewer --patients or --workers, or smaller parts (--part-patients)"
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("nephrosyn"):
        package = error.name.partition(".")[0]
        return f"the Python package {package} is missing; install it: python -m pip install {package}"
    if isinstance(error, RecursionError):
        return "something in the input is nested too deeply"
    if isinstance(error, UnicodeError):
        return f"a name or text has characters that cannot be used here: {error}"
    if kind.__module__.startswith("polars") or isinstance(error, library_panic()):
        first = (str(error).splitlines() or [kind.__name__])[0]
        return f"a table cannot be read or written: {first} (if its file is intact, {TRACEBACK}=1 shows what to report)"
    return ""


def _where(error: BaseException) -> str:
    """Return the file and line of the package where an error was raised."""
    home = Path(__file__).parents[2]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(home)]
    if not frames:
        return "outside the package"
    return f"{Path(frames[-1].filename).relative_to(home).as_posix()}, line {frames[-1].lineno}"

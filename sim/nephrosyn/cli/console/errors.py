"""How a command ends that could not do its work: one message, an exit code, and no traceback unless it is asked for.

What a user can put right is said by the errors of the package; this is for all else: what the system, a library or the
memory refuses, and our own mistakes, which are called so.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from nephrosyn.cli.console.terminal import complain

EXIT_USER = 2
EXIT_BUG = 70
"""``EX_SOFTWARE`` of BSD's sysexits.h."""
EXIT_NO_READER = 141
"""As a shell says of a program that the closed pipe has ended: 128 and the number of SIGPIPE."""
TRACEBACK = "NEPHROSYN_TRACEBACK"
"""Set to anything, it has the traceback of an unexpected error printed."""


def unexpected(error: BaseException) -> int:
    """Say what went wrong that no module expected.

    Parameters
    ----------
    error : BaseException
        Anything but an error of the package's own, or of how it was called.

    Returns
    -------
    int
        Exit code: 2 where the user can do something about it, 70 for a bug.
    """
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    reason = _reason(error)
    if reason:
        complain(reason)
        return EXIT_USER
    kind = type(error).__name__
    complain(
        f"this is a bug in nephrosyn, not in what you asked for: {kind}{f': {error}' if str(error) else ''} "
        f"({_where(error)})\nplease report it with the command and the traceback, which {TRACEBACK}=1 prints"
    )
    return EXIT_BUG


def library_panic() -> type[BaseException]:
    """Return the error of polars that is no ``Exception``, if polars is loaded."""
    polars = sys.modules.get("polars")
    found: type[BaseException] = getattr(getattr(polars, "exceptions", None), "PanicException", MemoryError)
    return found


def _reason(error: BaseException) -> str:
    """What is wrong with the input, the files or the machine; empty for a bug."""
    kind = type(error)
    if isinstance(error, OSError):
        return f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "there is not memory enough; ask for fewer --patients or --workers, or smaller parts (--part-patients)"
    if isinstance(error, RecursionError):
        return "something in the input is nested too deeply"
    if isinstance(error, UnicodeError):
        return f"a name or a text holds characters that cannot be used here: {error}"
    if kind.__module__.startswith("polars") or isinstance(error, library_panic()):
        first = (str(error).splitlines() or [kind.__name__])[0]
        return f"a table cannot be read or written: {first} (if its file is whole, {TRACEBACK}=1 shows what to report)"
    return ""


def _where(error: BaseException) -> str:
    """File and line of the package where an error was raised."""
    home = Path(__file__).parents[2]
    frames = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).is_relative_to(home)]
    if not frames:
        return "outside the package"
    return f"{Path(frames[-1].filename).relative_to(home).as_posix()}, line {frames[-1].lineno}"

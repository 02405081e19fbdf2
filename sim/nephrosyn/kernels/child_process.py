"""Child processes: another Python interpreter that runs a module of this package.

The child imports the package from where its parent did, never from the working folder. It ends with its parent, however
that ends.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO

SAFE_PATH = "PYTHONSAFEPATH"
START_CODE = """
import importlib, runpy, sys, typing
folder, module = sys.argv[1:3]
del sys.argv[1:3]
sys.path.insert(0, folder)
import nephrosyn
sys.path.append(sys.path.pop(0))
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
"""Imports the package from its own folder, which then goes to the end of the path: it may be the working folder."""
MOST_CHARACTERS = 300
DETAIL_PREFIXES = (b" ", b"stack backtrace:", b"note: ")
"""Starts of lines to skip: the stack trace and hints that follow the message when compiled code aborts."""
WAIT_SECONDS = 2.0
"""Longest wait for the last line of a process that has ended: its own children may keep the pipe open."""


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs a module of this package.

    Parameters
    ----------
    module : str
        Full name of the module; it runs as ``__main__``.
    *arguments : str
        Arguments of the module.
    """
    folder = str(Path(__file__).absolute().parents[2])
    return [sys.executable, "-P", "-c", START_CODE, folder, module, *arguments]


def environment(**others: str) -> dict[str, str]:
    """Return the environment of a child: Python processes that it starts ignore the working folder, too."""
    return {**os.environ, SAFE_PATH: "1", **others}


@contextmanager
def safe_path() -> Iterator[None]:
    """Let all Python processes started meanwhile ignore the working folder."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


class LastErrorLine:
    """The last line that a process writes to standard error; a thread reads it all the time, so that it never blocks.

    Parameters
    ----------
    stream : binary file
        Its standard error.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: deque[bytes] = deque(maxlen=1)
        self._thread = Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    def _listen(self, stream: IO[bytes]) -> None:
        with suppress(OSError, ValueError), stream:  # ValueError: closed while it was read
            self._lines.extend(line for line in stream if line.strip() and not line.startswith(DETAIL_PREFIXES))

    def heard(self) -> str:
        """Return the last line of a process that has ended; empty if there was none."""
        self._thread.join(WAIT_SECONDS)
        return " ".join(self._lines[0].decode(errors="replace").split())[:MOST_CHARACTERS] if self._lines else ""


def input_lines() -> Iterator[str]:
    """Yield the lines of standard input, and end this process at once when the input ends.

    It ends when the parent closes the pipe or dies. A thread reads it, because the main thread is busy with the
    answers.
    """
    end_with_parent()
    lines: SimpleQueue[str] = SimpleQueue()
    Thread(target=_listen, args=(lines,), daemon=True).start()
    while True:
        yield lines.get()


def watch_parent() -> None:
    """End this process when its parent closes its standard input or dies."""
    end_with_parent()
    Thread(target=_listen, args=(SimpleQueue(),), daemon=True).start()


def _listen(lines: SimpleQueue[str]) -> None:
    rest = b""
    while content := os.read(0, 1 << 16):  # not by a buffered file: its lock must not be held while Python ends
        *whole, rest = (rest + content).split(b"\n")
        for line in whole:
            lines.put(line.decode())
    os._exit(0)


def end_with_parent() -> None:
    """Ask Linux to kill this process when the thread that started it ends.

    It also works during a compiled loop, which keeps the listening thread from running.
    """
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    set_parent_death_signal = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)

"""Processes of our own: another interpreter that runs a module of this package.

It runs the very package that started it, and nothing that happens to lie in the working folder. It ends with the
process that started it, however that ends.
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
START = """
import importlib, runpy, sys, typing
folder, module = sys.argv[1:3]
del sys.argv[1:3]
sys.path.insert(0, folder)
import nephrosyn
sys.path.append(sys.path.pop(0))
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
"""The package comes from where it is; its folder, which may be the working folder, is the last in which others are
looked for."""
LONGEST = 300
DETAIL_PREFIXES = (b" ", b"stack backtrace:", b"note: ")
"""What follows the reason when compiled code gives up: where it was, and how to be told more of that."""
WAIT_SECONDS = 2.0
"""How long to wait at most for the last words of a process that has ended: what it started may hold its end open."""


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs a module of this package.

    Parameters
    ----------
    module : str
        Its full name; it runs as ``__main__``.
    *arguments : str
        For the module.
    """
    folder = str(Path(__file__).absolute().parents[2])
    return [sys.executable, "-P", "-c", START, folder, module, *arguments]


def environment(**others: str) -> dict[str, str]:
    """Return the environment of such a process: no Python that it starts looks into the working folder either."""
    return {**os.environ, SAFE_PATH: "1", **others}


@contextmanager
def safe_path() -> Iterator[None]:
    """Have no Python that is started meanwhile, by whomever, look into the working folder."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


class LastWords:
    """The last line that a process writes to standard error, which is read all the time so that it never blocks.

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
        """Return the line, once the process has ended; empty if there was none."""
        self._thread.join(WAIT_SECONDS)
        return " ".join(self._lines[0].decode(errors="replace").split())[:LONGEST] if self._lines else ""


def questions() -> Iterator[str]:
    """Yield the lines of standard input; this process ends at once, whatever it is doing, when they do.

    They end when whoever started this process closes the pipe or dies. It is read by a thread, because the main one
    is busy with the answers.
    """
    end_with_parent()
    lines: SimpleQueue[str] = SimpleQueue()
    Thread(target=_listen, args=(lines,), daemon=True).start()
    while True:
        yield lines.get()


def watch_parent() -> None:
    """Have this process end when whoever started it, and holds its standard input, closes that or dies."""
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
    """Have the system end this process with the thread that started it, where it can.

    A compiled loop keeps the thread that listens from noticing; Linux needs no such thread.
    """
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    set_parent_death_signal = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)

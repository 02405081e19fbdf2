"""Interrupts that no library swallows.

Python raises an interrupt wherever the main thread is. If that is a function that a library called, the library may
drop the exception: a run would go on as if nothing had happened.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupts:
    """Remembers signals that interrupt this process, while it is the context; does nothing in other threads."""

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._received: int | None = None
        self._report_unraisable = sys.unraisablehook

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._remember)
            self._report_unraisable, sys.unraisablehook = sys.unraisablehook, self._unraisable
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            with suppress(ValueError):
                signal.signal(number, handler)
        if sys.unraisablehook == self._unraisable:
            sys.unraisablehook = self._report_unraisable

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        self._handlers[number](number, frame)

    def _unraisable(self, dropped: sys.UnraisableHookArgs) -> None:
        """Report an exception that Python has to drop, unless it is an interrupt, which is raised again."""
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            self._report_unraisable(dropped)

    def check(self) -> None:
        """Raise a signal that was received again, since nobody seems to have noticed it.

        Raises
        ------
        KeyboardInterrupt
            Or what the handler of the signal raises.
        """
        if self._received is not None:
            number, self._received = self._received, None
            self._handlers[number](number, None)

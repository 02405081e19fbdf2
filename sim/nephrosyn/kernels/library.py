"""Machine code built ahead, in a library that needs no other."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from nephrosyn.kernels.index import ForeignError, Index, UnusableError

TABLE = "c_functions"
"""Name of the table in which code finds the functions of the C library."""
WORD_BYTES = 8


def machine() -> str:
    """Return the kind of this machine, as the index names it.

    Examples
    --------
    >>> machine().count("-")
    1
    """
    processor = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{sys.platform}-{processor}"


def processor_features(path: Path = Path("/proc/cpuinfo")) -> set[str]:
    """Return the features of this machine's processor, as Linux names them.

    Parameters
    ----------
    path : Path
        Where Linux lists them.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    named = [line for line in lines if line.split(":")[0].strip() in ("flags", "Features")]
    return set(named[0].partition(":")[2].split()) if named else set()


def load(index: Index) -> Callable[[str], int]:
    """Load the library for this machine.

    Parameters
    ----------
    index : Index
        What was built.

    Returns
    -------
    callable
        The address of a symbol.

    Raises
    ------
    ForeignError
        If there is none, or the processor lacks a feature.
    UnusableError
        If it is damaged or cannot be loaded.
    """
    here = machine()
    if here not in index.files:
        raise ForeignError(f"no machine code was built ahead for {here}")
    missing = set(index.files[here]["features"]) - processor_features()
    if missing:
        raise ForeignError(f"the processor lacks {', '.join(sorted(missing))}")
    path = index.checked(here)
    try:
        library = ctypes.PyDLL(str(path))
        table = (ctypes.c_void_p * len(index.needs)).in_dll(library, TABLE)
    except (OSError, ValueError) as error:
        raise UnusableError(f"{path.name} cannot be loaded ({error})") from None
    table[:] = c_functions(index.needs)

    def address(symbol: str) -> int:
        return address_of(library, symbol)

    return address


def check_words() -> None:
    """Check that this machine keeps numbers and addresses as code built ahead does.

    Raises
    ------
    ForeignError
        If its words have not 64 bits, or begin with the highest.
    """
    if sys.byteorder != "little" or struct.calcsize("P") != WORD_BYTES:
        raise ForeignError("code was built ahead for little-endian machines of 64 bits only")


def c_functions(names: list[str]) -> list[ctypes.c_void_p | int | None]:
    """Return addresses of functions of the C library, those that Python itself calls.

    Parameters
    ----------
    names : list of str
        Their names.

    Raises
    ------
    UnusableError
        If one is missing.
    """
    library = ctypes.CDLL("ucrtbase") if sys.platform == "win32" else ctypes.CDLL(None)
    try:
        return [address_of(library, name) for name in names]
    except AttributeError as error:
        raise UnusableError(f"the C library lacks a function: {error}") from None


def address_of(library: ctypes.CDLL, symbol: str) -> int:
    """Return the address of a function of a library."""
    value = ctypes.cast(getattr(library, symbol), ctypes.c_void_p).value
    assert value is not None
    return value

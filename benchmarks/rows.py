"""``rows.c`` compiled with the system's C compiler and called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from nephrosyn.course.state.events import ROW

SOURCE = Path(__file__).with_name("rows.c")


def compiler() -> str | None:
    """Return the C compiler of this machine, if there is one."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def load() -> ctypes.CDLL:
    """Compile and load the loop."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "rows.so"
        command = [str(compiler()), "-O3", "-march=native", "-shared", "-fPIC", "-o", library, SOURCE, "-lm"]
        subprocess.run(command, check=True)
        loop = ctypes.CDLL(str(library))
    loop.write_rows.restype = ctypes.c_int64
    loop.write_rows.argtypes = [ctypes.c_void_p] + [ctypes.c_int64] * 5
    return loop


def write(loop: ctypes.CDLL, first: int, patients: int, visits: int, readings: int, others: int) -> np.ndarray:
    """Write the rows of some patients into fresh memory, like the model."""
    log = np.empty(patients * (visits + readings + others), ROW)
    count = loop.write_rows(log.ctypes.data, first, patients, visits, readings, others)
    assert count == len(log)
    return log

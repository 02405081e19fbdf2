"""``small_cimba.c`` compiled with the system's C compiler and called through ctypes; pkg-config finds cimba."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.rows import compiler

SOURCE = Path(__file__).with_name("small_cimba.c")


def pkg_config(*options: str) -> str | None:
    """Return what pkg-config says about cimba; None without either."""
    if shutil.which("pkg-config") is None:
        return None
    done = subprocess.run(["pkg-config", *options, "cimba"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


@cache
def load() -> ctypes.CDLL:
    """Compile and load the course."""
    flags = (pkg_config("--cflags", "--libs") or "").split()
    path = f"-Wl,-rpath,{pkg_config('--variable=libdir')}"
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "small_cimba.so"
        options = ["-std=c2x", "-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([str(compiler()), *options, "-o", library, SOURCE, *flags, "-lm", path], check=True)
        course = ctypes.CDLL(str(library))
    course.simulate.restype = ctypes.c_int64
    course.simulate.argtypes = [ctypes.c_int32, ctypes.c_uint64, ctypes.POINTER(ctypes.c_double)]
    return course


def simulate(patients: int, seed: int) -> int:
    """Simulate the course with a queue; return the number of rows."""
    mean_wait = ctypes.c_double()
    rows: int = load().simulate(patients, seed, mean_wait)
    assert mean_wait.value > 0.0  # days; there is a queue
    return rows

"""Small runs in many parts, and the folder that an undisturbed one leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nephrosyn as ns

PARTS = 12
ASKED = ("baseline", "--patients", "120", "--seed", "3", "--engine", "compiled", "--set")
ASKED = (*ASKED, "population.patients_per_site=5", "--part-patients", "10", "--no-report", "--quiet")
NEPHROSYN = (sys.executable, "-m", "nephrosyn")


@pytest.fixture(autouse=True)
def hears_hangups() -> Iterator[None]:
    """Programs that a test starts hear SIGHUP, also where the tests themselves run under nohup, which ignores it."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def asked(**others):
    """A cohort of twelve parts, quickly made."""
    overrides = ["population.patients_per_site=5"]
    own = {"patients": 120, "seed": 3, "engine": "compiled", "overrides": overrides, "part_patients": 10}
    return {"scenario": "baseline", "report": False, **own, **others}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def started(*arguments: object, cwd: Path, **options: object) -> subprocess.Popen[str]:
    command = [*NEPHROSYN, "run", *ASKED, *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Bytes of the run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    ns.run(**asked(out=folder))
    return bytes_of(folder)

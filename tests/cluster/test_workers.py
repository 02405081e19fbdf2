"""Processes of our own: what they run, how they end, and what is said of one that died."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nephrosyn as ns
from nephrosyn import criteria, interpreter
from nephrosyn.cluster import ClusterError

from .conftest import asked, bytes_of

PLANTED = ("random", "polars", "numpy", "json", "typing", "runpy", "socket", "nephrosyn")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Work in a folder with modules of well-known names, each of which leaves a file when it is executed."""
    folder = tmp_path / "exercise"
    folder.mkdir()
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / name)!r} + '.executed', 'w')\n")
    monkeypatch.chdir(folder)
    return folder


def executed(tmp_path):
    return [path.name for path in tmp_path.glob("*.executed")]


def test_workers_execute_nothing_of_the_working_folder(planted, undisturbed, tmp_path):
    ns.run(**asked(out=tmp_path / "run", workers=2))
    assert executed(tmp_path) == []
    assert bytes_of(tmp_path / "run") == undisturbed


def test_what_compiles_aside_executes_nothing_of_the_working_folder(planted, tmp_path):
    aside = criteria.Aside()
    aside.wait()
    assert (aside._process.returncode, executed(tmp_path)) == (0, [])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # distributed closes its streams in its own time
def test_workers_of_dask_execute_nothing_of_the_working_folder(planted, undisturbed, tmp_path):
    pytest.importorskip("distributed")
    ns.run(**asked(out=tmp_path / "run", cluster="local:1"))
    assert executed(tmp_path) == []
    assert bytes_of(tmp_path / "run") == undisturbed
    assert interpreter.SAFE_PATH not in os.environ


def test_the_command_line_executes_nothing_of_the_working_folder(planted, tmp_path):
    (planted / "nephrosyn.py").unlink()  # what ``-m`` runs is looked for in the working folder first
    (planted / "runpy.py").unlink()  # and Python itself has to come so far
    for name in ("typing", "json"):
        (planted / f"{name}.py").unlink()
    done = subprocess.run([sys.executable, "-m", "nephrosyn", "check", "baseline", "--quiet"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert executed(tmp_path) == []


def test_nor_does_what_a_worker_starts(planted, tmp_path):
    for command in ([sys.executable, "-c", "import random"], [sys.executable, "-m", "this"]):
        subprocess.run(command, env=interpreter.environment(), check=True, capture_output=True)
    assert executed(tmp_path) == []


@pytest.mark.parametrize("by", ["the working folder", "PYTHONPATH"])
def test_a_process_of_our_own_runs_the_package_that_started_it(tmp_path, by):
    """A package that lies in the working folder is found, and not another one that is installed."""
    package = tmp_path / "nephrosyn"
    package.mkdir()
    for name in ("__init__.py", "interpreter.py"):
        (package / name).write_bytes(Path(ns.__file__).with_name(name).read_bytes())
    (package / "which.py").write_text("import nephrosyn, sys; print(__name__, nephrosyn.__file__, *sys.argv[1:])\n")
    start = "import subprocess; from nephrosyn.interpreter import *; subprocess.run(command('nephrosyn.which', 'it'))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    cwd = tmp_path if by == "the working folder" else tmp_path.parent
    if by == "PYTHONPATH":
        environment["PYTHONPATH"] = str(tmp_path)
    done = subprocess.run([sys.executable, "-c", start], cwd=cwd, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"__main__ {package / '__init__.py'} it\n", "")


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (
            "import sys; print('first', file=sys.stderr); sys.exit('last')",
            "ended with code 1 at part [0-9]+, 3 times: last$",
        ),
        ("import sys; sys.exit(3)", "ended with code 3 at part [0-9]+, 3 times; is there memory enough"),
        (
            "import os; os.write(2, b'memory allocation of 9 bytes failed\\nnote: more\\n'); os.abort()",
            "killed by signal 6 at part [0-9]+, 3 times: memory allocation of 9 bytes failed; is there memory",
        ),
        ("print('welcome')\nraise ImportError('no polars here')", "ended with code 1 .*: ImportError: no polars here$"),
    ],
)
def test_the_last_line_of_a_worker_that_died_is_told(tmp_path, monkeypatch, program, says):
    monkeypatch.setattr(interpreter, "command", lambda _: [sys.executable, "-c", program])
    with pytest.raises(ClusterError, match=says):
        ns.run(**asked(out=tmp_path / "run", workers=2))


WATCHING = (
    "from nephrosyn.interpreter import watch_parent; import time; watch_parent(); print(flush=True); time.sleep(100)"
)


def test_a_process_of_our_own_ends_when_its_input_does():
    with subprocess.Popen([sys.executable, "-c", WATCHING], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as watching:
        watching.stdout.readline()
        assert watching.poll() is None
        watching.stdin.close()
        assert watching.wait(60) == 0


def gone(process, seconds=60):
    for _ in range(seconds * 10):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{process}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


@LINUX
def test_a_process_of_our_own_ends_with_its_parent_though_its_input_goes_on():
    reading, writing = os.pipe()
    start = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=0, "
        "stdout=subprocess.PIPE); p.stdout.readline(); print(p.pid, flush=True); import time; time.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", start, WATCHING], stdin=reading, stdout=subprocess.PIPE) as lead:
        watching = int(lead.stdout.readline())
        lead.kill()
    try:
        assert gone(watching)
    finally:
        os.close(reading)
        os.close(writing)

"""Processes of our own: what they run, how they end, and what is said of one that died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.errors import RunFolderError, WorkerError
from nephrosyn.kernels import child_process
from nephrosyn.runs.folder.lock import LOCK, FolderLock
from nephrosyn.runs.folder.storage import LocalStorage, RemoteStorage
from nephrosyn.runs.workers import job, local
from nephrosyn.runs.workers import local_worker as worker

from .conftest import asked, bytes_of

pytestmark = pytest.mark.slow

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
    aside = criteria.BackgroundCompilation()
    aside.wait()
    assert (aside._process.returncode, executed(tmp_path)) == (0, [])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # distributed closes its streams in its own time
def test_workers_of_dask_execute_nothing_of_the_working_folder(planted, undisturbed, tmp_path):
    pytest.importorskip("distributed")
    ns.run(**asked(out=tmp_path / "run", cluster="local:1"))
    assert executed(tmp_path) == []
    assert bytes_of(tmp_path / "run") == undisturbed
    assert child_process.SAFE_PATH not in os.environ


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
        subprocess.run(command, env=child_process.environment(), check=True, capture_output=True)
    assert executed(tmp_path) == []


@pytest.mark.parametrize("by", ["the working folder", "PYTHONPATH"])
def test_a_process_of_our_own_runs_the_package_that_started_it(tmp_path, by):
    """A package that lies in the working folder is found, and not another one that is installed."""
    package = tmp_path / "nephrosyn"
    (package / "kernels").mkdir(parents=True)
    own = Path(ns.__file__).parent
    for name in ("__init__.py", "errors.py", "text_files.py", "kernels/__init__.py", "kernels/child_process.py"):
        (package / name).write_bytes((own / name).read_bytes())
    (package / "which.py").write_text("import nephrosyn, sys; print(__name__, nephrosyn.__file__, *sys.argv[1:])\n")
    start = (
        "import subprocess; from nephrosyn.kernels.child_process import *; "
        "subprocess.run(command('nephrosyn.which', 'it'))"
    )
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
        ("import sys; sys.exit(3)", "ended with code 3 at part [0-9]+, 3 times; it may have run out of memory"),
        (
            "import os; os.write(2, b'memory allocation of 9 bytes failed\\nnote: more\\n'); os.abort()",
            "killed by signal 6 at part [0-9]+, 3 times: memory allocation of 9 bytes failed; it may have run out",
        ),
        ("print('welcome')\nraise ImportError('no polars here')", "ended with code 1 .*: ImportError: no polars here$"),
    ],
)
def test_the_last_line_of_a_worker_that_died_is_told(tmp_path, monkeypatch, program, says):
    monkeypatch.setattr(child_process, "command", lambda _: [sys.executable, "-c", program])
    monkeypatch.setattr(local.Pool, "_part_to_make_here", lambda pool: None)
    with pytest.raises(WorkerError, match=says):
        ns.run(**asked(out=tmp_path / "run", workers=2))


def test_too_little_memory_is_a_sentence(tmp_path, monkeypatch):
    def scarce(*_):
        raise MemoryError

    monkeypatch.setattr(job.Job, "make", scarce)
    with pytest.raises(WorkerError, match="not enough memory to make a part; try fewer workers, or smaller"):
        ns.run(**asked(out=tmp_path / "run"))
    answers = StringIO()
    worker.serve(iter(['"the job"', "0"]), answers, scarce)
    assert "not enough memory to make a part" in answers.getvalue()


WATCHING = (
    "from nephrosyn.kernels.child_process import watch_parent; import time; "
    "watch_parent(); print(flush=True); time.sleep(100)"
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


SLEEPING = "import time; print(flush=True); time.sleep({})"


def sharing(hold, seconds):
    command = [sys.executable, "-c", SLEEPING.format(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=hold.shared)
    process.stdout.readline()
    return process


def test_a_folder_is_held_as_long_as_a_worker_lives(tmp_path):
    hold = FolderLock(tmp_path)
    with sharing(hold, 100) as worker:
        hold._close()  # as when this process dies
        with pytest.raises(BlockingIOError):
            FolderLock(tmp_path)
        worker.kill()
    FolderLock(tmp_path).release(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_workers_of_a_dead_process_are_waited_for(tmp_path):
    hold = FolderLock(tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / LOCK).write_text(f"{dead.pid} 0123")
    with sharing(hold, 1):
        hold._close()
        FolderLock(tmp_path).release(tmp_path)


def test_a_file_is_written_only_while_the_folder_is_held(tmp_path, monkeypatch):
    hold = FolderLock(tmp_path)
    ours = LocalStorage(tmp_path, hold.token)
    ours.put("observed/one", b"1")
    fsync = os.fsync

    def lost(handle):  # in the very last moment
        (tmp_path / LOCK).write_text("another")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(RunFolderError, match="was taken over by another nephrosyn"):
        ours.put("observed/two", b"2")
    monkeypatch.undo()
    with pytest.raises(RunFolderError, match="was taken over by another nephrosyn"):
        ours.put("truth/three", b"3")
    with pytest.raises(RunFolderError, match="was taken over by another nephrosyn"):
        ours.remove("observed/one")
    assert bytes_of(tmp_path) == {LOCK: b"another", "observed/one": b"1"}
    assert not (tmp_path / "truth").exists()


def test_nothing_is_written_to_a_url_that_another_run_has_taken():
    pytest.importorskip("fsspec")
    first, second = RemoteStorage("memory://cohorts/run"), RemoteStorage("memory://cohorts/run")
    first.take("first")
    first.put("observed/one", b"1")
    second.take("second")
    with pytest.raises(RunFolderError, match="was taken over by another nephrosyn"):
        first.put("observed/two", b"2")
    with pytest.raises(RunFolderError, match="was taken over by another nephrosyn"):
        first.remove("observed/one")
    first.release()
    second.put("observed/three", b"3")
    assert second.names() == [LOCK, "observed/one", "observed/three"]
    second.release()
    assert second.names() == ["observed/one", "observed/three"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP")
def test_a_hangup_that_is_ignored_stays_ignored(monkeypatch):
    from nephrosyn.cli import app

    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
        app._handle_signals()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) == app._terminate
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

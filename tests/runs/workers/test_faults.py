"""What goes wrong on real machines: nothing is lost, nothing is wrong, and the message says what to do."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

import nephrosyn as ns
from nephrosyn.errors import RunFolderError, WorkerError
from nephrosyn.runs.folder import part
from nephrosyn.runs.workers import local

from .conftest import asked, bytes_of, started

pytestmark = pytest.mark.slow

LONG = 40_000
"""Patients of a run that is not finished before it is interrupted."""
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def ended(process):
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err
    return process.returncode, out, err


def parts_on_disk(folder):
    return len(list(folder.glob(".run.partial/parts/part-*.json")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "workers"),
    [(signal.SIGINT, 130, 1), (signal.SIGINT, 130, 2), (signal.SIGTERM, 143, 2), (signal.SIGHUP, 129, 2)],
)
def test_an_interrupt_says_how_to_go_on(undisturbed, tmp_path, workers, sent, code):
    process = started("--out", "run", "--workers", workers, "--patients", LONG, cwd=tmp_path)
    while parts_on_disk(tmp_path) < 2 and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(sent)
    returned, _, err = ended(process)
    assert returned == code, err
    assert "parts are finished and stored; repeat the same run with resume (--resume) to continue" in err
    assert parts_on_disk(tmp_path) >= 2


@pytest.mark.slow
def test_two_processes_on_one_folder(undisturbed, tmp_path):
    first = started("--out", "run", "--patients", LONG, cwd=tmp_path)
    while parts_on_disk(tmp_path) < 1 and first.poll() is None:
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)  # however quick it is, it is not done when the second one comes
    code, _, err = ended(started("--out", "run", "--resume", cwd=tmp_path))
    assert code == 2
    assert "being written by another nephrosyn" in err
    first.kill()  # and its lock goes with it
    ended(first)
    code, _, err = ended(started("--out", "run", "--patients", LONG, "--resume", "--seed", 4, cwd=tmp_path))
    assert code == 2
    assert "seed was 3, now 4" in err


def die_once(monkeypatch, numbers):
    """Kill the worker of some parts just after it was told to make them, each time that is listed.

    All parts are made by workers, and none by this process.
    """
    make, left = local.Worker.make, list(numbers)
    monkeypatch.setattr(local.Pool, "_part_to_make_here", lambda pool: None)

    def deadly(worker, number):
        if number in left:
            left.remove(number)
            worker._process.kill()
        return make(worker, number)

    monkeypatch.setattr(local.Worker, "make", deadly)


def test_a_worker_that_dies_costs_its_part_only(undisturbed, tmp_path, monkeypatch):
    die_once(monkeypatch, [3, 8, 8])
    ns.run(**asked(out=tmp_path / "run", workers=2))
    assert bytes_of(tmp_path / "run") == undisturbed


def test_a_part_that_kills_every_worker(undisturbed, tmp_path, monkeypatch):
    die_once(monkeypatch, [5] * local.TRIES)
    with pytest.raises(WorkerError, match="killed by signal 9 at part 5, 3 times"):
        ns.run(**asked(out=tmp_path / "run", workers=2))
    monkeypatch.undo()
    ns.run(**asked(out=tmp_path / "run", resume=True))
    assert bytes_of(tmp_path / "run") == undisturbed


def test_a_worker_ends_with_whoever_started_it():
    program = "from nephrosyn.runs.workers.local import Worker; import os; print(Worker('{}')._process.pid, flush=True)"
    lead = subprocess.run([sys.executable, "-c", f"{program}; os.kill(os.getpid(), 9)"], capture_output=True, text=True)
    worker = int(lead.stdout)
    for _ in range(600):
        if not os.path.exists(f"/proc/{worker}"):  # noqa: PTH110
            return
        time.sleep(0.1)
    pytest.fail("the worker goes on alone")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if not ROOT or subprocess.run(command, capture_output=True).returncode:
        return None
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_the_disk_is_full(undisturbed, tmp_path, small_disk, workers):
    """On a small disk where one can be mounted, else by the largest file a process may write."""
    folder = (small_disk or tmp_path) / "run"
    try:
        if small_disk is None:
            limited(tmp_path, workers)
        else:
            with pytest.raises(RunFolderError, match="No space left on device") as full:
                ns.run(**asked(out=folder, workers=workers))
            assert "finished and stored" in full.value.__notes__[0]
            subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
            ns.run(**asked(out=folder, resume=True))
        assert bytes_of(folder) == undisturbed
    finally:
        if small_disk is not None:
            subprocess.run(["umount", str(small_disk)], check=True)


def limited(tmp_path, workers):
    def narrow():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    process = started("--out", "run", "--workers", workers, cwd=tmp_path, preexec_fn=narrow)
    code, _, err = ended(process)
    assert code == 2
    assert "File too large" in err
    assert ended(started("--out", "run", cwd=tmp_path))[0] == 0


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    if ROOT:  # whom no permission stops; a file where a folder has to be does
        (tmp_path / "closed" / "inner").write_text("")
        with pytest.raises(RunFolderError, match=r"cannot write to .*closed"):
            ns.run(**asked(out=tmp_path / "closed" / "inner" / "run"))
        return
    (tmp_path / "closed").chmod(0o500)
    with pytest.raises(RunFolderError, match=r"cannot write to .*closed.*Permission denied"):
        ns.run(**asked(out=tmp_path / "closed" / "run"))


def test_a_read_only_file_system(tmp_path, small_disk):
    if small_disk is None:
        pytest.skip("needs the right to mount; the test above asks the same of permissions")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        with pytest.raises(RunFolderError, match=r"cannot write to .*: Read-only file system"):
            ns.run(**asked(out=small_disk / "run"))
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_the_clock_does_not_matter(undisturbed, tmp_path, monkeypatch):
    """Files of the future or of long ago are judged by what is in them; nothing of the clock is in any file."""
    write, now = part.write, time.time()

    def interrupted(place, number, *others):
        if number == 6:
            raise OSError(5, "Input/output error")
        return write(place, number, *others)

    with monkeypatch.context() as patch:
        patch.setattr(part, "write", interrupted)
        with pytest.raises(OSError, match="Input/output error"):
            ns.run(**asked(out=tmp_path / "run"))
    for count, path in enumerate(sorted((tmp_path / ".run.partial").rglob("*"))):
        os.utime(path, (now + (-1) ** count * 1e8,) * 2)
    for moved in (now - 1e9, now + 1e9):
        monkeypatch.setattr(time, "time", lambda moved=moved: moved)
        if not (tmp_path / "run").exists():
            ns.run(**asked(out=tmp_path / "run", resume=True))
        ns.run(**asked(out=tmp_path / f"{moved}"))
        assert bytes_of(tmp_path / f"{moved}") == undisturbed
    assert bytes_of(tmp_path / "run") == undisturbed


def test_what_is_wrong_in_a_worker_is_told(tmp_path, monkeypatch):
    told = local.Worker.__init__
    monkeypatch.setattr(local.Worker, "__init__", lambda self, *_: told(self, "{}"))
    with pytest.raises(WorkerError, match="a worker failed at part 0: KeyError"):
        list(local.Pool("", [0, 1], 1).results())


def test_an_interrupt_while_workers_start_leaves_none(monkeypatch):
    made = []

    class Slow(local.Worker):
        def __init__(self, *asked):
            time.sleep(2)
            super().__init__(*asked)
            made.append(self._process)

    monkeypatch.setattr(local, "Worker", Slow)
    pool = local.Pool("{}", [0, 1, 2], 2)
    results = pool.results()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        pool, "_finished", type("Queue", (), {"get": interrupted, "get_nowait": interrupted, "put": lambda *_: None})()
    )
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert len(made) == 2
    assert all(process.poll() is not None for process in made)

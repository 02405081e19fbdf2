"""A run that is ended at any moment, and another one on its folder at once: the same bytes, or a refusal to follow."""

from __future__ import annotations

import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nephrosyn as ns
from nephrosyn.errors import RunFolderError

from .conftest import ASKED, NEPHROSYN, PARTS, asked, bytes_of, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the children of a process are looked for in /proc"),
]
KILLS = 40
START_SECONDS = 1.5
ENDS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGHUP: 129, signal.SIGTERM: 143}
BUSY, TAKEN = (
    "is being written by another nephrosyn process",
    "choose another folder with --out, or replace it with --overwrite",
)


def parts_on_disk(folder):
    return len(list(folder.glob(".run.partial/parts/part-*.json")))


def children(process):
    """Process ids of whatever a process has started, by any of its threads."""
    found = []
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def is_gone(child):
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(happened, seconds=120):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.002)


def again(folder, process, **how):
    """Make the run anew and follow what a refusal says; return what was said."""
    try:
        ns.run(**asked(out=folder, **how))
    except RunFolderError as error:
        if BUSY in str(error):
            process.wait(60)
            return "busy", *again(folder, process, **how)
        assert TAKEN in str(error)
        ns.run(**asked(out=folder, overwrite=True))
        return ("taken",)
    return ()


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Hold another run, which is to be replaced."""
    folder = tmp_path_factory.mktemp("other") / "run"
    ns.run(**asked(out=folder, patients=20, seed=4))
    return folder


def drawn():
    moments = random.Random(18)
    for number in range(KILLS):
        sent = list(ENDS)[number % len(ENDS)]
        parts = moments.randrange(-4, PARTS + 1)  # below zero: before the first one
        rest_seconds = moments.random() * (START_SECONDS if parts < 0 else 0.03)
        yield pytest.param(
            *(sent, parts, rest_seconds, number % 2 == 0, 2 if number % 5 < 3 else 1, moments.random() < 0.3),
            id=f"{number}-{sent.name}-{parts}",
        )


@pytest.mark.parametrize(("sent", "parts", "rest_seconds", "resume", "workers", "replaces"), list(drawn()))
def test_ended_at_any_moment(undisturbed, other, tmp_path, sent, parts, rest_seconds, resume, workers, replaces):
    if replaces:
        shutil.copytree(other, tmp_path / "run")
    more = ["--overwrite"] if replaces else []
    process = started("--out", "run", "--workers", workers, *more, cwd=tmp_path)
    wait_until(lambda: parts_on_disk(tmp_path) >= parts or process.poll() is not None)
    time.sleep(rest_seconds)
    left = children(process) if process.poll() is None else []
    process.send_signal(sent)
    if sent == signal.SIGKILL:
        process.wait()
    again(tmp_path / "run", process, resume=resume, overwrite=not resume)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 2, ENDS[sent], -sent)  # 2: the second one was quicker; -sent: not heeded so early
    assert "Traceback" not in err
    assert bytes_of(tmp_path / "run") == undisturbed
    wait_until(lambda: all(map(is_gone, left)))
    assert bytes_of(tmp_path / "run") == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_closed_terminal_ends_run_and_workers(undisturbed, tmp_path):
    ours, theirs = pty.openpty()
    command = [*NEPHROSYN, "run", *ASKED, "--patients", "4000", "--out", "run", "--workers", "2"]
    terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    process = subprocess.Popen(["setsid", "--ctty", *command], cwd=tmp_path, **terminal)  # it forks no process here
    os.close(theirs)
    wait_until(lambda: parts_on_disk(tmp_path) > 2)
    left = children(process)
    assert left  # one worker: the process itself makes parts, too
    os.close(ours)
    assert process.wait(60) == 129
    wait_until(lambda: all(map(is_gone, left)))
    found = parts_on_disk(tmp_path)
    assert 2 < found < 400
    time.sleep(0.5)
    assert parts_on_disk(tmp_path) == found
    assert not list(tmp_path.rglob("*.unfinished"))

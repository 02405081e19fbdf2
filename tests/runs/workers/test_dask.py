"""A real scheduler and real workers, some of which die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import nephrosyn as ns
from nephrosyn.errors import WorkerError
from nephrosyn.runs.workers import dask

from .conftest import PARTS, asked, bytes_of

pytest.importorskip("distributed")
# distributed closes its streams in its own time; pytest would call that an error of whichever test comes next
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def begun(module, *arguments):
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def cluster(folder, workers=2):
    """Address of a scheduler, the scheduler and its workers, each a process."""
    told = folder / "scheduler.json"
    scheduler = begun("dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    quiet = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    others = [begun("dask_worker", "--scheduler-file", str(told), *quiet) for _ in range(workers)]
    try:
        while not told.exists() or not told.read_text().strip():
            assert scheduler.poll() is None
            time.sleep(0.05)
        yield json.loads(told.read_text())["address"], scheduler, others
    finally:
        for process in (*others, scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def in_the_middle(monkeypatch):
    """Do something once when two parts have come back."""

    def arrange(event):
        results = dask.results

        def watched(*arguments):
            for count, found in enumerate(results(*arguments), 1):
                yield found
                if count == 2:
                    event()

        monkeypatch.setattr(dask, "results", watched)

    return arrange


def test_a_worker_that_dies_costs_its_part_only(undisturbed, tmp_path, in_the_middle):
    with cluster(tmp_path) as (address, _, workers):
        in_the_middle(lambda: os.kill(workers[0].pid, signal.SIGKILL))
        ns.run(**asked(out=tmp_path / "run", cluster=address))
        assert workers[0].poll() == -signal.SIGKILL
        assert workers[1].poll() is None
    assert bytes_of(tmp_path / "run") == undisturbed


def test_the_scheduler_is_gone(undisturbed, tmp_path, in_the_middle):
    with cluster(tmp_path) as (address, scheduler, _):
        in_the_middle(scheduler.kill)
        with pytest.raises(WorkerError, match="connection to the scheduler is lost") as lost:
            ns.run(**asked(out=tmp_path / "run", cluster=address))
    assert f"of {PARTS} parts are finished and stored" in lost.value.__notes__[0]
    ns.run(**asked(out=tmp_path / "run", resume=True))
    assert bytes_of(tmp_path / "run") == undisturbed


def test_workers_of_this_machine(undisturbed, tmp_path):
    cohort = ns.run(**asked(out=f"file://{tmp_path}/run", cluster="local:2", report=True))
    assert undisturbed.items() <= bytes_of(tmp_path / "run").items()
    assert cohort.answers().summary.page == tmp_path / "run" / "report.html"


def test_no_scheduler_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 1)
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(WorkerError, match=f"no scheduler answers at {address} within 1 s"):
            ns.run(**asked(out=tmp_path / "run", cluster=address))
    assert list(tmp_path.iterdir()) == []


def test_a_scheduler_without_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(dask, "WORKERS_SECONDS", 1)
    with (
        cluster(tmp_path, workers=0) as (address, _, _),
        pytest.raises(WorkerError, match="has had no worker for 1 s"),
    ):
        ns.run(**asked(out=tmp_path / "run", cluster=address))


@pytest.mark.parametrize("address", ["http://host:80", "tcp://host", "local:0", "local:-1", "local:", "host:8786", ""])
def test_an_address_that_is_none(tmp_path, address):
    with pytest.raises(WorkerError, match="expected tcp://HOST:PORT"):
        ns.run(**asked(out=tmp_path / "run", cluster=address))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_with_other_packages_is_refused(tmp_path):
    from nephrosyn.runs.run import Plan
    from nephrosyn.runs.workers import job
    from nephrosyn.scenario import load

    told = json.loads(job.text(Plan(load("baseline")), "parquet", str(tmp_path), "run"))
    told["made_with"]["polars"] = "1.0"
    with pytest.raises(WorkerError, match=r"a worker has .*; the run is made with .*polars 1\.0"):
        job.make(json.dumps(told), 0)

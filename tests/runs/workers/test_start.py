"""A worker starts with what it needs to simulate and classify, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nephrosyn import criteria
from nephrosyn.criteria.definition.compiled import prepare, rules
from nephrosyn.criteria.definition.prepared import PreparedSet, precedence, refractory_flags
from nephrosyn.errors import WorkerError
from nephrosyn.runs.folder.lock import LOCK, FolderLock
from nephrosyn.runs.run import Plan
from nephrosyn.runs.workers import job, local
from nephrosyn.scenario import load

MAKES_A_PART = """
import sys
from pathlib import Path
from nephrosyn.kernels.special_functions import import_alone
from nephrosyn.runs.workers import local_worker, job
import_alone()  # as the main function of a worker does
answer = job.make(sys.stdin.read(), 0)
heavy = {"pydantic", "typer", "rich", "jinja2", "matplotlib", "scipy._lib._array_api", "scipy.stats",
         "nephrosyn.report", "nephrosyn.comparison", "nephrosyn.runs.workers.dispatch", "nephrosyn.scenario.loading"}
from nephrosyn.kernels.fallback import reasons
compiled = {"numba", "llvmlite"} if not reasons() else set()  # without code built ahead numba has to compile
print(len(answer), *sorted((heavy | compiled) & set(sys.modules)))
"""


def plan_of(*overrides: str) -> Plan:
    return Plan(load("baseline", ["patients=20", *overrides]))


def test_a_worker_imports_neither_pydantic_nor_what_draws_a_report(tmp_path):
    text = job.text(plan_of("engine=compiled"), "parquet", str(tmp_path), "run")
    done = subprocess.run([sys.executable, "-c", MAKES_A_PART], input=text, capture_output=True, text=True, check=True)
    tables, *heavy = done.stdout.split()
    assert int(tables) == len(list(tmp_path.rglob("*.parquet"))) > 0
    assert heavy == []


@pytest.mark.parametrize("name", criteria.sets())
def test_a_prepared_set_has_the_numbers_of_the_set(name):
    definition = criteria.load(name)
    prepared = PreparedSet.from_dict(json.loads(json.dumps(prepare(definition).as_dict())))
    assert np.array_equal(rules([prepared]), rules([definition]))
    assert list(refractory_flags(prepared)) == list(refractory_flags(definition))
    assert list(precedence(prepared)) == list(precedence(definition))
    assert prepared.name == definition.name


def test_the_job_of_a_run_with_draws_has_the_scenario_as_a_whole():
    plan = Plan(load("baseline", ["patients=20"]), uncertainty=20)
    values = json.loads(job.text(plan, "parquet", "folder", "run"))
    assert "resolved" in values
    assert "prepared_sets" not in values


@pytest.fixture
def started_ahead():
    local.start_ahead(1)
    (worker,) = local._ahead
    yield worker
    local.discard_ahead()
    worker.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the open files of a process are looked for in /proc")
def test_a_worker_that_was_started_ahead_shares_the_lock_of_its_run(started_ahead, tmp_path):
    lock = FolderLock(tmp_path)
    taken = local._worker("{}", lock.shared)
    assert taken is started_ahead
    with pytest.raises(WorkerError, match="KeyError"):  # this job says nothing
        taken.make(0)
    files = [path.readlink() for path in Path(f"/proc/{taken._process.pid}/fd").iterdir()]
    lock.release(tmp_path)
    assert tmp_path / LOCK in files


def test_a_worker_that_was_started_ahead_and_is_not_needed_is_ended(started_ahead):
    local.discard_ahead()
    assert started_ahead._process.poll() is not None


def test_a_worker_that_died_before_it_had_a_job_is_replaced(started_ahead, tmp_path):
    started_ahead._process.kill()
    started_ahead._process.wait()
    plan = plan_of("engine=compiled")
    text = job.text(plan, "parquet", str(tmp_path), "run")
    assert [number for number, _ in local.Pool(text, [0], 1).results()] == [0]
    assert local._ahead == []

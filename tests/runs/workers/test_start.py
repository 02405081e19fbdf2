"""A worker starts with what it needs to simulate and classify, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from nephrosyn import criteria
from nephrosyn.criteria.definition.compiled import prepare, rules
from nephrosyn.criteria.definition.prepared import PreparedSet, precedence, refractory_flags
from nephrosyn.runs.run import Plan
from nephrosyn.runs.workers import job
from nephrosyn.scenario import load

MAKES_A_PART = """
import sys
from nephrosyn.runs.workers import local_worker, job
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

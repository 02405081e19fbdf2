"""A small run on disk, and a bench of it, shared by the tests of this folder."""

from __future__ import annotations

import pytest

import nephrosyn as ns
from nephrosyn.bench import run as running
from nephrosyn.bench.output import results, write

PERTURBATIONS = ("visits_missing", "doses_lost", "label_noise", "prevalence_lowered")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "run"
    ns.run("sparse-records", patients=200, seed=1, out=folder, report=False)
    return folder


@pytest.fixture(scope="session")
def run(run_folder):
    return running.open_run(run_folder)


@pytest.fixture(scope="session")
def answers(run):
    return running.ask(run, ["coded-care", "majority", "ipna-2022"], PERTURBATIONS, (1, 5), 2, training=150)


@pytest.fixture(scope="session")
def found(answers):
    return results.finish(answers)


@pytest.fixture(scope="session")
def bench_folder(found, tmp_path_factory):
    return write.write(found, tmp_path_factory.mktemp("results") / "bench")

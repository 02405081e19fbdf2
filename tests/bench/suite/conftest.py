"""A small suite of two tasks, frozen once, and results on it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from nephrosyn.bench.perturbations import VERSION
from nephrosyn.bench.suite.benchmark import bench_suite
from nephrosyn.bench.suite.frozen import freeze
from nephrosyn.bench.suite.output import write_results

DEFINITION = """
name = "small-1"
title = "A small suite"
perturbations_version = VERSION
reference_classifiers = ["majority"]

[metrics]
primary = "accuracy"
unperturbed = [
    "accuracy", "wrong", "abstained", "failed", "coverage", "accuracy_of_answered", "balanced_accuracy", "macro_f1",
    "mcc", "kappa", "brier", "log_loss", "refractory_share_bias", "sensitivity", "specificity", "ppv", "npv",
]
by_group = ["accuracy"]
perturbed = ["accuracy", "coverage", "macro_f1", "flip_rate"]
averages = ["accuracy", "wrong", "abstained", "failed", "coverage", "flip_rate", "corruption_error"]

[splits.train]
what = "to learn from"
scenario = "baseline"
patients = 150
seed = 1

[splits.validation]
what = "to choose settings with"
scenario = "baseline"
patients = 30
seed = 2

[splits.test]
what = "other patients"
scenario = "baseline"
patients = 60
seed = 3

[splits.elsewhere]
what = "other care"
scenario = "steroid-alone"
overrides = ["population.follow_up_days=800"]
patients = 40
seed = 4

[tasks.category]
title = "Category"
criteria = "source"
target = "category"
train = "train"
validation = "validation"
test = "test"
out_of_distribution = ["elsewhere"]
perturbations = ["visits_missing", "doses_lost"]
severities = [2, 5]
replicates = 2
seed = 5

[tasks.early]
title = "Refractory early"
criteria = "source"
target = "refractory"
until_days = 90
label_days = 730
train = "train"
validation = "validation"
test = "test"
out_of_distribution = ["elsewhere"]
perturbations = ["results_lost"]
severities = [5]
replicates = 1
seed = 6
""".replace("VERSION", str(VERSION))


@pytest.fixture(scope="session")
def suite_file(tmp_path_factory) -> Path:
    """The file of the suite, with its digests beside it."""
    path = tmp_path_factory.mktemp("suite") / "small-1.toml"
    path.write_text(DEFINITION, encoding="utf-8")
    freeze(str(path), workers=1)
    return path


@pytest.fixture(scope="session")
def results(suite_file):
    """Results of the definition set and of four classifiers."""
    names = ["coded-care", "majority", "logistic-regression", "event-sequences"]
    return bench_suite(str(suite_file), names, workers=1)


@pytest.fixture(scope="session")
def results_folder(results, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "results"
    write_results(results, folder)
    return folder


@pytest.fixture
def submission(results_folder, tmp_path):
    """A copy of one result that a test may edit: its path, and a function that writes a changed content."""
    path = tmp_path / "mine.json"
    shutil.copy(results_folder / "logistic-regression.json", path)

    def edit(change):
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return path, edit

"""A user's own classifier can do no harm: whatever it does is named and counted."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import polars as pl
import pytest

from nephrosyn.bench import run as running
from nephrosyn.bench import user_objects
from nephrosyn.bench.classifiers import external, registry
from nephrosyn.bench.classifiers.protocol import Setup, ShownRecord, checked_answers
from nephrosyn.bench.task import FAILED, Task
from nephrosyn.bench.training import Training
from nephrosyn.errors import BenchError
from nephrosyn.scenario import Resolved

pytestmark = pytest.mark.slow

pytest.importorskip("sklearn")

OWN = '''
import os, time
import numpy as np

def good(record):
    print("what a classifier prints disturbs nobody")
    assert set(record) == {"patients", "visits", "readings", "diary", "doses", "conditions", "follow_up"}
    patient = record["patients"]["patient"][0]
    assert all(set(frame["patient"]) <= {patient} for frame in record.values())
    return "non_relapsing", {"non_relapsing": 0.75, "steroid_resistant": 0.25}

def bad(record):
    kind = record["patients"]["patient"][0] % 4
    if kind == 0:
        raise ValueError("no idea")
    return {1: "what", 2: 17, 3: ("non_relapsing", {"non_relapsing": 3.0})}[kind]

def slow(record):
    if record["patients"]["patient"][0] % 2:
        time.sleep(60)
    return "non_relapsing"

def deadly(record):
    if record["patients"]["patient"][0] == 3:
        os._exit(1)
    return "non_relapsing"

def with_pandas(record):
    readings = record["readings"].to_pandas()
    latest = readings[readings["analyte"] == "upcr"].sort_values("taken_days")["value"]
    return "steroid_resistant" if len(latest) and latest.iloc[-1] >= 2 else "non_relapsing"

class AllColumnsNeeded:
    def get_params(self, deep=True): return {}
    def set_params(self, **kw): return self
    def fit(self, x, y):
        assert x.notna().any().all(), "a column without any value"
        return self
    def predict(self, x): return np.array(["non_relapsing"] * len(x))

class Short:
    def get_params(self, deep=True): return {}
    def set_params(self, **kw): return self
    def fit(self, x, y): return self
    def predict(self, x): return np.array(["non_relapsing"] * 3)

class Constant(Short):
    def predict(self, x):
        assert len(x.columns) > 50
        return np.array(["non_relapsing"] * len(x))

number = 5
'''  # fmt: skip


@pytest.fixture(scope="module")
def few(run):
    return {name: frame.filter(pl.col("patient") < 12) for name, frame in run.observed.items()}


@pytest.fixture(scope="module")
def asked(run):
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    return Setup(run.task, Training(scenario, 1, run.task, 60), 1.0)


@pytest.fixture
def answer(few, asked, tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text(textwrap.dedent(OWN), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def ask(name, seconds=asked.seconds):
        shown = ShownRecord(few, tmp_path / "shown")
        ready = registry.find(f"own:{name}").ready(replace(asked, seconds=seconds))
        try:
            return checked_answers(ready.answer(shown), shown.people, asked.task)
        finally:
            ready.close()

    return ask


def test_a_rule_answers_with_probabilities(answer):
    found = answer("good")
    assert found["fault"].null_count() == 12
    assert set(found["predicted"]) == {"non_relapsing"}
    assert set(found["p_non_relapsing"]) == {0.75}


def test_what_is_no_answer_is_named_and_counted(answer):
    found = answer("bad")
    assert set(found["predicted"]) == {FAILED}
    assert dict(found["fault"].value_counts().iter_rows()) == {
        "raises ValueError: no idea": 3,
        "unknown label what": 3,
        "answers with a value of type int, not a text": 3,
        "probabilities outside 0 to 1": 3,
    }


def test_a_rule_that_hangs_is_not_waited_for_for_ever(answer):
    found = answer("slow").sort("patient")
    said = found["fault"].to_list()
    assert [said[k] for k in (1, 3, 5)] == ["hangs: no answer within 1 s"] * 3
    assert [said[k] for k in (0, 2, 4)] == [None] * 3
    assert said[6:] == [external.GAVE_UP] * 6


def test_a_rule_that_ends_its_process_ends_nothing_else(answer):
    found = answer("deadly").sort("patient")
    ended = "its process ended with exit code 1 without an answer"
    assert found["fault"].to_list() == [None] * 3 + [ended] + [None] * 8


def test_an_estimator_is_fitted_and_asked_about_all_at_once(answer):
    assert set(answer("Constant")["predicted"]) == {"non_relapsing"}


def test_a_rule_may_use_pandas(answer):
    found = answer("with_pandas", seconds=60.0)  # the first call imports pandas
    assert found["fault"].null_count() == 12
    assert set(found["predicted"]) == {"steroid_resistant", "non_relapsing"}


def test_an_estimator_is_fitted_on_columns_that_have_a_value(answer):
    assert set(answer("AllColumnsNeeded")["predicted"]) == {"non_relapsing"}


def test_an_estimator_that_gives_the_wrong_number_of_answers(answer):
    found = answer("Short")
    assert set(found["fault"]) == {"gives 3 answers for 12 patients"}
    assert set(found["predicted"]) == {FAILED}


@pytest.mark.parametrize("name", ["number", "nothing"])
def test_what_cannot_be_asked_is_refused_at_once(answer, name):
    with pytest.raises(BenchError, match=f"own:{name}"):
        answer(name)


def test_everything_wrong_with_what_is_asked_is_told(run):
    with pytest.raises(BenchError) as error:
        running.ask(run, [], ["nothing_missing"], (0, 6), 0)
    assert len(error.value.problems) == 4
    with pytest.raises(BenchError) as error:
        registry.find_all(["majorty", "no such", "last-note", "last-note"])
    text = str(error.value)
    assert "did you mean majority?" in text and "no such" in text and "named twice" in text


def test_every_shipped_classifier_answers_in_its_vocabulary(few, run, tmp_path):
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    for target in ("category", "refractory"):
        task = Task(run.task.definition, target)
        asked = Setup(task, Training(scenario, 1, task, 60), 1.0)
        shown = ShownRecord(few, tmp_path / "shown")
        for name in [*registry.SHIPPED, "source", "ipna-2022"]:
            found = checked_answers(registry.find(name).ready(asked).answer(shown), shown.people, task)
            assert found.height == 12 and found["fault"].null_count() == 12, (name, target, found["fault"].unique())


def test_gradient_boosting_is_the_same_every_time(few, asked, tmp_path):
    shown = ShownRecord(few, tmp_path / "shown")
    both = [registry.find("gradient-boosting").ready(asked).answer(shown) for _ in range(2)]
    assert both[0].equals(both[1])


def test_installed_classifiers_are_listed(monkeypatch):
    from importlib.metadata import EntryPoint

    offered = EntryPoint("their-rule", "their.module:rule", registry.GROUP)
    monkeypatch.setattr(user_objects, "entry_points", lambda group: [offered] if group == registry.GROUP else [])
    assert registry.titles()["their-rule"] == "installed: their.module:rule"
    assert registry.find("their-rule").name == "their-rule"
    assert set(registry.SHIPPED) < set(registry.titles())

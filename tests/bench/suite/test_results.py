"""Results of a suite: their scores by an independent computation, their schema, and what they do not depend on."""

from __future__ import annotations

import json
import shutil

import jsonschema
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

import nephrosyn as ns
from nephrosyn.bench.classifiers.heuristics import coded_care
from nephrosyn.bench.perturbations import perturb
from nephrosyn.bench.suite import benchmark
from nephrosyn.bench.suite.build import BuiltSuite
from nephrosyn.bench.suite.definition import load
from nephrosyn.bench.suite.result import COMPARED, SCHEMA, as_text, compared_digest, json_schema
from nephrosyn.errors import BenchError
from nephrosyn.record.schema import OBSERVED
from nephrosyn.vocabulary import NOTICE


def of(results, name):
    return next(result for result in results if result.classifier.name == name)


def scores(condition):
    return {(score.metric, score.of): score.value for score in condition.scores}


def test_scores_are_those_of_scikit_learn_on_answers_given_here(suite_file, results):
    suite = BuiltSuite(load(str(suite_file)))
    right = suite.answers("category", "test").filter(pl.col("answer").cast(pl.String) != "undetermined")
    evaluation = of(results, "coded-care").tasks["category"]["test"]
    assert len(evaluation.conditions) == 1 + 2 * 2 * 2
    assert evaluation.scored == right.height
    for condition in evaluation.conditions:
        tables = {name: suite.tables("test")[name] for name in OBSERVED}
        if condition.severity:
            tables, _ = perturb(
                tables, condition.perturbation, condition.severity, seed=5, replicate=condition.replicate
            )
        both = right.join(coded_care(tables), on="patient", how="left").select(
            pl.col("answer").cast(pl.String), pl.col("predicted").cast(pl.String)
        )
        answer, predicted = both["answer"].to_list(), both["predicted"].to_list()
        value = scores(condition)
        assert value["accuracy", "all"] == pytest.approx(accuracy_score(answer, predicted), abs=1e-6)
        present = sorted(set(answer))
        macro = f1_score(answer, predicted, labels=present, average="macro", zero_division=0)
        assert value["macro_f1", "all"] == pytest.approx(macro, abs=1e-6)
        counts = both.group_by("answer", "predicted").len()
        for row in counts.to_dicts():
            at = evaluation.classes.index(row["answer"]), evaluation.answers.index(row["predicted"])
            assert condition.confusion[at[0]][at[1]] == row["len"]
        if not condition.severity:
            assert value["mcc", "all"] == pytest.approx(matthews_corrcoef(answer, predicted), abs=1e-6)


def test_a_mean_over_perturbed_records_is_that_of_its_conditions(results):
    evaluation = of(results, "event-sequences").tasks["category"]["test"]
    perturbed = [scores(part)["accuracy", "all"] for part in evaluation.conditions if part.severity]
    mean = next(score for score in evaluation.averages if score.metric == "accuracy")
    assert mean.value == pytest.approx(sum(perturbed) / len(perturbed), abs=1e-5)
    assert mean.low < mean.value < mean.high


def test_the_file_follows_its_schema(results_folder):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert schema == json_schema(), "python tools/freeze_suite.py writes it again"
    validator = jsonschema.Draft202012Validator(schema)
    for path in results_folder.glob("*.json"):
        if path.name == "suite.json":
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        validator.validate(content)
        assert content["notice"] == NOTICE
        content["tasks"]["category"]["test"]["scored"] = -1
        assert not validator.is_valid(content)


def test_lines_of_the_file_are_json_again():
    content = {"a": [1, {"b": {"c": {"d": {"e": [1, 2, {"f": "x, ] }"}]}, "g": []}}}], "h": {}}
    assert json.loads(as_text(content)) == content


def test_a_classifier_has_the_digest_of_what_it_is(results, suite_file, tmp_path):
    kinds = {result.classifier.name: result.classifier.kind for result in results}
    assert kinds["source"] == "definition set"
    assert kinds["majority"] == "shipped"
    digests = [result.classifier.sha256 for result in results]
    assert len(set(digests)) == len(digests)
    rule = tmp_path / "rule.py"
    for answer in ("refractory", "not_refractory"):
        rule.write_text(f"def always(record):\n    return '{answer}'\n", encoding="utf-8")
        result = benchmark.bench_suite(str(suite_file), [f"{rule}:always"], ["early"], workers=1)[1]
        assert result.classifier.kind == "user"
        digests.append(result.classifier.sha256)
        assert list(result.tasks) == ["early"]
    assert len(set(digests)) == len(digests)


def test_no_time_and_no_machine_is_in_what_is_compared(results):
    result = results[0]
    content = result.model_dump(mode="json")
    assert result.result_sha256 == compared_digest(content)
    content["run"]["seconds"], content["environment"]["python"] = 1e6, "4.0"
    assert compared_digest(content) == result.result_sha256
    content["tasks"]["category"]["test"]["scored"] += 1
    assert compared_digest(content) != result.result_sha256
    assert {"run", "environment"}.isdisjoint(COMPARED)


@pytest.mark.slow
def test_a_build_does_not_depend_on_the_number_of_processes(suite_file):
    verified = benchmark.verify(str(suite_file), workers=2)
    assert verified.tables == len(verified.frozen.tables)


def test_records_that_are_not_the_frozen_ones_are_named(suite_file, tmp_path, monkeypatch):
    file = tmp_path / "small-1.toml"
    shutil.copy(suite_file, file)
    digests = json.loads(suite_file.with_name("small-1.digests.json").read_text(encoding="utf-8"))
    digests["tables"]["test/readings"] = "0" * 64
    digests["columns"]["test/readings"]["value"] = "0" * 64
    digests["tables"]["early/test/results_lost/severity-5/replicate-0/readings"] = "0" * 64
    del digests["tables"]["train/doses"]
    digests["nephrosyn"] = "0.0.9"
    (tmp_path / "small-1.digests.json").write_text(json.dumps(digests), encoding="utf-8")
    with pytest.raises(BenchError) as caught:
        benchmark.verify(str(file), workers=1)
    text = str(caught.value)
    assert "test/readings differs in value\n" in text
    assert "early/test/results_lost/severity-5/replicate-0/readings differs\n" in text
    assert "train/doses: not among the frozen tables" in text
    assert "nephrosyn 0.0.9 builds it" in text
    assert len(caught.value.problems) == 4


def test_a_changed_number_of_the_simulation_is_noticed(suite_file, monkeypatch):
    from nephrosyn.bench.suite import build

    simulate = build.cohort

    def changed(scenario, patients, seed):
        tables = simulate(scenario, patients, seed)
        weight = pl.when(pl.col("patient") == 7).then(pl.col("weight_kg") + 0.1).otherwise("weight_kg")
        return {**tables, "patients": tables["patients"].with_columns(weight_kg=weight)}

    monkeypatch.setattr(build, "cohort", changed)
    with pytest.raises(BenchError, match="test/patients differs in weight_kg"):
        benchmark.bench_suite(str(suite_file), ["majority"], ["early"], workers=1)


def test_a_suite_without_digests_is_refused(suite_file, tmp_path):
    shutil.copy(suite_file, tmp_path / "small-1.toml")
    with pytest.raises(BenchError, match=r"not frozen yet; expected the file small-1\.digests\.json"):
        benchmark.bench_suite(str(tmp_path / "small-1.toml"), ["majority"])


def test_wrong_arguments_are_reported_together(suite_file):
    with pytest.raises(BenchError) as caught:
        benchmark.bench_suite(str(suite_file), ["majority"], ["categry"], workers=0, seconds=0)
    assert len(caught.value.problems) == 3
    assert "did you mean category?" in str(caught.value)


def test_a_split_is_a_data_set(suite_file):
    pytest.importorskip("pandas")
    train = ns.datasets.load_suite_split(str(suite_file), "early")
    test = ns.datasets.load_suite_split(str(suite_file), "early", "elsewhere", as_frame=False)
    assert list(train.data.columns) == train.feature_names == test.feature_names
    assert test.data.shape == (len(test.target), len(test.feature_names))
    assert train.target_names == ["not_refractory", "refractory"]
    assert "not for clinical use" in train.DESCR.lower()
    suite = BuiltSuite(load(str(suite_file)))
    right = dict(suite.answers("early", "elsewhere").select("patient", pl.col("answer").cast(pl.String)).iter_rows())
    for patient, code in zip(test.patient, test.target, strict=True):
        assert right[patient] == test.target_names[code]
    with pytest.raises(BenchError, match="has no split elsewher; nearest: elsewhere"):
        ns.datasets.load_suite_split(str(suite_file), "early", "elsewher")

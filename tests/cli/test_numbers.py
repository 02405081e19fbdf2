"""Numbers of the command line: each has limits, told in a sentence, before anything is made of them."""

from __future__ import annotations

import io
import json
import shutil

import pytest

import nephrosyn as ns
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.engine import check_parts
from nephrosyn.errors import EngineError, RunFolderError
from nephrosyn.runs.workers import local_worker, room

BILLIONS, BEYOND = 10**12, 10**26
PARIS = ("calibrate", "setting-paris", "--free", "disease.relapse.bands.children.rate_per_year", "--estimates", "C08")

RUN = [
    (("--patients", BILLIONS), "patients: expected a whole number from 1 to 100000000"),
    (("--replicates", BILLIONS), "replicates: expected a whole number from 1 to 100000"),
    (("--seed", BEYOND), "seed: expected a whole number from 0 to 9223372036854775807"),
    (("--workers", BILLIONS), "workers: expected a whole number from 1 to 1024"),
    (("--part-patients", BEYOND), "part_patients: expected a whole number from 1 to 1000000"),
    (("--cluster", f"local:{BILLIONS}"), "local: expected a whole number from 1 to 1024"),
    (
        ("--patients", 10**8, "--set", "population.patients_per_site=1", "--part-patients", 1),
        "100,000,000 parts of 1; expected at most 200,000: make --part-patients larger",
    ),
]
OTHERS = [
    (
        ("validate", "--estimate", "C01", "--patients", BILLIONS),
        "patients: expected a whole number from 1 to 100000000",
    ),
    (("validate", "--estimate", "C01", "--seed", BEYOND), "seed: expected"),
    (("validate", "--estimate", "C01", "--seed=-1"), "seed: expected a whole number from 0"),
    (("validate", "--estimate", "C01", "--workers", BILLIONS), "workers: expected a whole number from 1 to 1024"),
    ((*PARIS, "--patients", BILLIONS), "patients: expected"),
    (("sensitivity", "baseline", "--patients", BILLIONS), "patients: expected"),
    (("sensitivity", "baseline", "--seed", 2**32), "seed: expected a whole number from 0 to 4294967295"),
    (("sensitivity", "baseline", "--trajectories", BILLIONS), "trajectories: expected a whole number from 2 to 10000"),
    (("sensitivity", "baseline", "--base", BEYOND), "base: expected a whole number from 0 to 65536"),
    (("sensitivity", "baseline", "--base", 5), "base: expected 0 or a power of 2; found 5"),
]
OF_A_RUN = [
    (("bench", "--severity", f"1-{BILLIONS}"), f"--severity {BILLIONS}: expected 1 to 5"),
    (("bench", "--replicates", BILLIONS), "--replicates: expected a whole number from 1 to 1000"),
    (("bench", "--seed", BEYOND), "--seed: expected a whole number from 0"),
    (("bench", "--training", BILLIONS), "--training: expected a whole number from 50 to 1000000"),
    (("bench", "--time-limit", "1e300"), "--time-limit: expected 0.1 to 86400 seconds"),
    (("cases", "--count", BILLIONS), "count: expected a whole number from 1 to 10000"),
    (("cases", "--seed", BEYOND), "seed: expected a whole number from 0"),
    (("cases", "--seed=-1"), "seed: expected a whole number from 0"),
]
OF_AN_EXPORT = [
    (("--severity", f"1-{BILLIONS}"), f"severities: expected some of 1 to 5; found 1, {BILLIONS}"),
    (("--replicates", BILLIONS), "replicates: expected a whole number from 1 to 1000"),
    (("--seed", BEYOND), "seed: expected a whole number from 0"),
]


@pytest.mark.parametrize(("options", "words"), RUN)
def test_of_a_run_to_be_made(refuses, tmp_path, options, words):
    refuses("run", "baseline", *options, "--no-report", "--out", tmp_path / "run", saying=(words,))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("arguments", "words"), OTHERS)
def test_of_cohorts_to_be_simulated(refuses, arguments, words):
    refuses(*arguments, saying=(words,))


@pytest.mark.parametrize(("arguments", "words"), OF_A_RUN)
def test_of_what_is_asked_of_a_run(refuses, finished, tmp_path, arguments, words):
    verb, *options = arguments
    refuses(verb, finished, *options, "--out", tmp_path / "out", saying=(words,))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("options", "words"), OF_AN_EXPORT)
def test_of_an_export(refuses, finished, tmp_path, options, words):
    refuses("bench", "export", finished, *options, "--out", tmp_path / "out", saying=(words,))
    assert not list(tmp_path.iterdir())


def test_a_scenario_that_hung_is_refused_by_check_and_run(refuses, tmp_path):
    file = tmp_path / "hang.toml"
    key = "disease.proteinuria.rise_doubling_days"
    file.write_text(f'extends = "baseline"\n{key} = 1e-30\n[sources]\n"{key}" = "assumed: x"\n')
    for verb in (("check", file), ("run", file, "--out", tmp_path / "run")):
        refuses(*verb, saying=(f"{key}: expected a number from 0.02 to 365 (days); found 1e-30",))
    assert [path.name for path in tmp_path.iterdir()] == ["hang.toml"]


def test_a_run_that_is_sure_to_fill_the_disk_is_refused_before_it_begins(refuses, tmp_path, monkeypatch):
    monkeypatch.setattr(room.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 14_000))
    small = ("run", "baseline", "--patients", 80, "--no-report", "--out", tmp_path / "below" / "run")
    refuses(*small, saying=("80 patients take at least", f"{tmp_path} has 0.0 GiB free"))
    assert not list(tmp_path.iterdir())
    room.check(70, tmp_path)
    with pytest.raises(RunFolderError):
        room.check(71, tmp_path / "not" / "there")
    room.check(10**9, "s3://bucket/run")


def test_the_least_that_a_patient_takes_is_less_than_any_takes(tmp_path):
    short = ["population.follow_up_days=1"]
    ns.run("baseline", patients=400, overrides=short, report=False, out=tmp_path / "run", workers=1)
    everything = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*.parquet"))
    assert everything > 400 * room.LEAST_BYTES_A_PATIENT


def test_a_course_without_end_in_a_worker_ends_the_run_with_its_sentence():
    def endless(told, number):
        raise EngineError("patient 3 of replicate 0 has more than 75,000 events by day 1")

    answers = io.StringIO()
    local_worker.serve(io.StringIO('"a job"\n0\n'), answers, endless)
    assert json.loads(answers.getvalue()) == {
        "error": "patient 3 of replicate 0 has more than 75,000 events by day 1",
        "kind": "EngineError",
    }


def test_as_many_parts_as_there_may_be():
    check_parts(200_000, 1, 1)
    check_parts(10**8, 1, 2000)
    with pytest.raises(EngineError, match="1,000 patients in each of 100,000 replicates make 400,000 parts of 300"):
        check_parts(1000, 100_000, 300)


def test_perturbations_take_no_seed_beyond_64_bits():
    from nephrosyn.bench.perturbations import perturb
    from nephrosyn.errors import PerturbationError

    for address in ({"seed": BEYOND, "replicate": 0}, {"seed": 0, "replicate": BEYOND}):
        with pytest.raises(PerturbationError, match="expected a whole number from 0 to 9223372036854775807"):
            perturb({}, next(iter(PERTURBATIONS)), 1, **address)

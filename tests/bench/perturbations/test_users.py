"""Perturbations of users work like the shipped ones, and each rule that one breaks is named."""

from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nephrosyn.bench.perturbations import PERTURBATIONS, apply, perturb, prepare, register, users
from nephrosyn.bench.perturbations.constants import SHIPPED, of_records
from nephrosyn.errors import BenchError, PerturbationError


@pytest.fixture(autouse=True)
def forgotten():
    """Forget what a test has registered."""
    yield
    for name in [name for name in PERTURBATIONS if name not in SHIPPED]:
        from nephrosyn.bench.perturbations import constants

        del constants._ALL[name]


def lost(tables, severity, draw):
    """Readings are lost.

    A tenth of them for each severity."""
    return {"readings": tables["readings"].filter(draw("readings") > 0.1 * severity)}


def drifting(tables, severity, draw):
    readings = tables["readings"]
    hit = (pl.col("analyte") == "upcr") & (draw("readings", "drift", per_patient=True) < 0.2 * severity)
    return {"readings": readings.with_columns(value=pl.when(hit).then(pl.col("value") * 1.5).otherwise("value"))}


def twice(tables, severity, draw):
    doses = tables["doses"]
    return {"doses": pl.concat([doses, doses.filter(draw("doses") < 0.05 * severity)])}


GOOD = {"lost": lost, "drifting": drifting, "twice": twice}


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_one_is_logged_and_can_be_applied_again(record, name):
    made = register(name, GOOD[name])
    assert made.title and name in of_records()
    perturbed, log = perturb(record, name, 4, seed=3, replicate=1)
    assert log.height and set(log["perturbation"]) == {name}
    again = apply(record, log)
    for table in perturbed:
        assert_frame_equal(perturbed[table], again[table])
    assert perturb(record, name, 0, seed=3, replicate=1)[1].is_empty()
    _, other = perturb(record, name, 4, seed=4, replicate=1)
    assert not other.equals(log)


def test_the_text_of_the_function_says_what_it_does():
    made = register("lost", lost)
    assert (made.title, made.what.splitlines()[-1]) == ("Readings are lost", "A tenth of them for each severity.")


def raises(tables, severity, draw):
    raise KeyError("dosis")


def of_the_order(tables, severity, draw):
    return {"readings": tables["readings"].filter(pl.col("row") % (9 - severity) != 0)}


def of_others(tables, severity, draw):
    readings = tables["readings"]
    mean = readings.filter(pl.col("analyte") == "upcr")["value"].mean()
    high = (pl.col("analyte") == "upcr") & (pl.col("value") > mean / severity)
    return {"readings": readings.filter(~high)}


def not_nested(tables, severity, draw):
    number = draw("readings")
    return {"readings": tables["readings"].filter((number < 0.1 * severity) | (number > 0.1 * severity + 0.1))}


class Random:
    """Another draw each time."""

    def __init__(self):
        self.calls = 0

    def __call__(self, tables, severity, draw):
        self.calls += 1
        return {"readings": tables["readings"].filter(draw("readings", str(self.calls)) > 0.5)}


def more_columns(tables, severity, draw):
    return {"readings": tables["readings"].with_columns(flag=pl.lit(1))}


def other_types(tables, severity, draw):
    return {"readings": tables["readings"].with_columns(pl.col("value").cast(pl.String))}


def other_patients(tables, severity, draw):
    return {"readings": tables["readings"].with_columns(pl.col("patient") + 1)}


def invented(tables, severity, draw):
    return {"readings": tables["readings"].with_columns(row=pl.col("row") + 1_000_000)}


def thrice(tables, severity, draw):
    return {"readings": pl.concat([tables["readings"]] * 3)}


def unequal(tables, severity, draw):
    readings = tables["readings"]
    return {"readings": pl.concat([readings, readings.with_columns(pl.col("value") + 1)])}


def nobody(tables, severity, draw):
    return {"patients": tables["patients"].head(0)}


def truth(tables, severity, draw):
    return {"truth/traits": tables["patients"]}


def nothing(tables, severity, draw):
    return None


def a_list(tables, severity, draw):
    return {"readings": [1, 2]}


BROKEN = {
    raises: "no error is raised: KeyError: 'dosis'",
    Random(): "the same seed gives the same: patient .* of the check, table readings, severity 1",
    of_the_order: "the order of rows does not matter: patient .* of the check, table readings, severity 1",
    of_others: "other patients do not matter: patient .* of the check, table readings, severity 1",
    not_nested: "lost or changed at every higher one: patient .* of the check, table readings, severity 1",
    more_columns: "columns stay, `row` among them: readings differs in flag",
    other_types: "types of columns stay: readings.value is String, not Float64",
    other_patients: "replicate and patient stay: table readings, patient 0",
    invented: "`row` is that of a row of the record: table readings",
    thrice: "a row is there twice at most: table readings, patient 0",
    unequal: "both copies of a row are the same: table readings, patient 0",
    nobody: "every patient keeps one row in patients: table patients, patient 0",
    truth: "only observed tables are returned: found 'truth/traits'",
    nothing: "the changed tables are returned by name: found NoneType",
    a_list: "tables are frames of polars: readings is list",
}


@pytest.mark.parametrize("function", BROKEN, ids=lambda one: getattr(one, "__name__", "another draw each time"))
def test_each_broken_rule_is_named(function):
    with pytest.raises(PerturbationError, match=f"perturbation mine breaks the rule that .*{BROKEN[function]}"):
        register("mine", function)
    assert "mine" not in PERTURBATIONS


def test_names_of_shipped_ones_are_kept():
    with pytest.raises(PerturbationError, match="visits_missing is the name of a shipped perturbation"):
        register("visits_missing", lost)


def test_nobody_sees_the_truth(record):
    shown = {}

    def looks(tables, severity, draw):
        shown.update(tables)
        return {}

    register("looks", looks)
    perturb(record, "looks", 1, seed=1, replicate=0)
    assert not [name for name in shown if name.startswith(("truth", "labels"))]
    assert all(frame.columns[0] == "row" for frame in shown.values())


FILE = '''
import polars as pl

def lost(tables, severity, draw):
    """Readings are lost."""
    return {"readings": tables["readings"].filter(draw("readings") > 0.1 * severity)}

lost_too = lost

def order(tables, severity, draw):
    return {"readings": tables["readings"].filter(pl.col("row") % 3 != 0)}
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(FILE)
    return path


@pytest.mark.slow
def test_the_bench_takes_one_from_a_file(cli, file, run, tmp_path):
    run, out = run.folder, tmp_path / "out"
    given = ("bench", run, "--perturbations", f"mine={file}:lost,doses_lost", "--severity", "1,4", "--out", out)
    done = cli(*given)
    assert done.exit_code == 0, done.output
    values = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    assert values["perturbations"] == ["mine", "doses_lost"]
    assert len(values["files_sha256"]["mine"]) == 64
    assert "Readings are lost" in (out / "bench.html").read_text(encoding="utf-8")
    scores = pl.read_parquet(out / "scores.parquet").filter(perturbation="mine", metric="accuracy", slice="all")
    assert scores["severity"].to_list() == [1, 4]
    flipped = pl.read_parquet(out / "predictions.parquet").filter(
        pl.col("perturbation") == "mine", pl.col("predicted") != pl.col("clean")
    )
    explained = cli("bench", "explain", flipped["patient"][0], "--results", out)
    assert explained.exit_code == 0 and "mine" in explained.output
    assert (
        cli(
            "bench", "export", run, "--perturbations", f"mine={file}:lost", "--severity", 2, "--out", tmp_path / "e"
        ).exit_code
        == 0
    )


def test_wrong_ones_end_in_one_line_each(cli, file, run, tmp_path):
    for given, said in (
        (f"{file}:order", "breaks the rule that the order of rows does not matter"),
        (f"{file}:none", "there is no none in"),
        (f"{tmp_path}/absent.py:lost", "there is no file"),
        (f"mine={file}:lost,mine={file}:lost_too", "mine is named twice"),
        ("no such module:lost", "expected MODULE:NAME or FILE.py:NAME"),
        ("nephrosyn_nowhere:lost", "ModuleNotFoundError"),
        ("json:decoder", "is not a function but module"),
    ):
        done = cli("bench", run.folder, "--perturbations", given, "--out", tmp_path / "out")
        assert done.exit_code == 2, given
        assert said in done.stderr
        assert not (tmp_path / "out").exists()


def test_installed_ones_are_found_and_listed(cli, monkeypatch, tmp_path):
    package = tmp_path / "site"
    (package / "theirs-1.dist-info").mkdir(parents=True)
    (package / "theirs-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (package / "theirs-1.dist-info" / "entry_points.txt").write_text(f"[{users.GROUP}]\ntheir-errors = theirs:lost\n")
    (package / "theirs.py").write_text(FILE)
    monkeypatch.syspath_prepend(package)
    assert users.resolved(["their-errors", "doses_lost"]) == (["their-errors", "doses_lost"], [])
    assert "their-errors" in PERTURBATIONS
    assert "their-errors: installed, theirs:lost" in cli("list", "perturbations").output


def test_a_frozen_suite_takes_none(tmp_path):
    from nephrosyn.bench.suite.definition import load, path_of

    register("lost", lost)
    text = path_of("nephro-1").read_text(encoding="utf-8").replace('"visits_missing",', '"lost", "visits_missing",', 1)
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(BenchError, match="lost"):
        load(str(tmp_path / "mine.toml"))


def test_the_check_does_not_depend_on_what_was_prepared():
    assert users._checked_record()["patients"].height == users.PATIENTS_CHECKED
    assert prepare(users._checked_record()) is users._checked_record()

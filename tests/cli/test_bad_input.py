"""Whatever a user gets wrong ends in one clear message and exit code 2, and leaves nothing behind."""

from __future__ import annotations

import json

import pytest

RUN = ("run", "baseline", "--patients", "5", "--no-report")

MIX = "population.bands.adults.lesion_mix"
WRONG_VALUES = {
    "unknown key": ("population.folow_up_days=3", ["population.folow_up_days", "follow_up_days"]),
    "wrong unit": ('population.follow_up_days="52 weeks"', ["population.follow_up_days", "52 weeks"]),
    "wrong type": ("patients=many", ["patients", "many"]),
    "negative rate": ("triggers.exertion.rate_per_year=-1", ["triggers.exertion.rate_per_year", "-1"]),
    "shares that do not sum to 1": (f"{MIX}.c1q=0.5", [MIX, "sum to 1"]),
    "unknown lesion": (f"{MIX}.fgs=0.1", [f"{MIX}.fgs", "fsgs"]),
    "unknown distribution": (
        'disease.albumin.normal_g_per_dl={dist="norml", loc=4, scale=1}',
        ["disease.albumin.normal_g_per_dl", "norml", "norm"],
    ),
    "not a number": ("disease.relapse.bands.adults.frailty_shape=nan", ["disease.relapse.bands.adults.frailty_shape"]),
    "no patients": ("patients=0", ["patients", "from 1 to 100000000"]),
    "no equals sign": ("patients", ["KEY=VALUE"]),
}


@pytest.mark.parametrize("case", WRONG_VALUES)
@pytest.mark.parametrize("verb", ["check", "run"])
def test_wrong_value(refuses, tmp_path, monkeypatch, verb, case):
    monkeypatch.chdir(tmp_path)
    override, parts = WRONG_VALUES[case]
    refuses(verb, "baseline", "--set", override, saying=tuple(parts))
    assert not list(tmp_path.iterdir())


def test_all_problems_at_once(refuses, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('extends = "baseline"\npatients = 0\nengine = "fast"\n[chart]\ndropout_per_year = -1\nfoo = 2\n')
    refuses("check", file, saying=("patients", "engine", "chart.dropout_per_year", "chart.foo", "mine.toml"))


def test_missing_keys(refuses, tmp_path):
    file = tmp_path / "bare.toml"
    file.write_text('title = "bare"\npatients = 5\n')
    refuses("check", file, saying=("population", "disease", "care"))


def test_not_toml(refuses, tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("patients = = 5\n")
    refuses("run", file, saying=("broken.toml", "line 1"))


def test_extends_in_a_circle(refuses, tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.toml").write_text(f'extends = "{other}.toml"\n')
    refuses("check", tmp_path / "a.toml", saying=("circle",))


def test_unknown_scenario_names_the_nearest(refuses):
    refuses("run", "basline", saying=("basline", "baseline"))


def test_scenario_that_is_a_folder_or_missing(refuses, tmp_path):
    refuses("check", tmp_path / "absent.toml", saying=("absent.toml",))
    refuses("check", str(tmp_path) + "/", saying=(str(tmp_path),))


@pytest.mark.parametrize(
    "option", [("--patients", 0), ("--patients", "x"), ("--replicates", 0), ("--seed", -1), ("--engine", "fast"),
               ("--format", "xlsx"), ("--seed", 2**63), ("--patients", 10**12)]
)  # fmt: skip
def test_wrong_option(refuses, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    refuses("run", "baseline", *option, saying=(option[0].strip("-"),))
    assert not list(tmp_path.iterdir())


def test_unknown_verb_and_option(refuses):
    refuses("simulate", saying=("simulate",))
    refuses("run", "baseline", "--patient", 5, saying=("--patient",))


def test_folder_with_something_in_it(refuses, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    refuses(*RUN, "--out", tmp_path / "run", saying=("run", "--overwrite"))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_overwrite_does_not_take_what_is_no_run(refuses, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    refuses(*RUN, "--out", tmp_path / "run", "--overwrite", saying=("run",))
    assert (tmp_path / "run" / "thesis.txt").read_text() == "mine"


def test_folder_that_is_a_file(refuses, tmp_path):
    (tmp_path / "run").write_text("mine")
    refuses(*RUN, "--out", tmp_path / "run", saying=(str(tmp_path / "run"),))
    refuses(*RUN, "--out", tmp_path / "run" / "below", saying=(str(tmp_path / "run"),))
    assert (tmp_path / "run").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_folder_nobody_may_write(refuses):
    refuses(*RUN, "--out", "/proc/nephrosyn", saying=("/proc",))


def test_unknown_criteria(refuses, own, tmp_path):
    refuses(*RUN, "--criteria", "sorce", "--out", tmp_path / "run", saying=("sorce", "source"))
    assert not (tmp_path / "run").exists()
    refuses("classify", own, "--criteria", "sorce", saying=("sorce", "source"))
    refuses("classify", own, saying=("--criteria",))
    refuses("explain", own, 1, "--criteria", "sorce", saying=("sorce", "source"))


def test_broken_criteria_file(refuses, own, tmp_path):
    file = tmp_path / "set.toml"
    file.write_text('name = "mine"\nthird = 3\n')
    refuses("classify", own, "--criteria", file, saying=("set.toml", "third"))


@pytest.mark.parametrize("verb", ["classify", "report", "explain"])
class TestRunFolder:
    """A folder that is not, or no longer, what a run left."""

    @pytest.fixture
    def rejected(self, refuses, verb):
        rest = {"classify": ("--criteria", "source"), "report": (), "explain": (1,)}[verb]

        def call(folder, *saying):
            return refuses(verb, folder, *rest, saying=saying)

        return call

    def test_missing(self, rejected, tmp_path):
        rejected(tmp_path / "absent", "absent")

    def test_no_run_at_all(self, rejected, tmp_path):
        rejected(tmp_path, "manifest.json")

    def test_a_file(self, rejected, own):
        rejected(own / "manifest.json", "manifest.json")

    def test_incomplete(self, rejected, own):
        (own / "manifest.json").unlink()
        rejected(own, "manifest.json")

    def test_a_file_is_gone(self, rejected, own):
        next((own / "observed" / "readings").iterdir()).unlink()
        rejected(own, "observed/readings/part-00000.parquet")

    def test_a_file_was_changed(self, rejected, own):
        file = next((own / "observed" / "doses").iterdir())
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        rejected(own, "observed/doses/part-00000.parquet")

    def test_the_manifest_is_not_json(self, rejected, own):
        (own / "manifest.json").write_text('{"version": ')
        rejected(own, "manifest.json")

    def test_the_manifest_lacks_something(self, rejected, own):
        (own / "manifest.json").write_text("{}")
        rejected(own, "manifest.json")

    def test_the_manifest_holds_something_else(self, rejected, own):
        manifest = json.loads((own / "manifest.json").read_text(encoding="utf-8"))
        deep = json.loads("[" * 60 + "]" * 60)
        wrong = ({"files": 3}, {"sets": None}, {"sets": {"source": 3}}, {"criteria": [3]}, {"notice": deep})
        for value in ([], 3, *({**manifest, **one} for one in wrong)):
            (own / "manifest.json").write_text(json.dumps(value))
            rejected(own, "manifest.json")


def test_explain_nobody(refuses, finished):
    refuses("explain", finished, 60, saying=("60", "59"))
    refuses("explain", finished, 1, "--replicate", 3, saying=("replicate", "3"))
    refuses("explain", finished, "x", saying=("x",))
    refuses("explain", finished, 1, "--view", "true", saying=("view",))


def test_schema_where_nothing_can_be_written(refuses, tmp_path):
    refuses("schema", "--out", tmp_path / "no" / "s.json", saying=("s.json",))


@pytest.mark.slow
def test_a_file_that_was_added_is_not_read(cli, own):
    before = cli("report", own).stdout
    for part in list(own.rglob("part-00000.parquet")):
        part.with_name("part-00009.parquet").write_bytes(part.read_bytes())
    assert cli("report", own).stdout == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("explore", "baseline", "--out", "s3://bucket/page.html"),
        ("cases", "s3://bucket/run"),
        ("bench", "suite", "nephro-1", "--out", "https://example.org/results"),
        ("validate", "baseline", "--out", "memory://somewhere"),
    ],
)
def test_commands_that_write_here_refuse_urls(refuses, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    refuses(*arguments, saying=("expected a path on this machine", arguments[-1]))
    assert not list(tmp_path.iterdir())

"""The verb reclassify: the answer first, values for machines, and one message for whatever is wrong."""

from __future__ import annotations

import json

import pytest

from nephrosyn import criteria, vocabulary


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    text = criteria.text("source").replace('name = "source"', 'name = "stopped"')
    file = tmp_path_factory.mktemp("sets") / "stopped.toml"
    file.write_text(text.replace('value = ["withheld", "cut", "stopped"]', 'value = ["stopped"]'), encoding="utf-8")
    return file


def test_says_the_answer_first(cli, finished, stopped):
    lines = cli("reclassify", finished, "--from", "source", "--to", stopped).stdout.splitlines()
    assert "of the same 60 patients" in lines[0]
    assert lines[1] == vocabulary.NOTICE
    for start in (
        "From “source” to “stopped”",
        "Agreement",
        "The clauses responsible",
        "Refractory share compared with one third",
    ):
        assert any(line.startswith(start) for line in lines), start
    (command,) = [line for line in lines if line.startswith("next  nephrosyn explain ")]
    assert command.endswith("--criteria source")


def test_what_it_prints_next_works(cli, finished, stopped):
    lines = cli("reclassify", finished, "--from", "source", "--to", stopped, "--view", "complete").stdout.splitlines()
    for line in lines[-2:]:
        assert cli(*line.removeprefix("next").split()[1:]).exit_code == 0


def test_speaks_json_and_writes_a_page(cli, finished, stopped, tmp_path):
    out = tmp_path / "out"
    asked = ("reclassify", finished, "--from", stopped, "--to", "source", "--out", out)
    told = cli(*asked, "--json").stdout
    assert json.loads(told)["notice"] == vocabulary.NOTICE
    assert (out / "reclassify.json").read_text(encoding="utf-8") == told
    result = cli(*asked, "--overwrite")
    assert f"page  {out / 'reclassify.html'}" in result.stdout.splitlines()


def test_quiet_prints_nothing(cli, finished, stopped):
    quiet = cli("reclassify", finished, "--from", "source", "--to", stopped, "--quiet")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


def test_leaves_the_run_as_it_was(cli, own, stopped):
    before = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}
    assert cli("reclassify", own, "--from", "source", "--to", stopped).exit_code == 0
    assert {path: path.read_bytes() for path in own.rglob("*") if path.is_file()} == before


def test_refuses(refuses, finished, stopped, tmp_path):
    refuses("reclassify", finished, "--from", "source", saying=("--to",))
    refuses(
        "reclassify", finished, "--from", "sorce", "--to", "nothing.toml", saying=("sorce", "nothing.toml", "source")
    )
    refuses("reclassify", finished, "--from", stopped, "--to", stopped, saying=("same definition set",))
    refuses("reclassify", finished, "--from", "source", "--to", stopped, "--view", "true", saying=("view",))
    refuses("reclassify", finished, "--from", "source", "--to", stopped, "--out", finished, "--overwrite",
            saying=("not a reclassification",))  # fmt: skip
    refuses("reclassify", tmp_path, "--from", "source", "--to", stopped, saying=("manifest.json",))


def test_refuses_a_damaged_run(refuses, own, stopped):
    file = next((own / "observed" / "doses").iterdir())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refuses("reclassify", own, "--from", "source", "--to", stopped, saying=("observed/doses/part-00000.parquet",))


def test_draws_give_a_second_interval(cli, finished, stopped):
    asked = ("reclassify", finished, "--from", "source", "--to", stopped, "--uncertainty", 20, "--workers", 1)
    told = cli(*asked).stdout
    assert "by chance alone; with the scenario’s numbers" in told.splitlines()[0]
    assert "20 draws of 60 patients" in told
    values = json.loads(cli(*asked, "--json").stdout)
    assert {row["of"] for row in values["intervals"]} == {
        "moved",
        "refractory",
        "refractory_difference",
        "kappa",
        "flow",
    }


def test_refuses_draws_that_mean_nothing(refuses, finished, stopped, own):
    asked = ("--from", "source", "--to", stopped)
    refuses("reclassify", finished, *asked, "--uncertainty", 10_001, saying=("uncertainty", "from 20 to 10000"))
    about = json.loads((own / "manifest.json").read_text(encoding="utf-8"))
    about["scenario"]["scenario"]["uncertainty"] = {}
    (own / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    refuses("reclassify", own, *asked, "--uncertainty", 20, saying=("baseline", "all numbers are fixed"))

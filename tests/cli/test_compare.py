"""The verb compare: the answer first, values for machines, and one message for whatever cannot be compared."""

from __future__ import annotations

import json
import shutil

import pytest

from nephrosyn import vocabulary

from .conftest import SMALL


@pytest.fixture(scope="module")
def twin(cli, tmp_path_factory):
    folder = tmp_path_factory.mktemp("twin") / "no-infections"
    result = cli("run", "no-infections", *SMALL, "--out", folder, "--no-report", "--quiet")
    assert result.exit_code == 0, result.stderr
    return folder


def test_says_the_answer_first(cli, finished, twin):
    lines = cli("compare", finished, twin).stdout.splitlines()
    assert lines[0].startswith("Under “no-infections” instead of “run”, the same 60 patients have ")
    assert lines[1] == vocabulary.NOTICE
    assert any(line.startswith("relapses ") and "per year" in line for line in lines)
    assert any(line.startswith("run ↓ no-infections →") for line in lines)


def test_speaks_json(cli, finished, twin, tmp_path):
    out = tmp_path / "out"
    told = cli("compare", finished, twin, "--json", "--view", "complete", "--out", out).stdout
    values = json.loads(told)
    assert values["notice"] == vocabulary.NOTICE
    assert (values["reference"], values["view"], values["patients"]) == ("run", "complete", 60)
    assert (out / "compare.json").read_text(encoding="utf-8") == told


def test_writes_a_page(cli, finished, twin, tmp_path):
    again = shutil.copytree(finished, tmp_path / "again")
    result = cli("compare", finished, twin, again, "--out", tmp_path / "out")
    assert result.stdout.splitlines()[-1] == f"page  {tmp_path / 'out' / 'compare.html'}"
    assert "nothing differs" in result.stdout


def test_quiet_prints_only_json(cli, finished, twin, tmp_path):
    quiet = cli("compare", finished, twin, "--quiet", "--out", tmp_path / "out")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")
    assert (tmp_path / "out" / "compare.html").is_file()
    assert json.loads(cli("compare", finished, twin, "-q", "--json").stdout)["patients"] == 60


def test_refuses_what_cannot_be_compared(cli, refuses, finished, twin, tmp_path):
    other = tmp_path / "other"
    assert cli("run", "baseline", "--patients", 20, "--seed", 5, "--out", other, "--no-report", "-q").exit_code == 0
    refuses("compare", saying=("RUN",))
    refuses("compare", finished, saying=("at least two",))
    refuses("compare", finished, finished, saying=("run is given twice",))
    refuses("compare", finished, other, saying=("same patients", "patients 60 and 20"))
    refuses("compare", finished, twin, "--criteria", "sorce", saying=("sorce", "source"))
    refuses("compare", finished, twin, "--view", "true", saying=("view",))


def test_refuses_what_is_no_run(refuses, finished, own, tmp_path):
    refuses("compare", finished, tmp_path / "absent", saying=("absent",))
    refuses("compare", finished, tmp_path, saying=("manifest.json",))
    file = next((own / "truth" / "doses").iterdir())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refuses("compare", finished, own, saying=("truth/doses/part-00000.parquet",))
    (own / "manifest.json").unlink()
    refuses("compare", finished, own, saying=("manifest.json",))


def test_leaves_what_is_not_its_own(refuses, finished, twin):
    refuses("compare", finished, twin, "--out", finished, saying=("--overwrite",))
    refuses("compare", finished, twin, "--out", finished, "--overwrite", saying=("not a comparison",))
    assert (finished / "manifest.json").is_file()


def test_draws_give_a_second_interval(cli, finished, twin, tmp_path):
    asked = ("compare", finished, twin, "--uncertainty", 20, "--workers", 1)
    lines = cli(*asked, "--out", tmp_path / "out").stdout.splitlines()
    assert "by chance alone; with the scenarios’ numbers" in lines[0]
    assert any("20 draws of 60 patients" in line for line in lines)
    assert any("with the numbers (95%)" in line for line in lines)
    assert json.loads(cli(*asked, "--json").stdout)["uncertainty"]["draws"] == 20
    assert (tmp_path / "out" / "compare.html").is_file()


def test_refuses_draws_that_mean_nothing(refuses, finished, twin, own, tmp_path):
    refuses("compare", finished, twin, "--uncertainty", 19, saying=("uncertainty", "from 20 to 10000", "19"))
    refuses("compare", finished, twin, "--uncertainty", "many", saying=("--uncertainty",))
    refuses("compare", finished, twin, "--uncertainty", 20, "--workers", 0, saying=("workers", "from 1"))
    about = json.loads((own / "manifest.json").read_text(encoding="utf-8"))
    about["scenario"]["scenario"]["uncertainty"] = {}
    (own / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    said = refuses("compare", finished, own, "--uncertainty", 20, "--out", tmp_path / "out", saying=("own",))
    assert "all numbers are fixed" in said
    assert not (tmp_path / "out").exists()

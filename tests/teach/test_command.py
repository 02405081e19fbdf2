"""The command: writes the requested cases, or reports everything wrong and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nephrosyn as ns
from nephrosyn.errors import CasesError
from nephrosyn.teach.make_cases import check
from nephrosyn.teach.model import CaseSet
from nephrosyn.teach.request import Request

pytestmark = pytest.mark.slow


def call(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "nephrosyn", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "small"
    ns.run("baseline", patients=120, seed=3, out=folder, report=False, criteria=["source"])
    return folder


def test_cases_are_written_and_linted_and_the_run_is_unchanged(run, tmp_path):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    out = tmp_path / "made"
    result = call(
        "cases", run, "--count", 3, "--balance", "natural", "--criteria", "prednos", "--units", "si", "--out", out
    )
    assert result.returncode == 0, result.stderr
    pages = {f"cases-{which}.html" for which in ("teacher", "student", "quiz")}
    assert {path.name for path in out.iterdir()} == {"cases-si.json", "cases-conventional.json", *pages}
    read = CaseSet.model_validate_json((out / "cases-si.json").read_text(encoding="utf-8"))
    assert len(read.cases) == 3
    assert {case.criteria for case in read.cases} == {"prednos"}
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert call("cases", "lint", out).returncode == 0
    broken = (out / "cases-si.json").read_text(encoding="utf-8").replace('"Patient"', '"Secrets"')
    (tmp_path / "broken.json").write_text(broken, encoding="utf-8")
    found = call("cases", "lint", tmp_path / "broken.json")
    assert found.returncode == 1
    assert "shown-is-used" in found.stdout
    taken = call("cases", run, "--count", 0, "--format", "pdf", "--pick", "agreement", "--out", out)
    assert taken.returncode == 2
    assert all(word in taken.stderr for word in ("count:", "format", "pick:", "out:"))


def test_only_cases_are_overwritten(tmp_path):
    request, folder = Request(count=1), tmp_path / "made"
    folder.mkdir()
    (folder / "cases-si.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CasesError, match="replace its cases with --overwrite"):
        check(request, ["json"], None, folder)
    assert check(request, ["json"], None, folder, overwrite=True) == ["json"]
    (folder / "thesis.docx").touch()
    with pytest.raises(CasesError, match="holds more than cases"):
        check(request, ["json"], None, folder, overwrite=True)


def test_too_few_patients_are_an_error_that_suggests_a_larger_run(run, tmp_path):
    result = call("cases", run, "--count", 200, "--out", tmp_path / "made")
    assert result.returncode == 2
    assert "its 120 patients make 120 single cases at most" in result.stderr
    assert "nephrosyn run baseline --patients 1000" in result.stderr
    assert not (tmp_path / "made").exists()


def test_a_file_that_is_not_a_set_of_cases_is_an_error(tmp_path):
    (tmp_path / "no.json").write_text("{}", encoding="utf-8")
    for path in (tmp_path / "no.json", tmp_path / "nothing.json"):
        found = call("cases", "lint", path)
        assert found.returncode == 2
        assert "expected" in found.stderr
        assert "Traceback" not in found.stderr

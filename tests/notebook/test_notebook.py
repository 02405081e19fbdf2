"""A notebook: pictures are shown, and no object floods a cell."""

from __future__ import annotations

import sys

import pytest

import nephrosyn as ns
from nephrosyn import criteria, scenario, vocabulary
from nephrosyn.evidence.validation.validate import validate
from nephrosyn.teach.model import CaseSet

MOST = 2000
"""Characters that a cell may show of an object that is no table."""


@pytest.fixture(scope="module")
def cohort():
    return ns.run("baseline", patients=60, seed=1, criteria=["source", "kdigo-2021-children"])


@pytest.fixture(scope="module")
def objects(cohort, tmp_path_factory):
    """Return every kind of object that a user of the package holds."""
    disk = ns.run("baseline", patients=20, seed=1, out=tmp_path_factory.mktemp("run") / "run", report=False)
    patient = cohort.patient(1)
    verdict = patient.verdict()
    cases = cohort.cases(2, balance="natural", figures=False)
    return {
        "cohort": cohort,
        "cohort on disk": disk,
        "tables": cohort.tables,
        "tables on disk": disk.tables,
        "manifest": cohort.manifest,
        "manifest on disk": disk.manifest,
        "resolved": cohort.resolved,
        "scenario": scenario.load("baseline").scenario,
        "answers": cohort.answers(),
        "patient": patient,
        "tables of a patient": patient.tables,
        "verdict": verdict,
        "verdicts": patient.verdicts(),
        "clauses": verdict.clauses,
        "definition set": criteria.load("source"),
        "comparison": ns.compare(cohort, cohort),
        "reclassification": ns.reclassify(cohort, "source", "kdigo-2021-children"),
        "cases": cases,
        "case": cases.cases[0],
        "stage": cases.cases[0].stages[0],
        "validation": validate("setting-japan-children", patients=5, workers=1),
    }


def test_no_object_says_more_than_a_few_lines(objects):
    lengths = {name: max(len(repr(one)), len(str(one))) for name, one in objects.items()}
    assert {name: length for name, length in lengths.items() if length > MOST} == {}
    assert [name for name, one in objects.items() if " object at 0x" in repr(one)] == []


def test_objects_that_are_tables_are_shown_as_such(objects):
    shown = {name: one._repr_html_() for name, one in objects.items() if hasattr(one, "_repr_html_")}
    assert shown.keys() >= {"cohort", "cohort on disk", "comparison", "reclassification", "cases", "validation"}
    for name, html in shown.items():
        assert html.count("<table>") == html.count("</table>") >= 1, name
        assert vocabulary.NOTICE in html, name
    assert '<td style="text-align: left">patients</td><td style="text-align: right">60</td>' in shown["cohort"]


def test_a_title_is_no_markup(objects):
    case = objects["cases"].cases[0].model_copy(update={"title": "<script>alert(1)</script>"})
    html = CaseSet(**{**dict(objects["cases"]), "cases": (case,), "notes": ("a <b> note",)})._repr_html_()
    assert "<script>" not in html and "<b>" not in html
    assert "&lt;script&gt;" in html and "a &lt;b&gt; note" in html


def test_the_cohort_on_disk_is_described_without_reading_it(objects, monkeypatch):
    def read(*_):
        raise AssertionError("a table was read")

    monkeypatch.setattr(type(objects["tables on disk"]), "lazy", read)
    assert "patients 20" in repr(objects["tables on disk"])
    assert "20</td>" in objects["cohort on disk"]._repr_html_()


CELLS = {
    "cohort": "import nephrosyn as ns\ncohort = ns.run('baseline', patients=40, seed=1)\ncohort",
    "plot": "cohort.patient(17).plot()",
    "tables": "cohort.tables",
    "manifest": "cohort.manifest",
    "readings": "cohort.readings",
    "compare": "ns.compare(cohort, ns.run('no-infections', patients=40, seed=1))",
    "reclassify": "ns.reclassify(cohort, 'source', 'kdigo-2021-children')",
    "cases": "cohort.cases(1, balance='natural')",
    "with pyplot": "import matplotlib.pyplot\ncohort.patient(17).plot()",
    "program": f"!{sys.executable} -c 'import os; print(os.environ[\"MPLBACKEND\"])'\n"
    f"!{sys.executable} -m nephrosyn run baseline --patients 5 --out run --quiet",
}


@pytest.mark.slow
def test_a_notebook_shows_pictures_and_no_flood(tmp_path, monkeypatch):
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    nbclient, v4 = pytest.importorskip("nbclient"), pytest.importorskip("nbformat.v4")
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in CELLS.values()])
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = {}
    for name, cell in zip(CELLS, notebook.cells, strict=True):
        said = "".join(output["text"] for output in cell.outputs if output.get("name") == "stdout")
        shown[name] = next((output["data"] for output in cell.outputs if "data" in output), {"text/plain": said})
        assert len(shown[name]["text/plain"]) <= MOST, name
        assert len(shown[name].get("text/html", "")) <= 10 * MOST, name
    for name in ("plot", "with pyplot"):
        assert "<svg" in shown[name]["image/svg+xml"], name
        assert vocabulary.NOTICE in shown[name]["image/svg+xml"], name
    for name in ("cohort", "compare", "reclassify", "cases", "readings"):
        assert "<table" in shown[name]["text/html"], name
    assert shown["program"]["text/plain"].splitlines()[1] == "run"
    assert (tmp_path / "run" / "report.html").is_file()

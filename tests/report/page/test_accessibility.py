"""Every page that is made, held against an outline check and against axe; those of learners on a phone as well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn.cli.app import app
from nephrosyn.teach.formats import html

from ...browser import Browser
from ...teach.page import made_up
from .outline import problems

pytestmark = pytest.mark.slow

AXE = Path(__file__).parents[2] / "teach" / "qti-player" / "node_modules" / "axe-core" / "axe.min.js"
SETS = ("source", "kdigo-2021-children", "ipna-2022")
PAGES = (
    "report",
    "compare",
    "reclassify",
    "validate",
    "bench",
    "cases-teacher",
    "cases-student",
    "cases-quiz",
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SIZES = {"desk": (1200, 900), "phone": (400, 850)}
VIEWS = ["list", "case-c2-7f3a", "case-c3-7f3a", "case-c4-7f3a", "sheet", "marking"]
"""Of the cases: between them they have every kind of question, stages, and the sheet and the marking."""
# Cases show one view at a time, and axe sees what shows.
RUN = """(async () => {
  const views = VIEWS.filter((id) => document.getElementById(id));
  const found = [];
  for (const view of views.length ? views : [""]) {
    if (view) location.hash = `#${view}`;
    await new Promise((go) => setTimeout(go, view ? 30 : 0));
    const { violations } = await axe.run(document, { runOnly: RULES, resultTypes: ["violations"] });
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ html }) => `${view} ${id}: ${html.slice(0, 120)}`));
    }
  }
  return found;
})()""".replace("RULES", json.dumps(RULES)).replace("VIEWS", json.dumps(VIEWS))
ANSWER_ALL = """document.querySelectorAll("form.question").forEach((form) => {
  form.querySelectorAll("input[type=text]").forEach((one) => { one.value = "1.5"; });
  form.querySelectorAll("select").forEach((one) => { one.value = "0"; });
  form.querySelector("input[type=radio], input[type=checkbox]")?.click();
  form.requestSubmit();
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("pages")
    cohort = ns.run("baseline", patients=200, seed=1, criteria=SETS, out=out / "run")
    ns.compare(*[ns.run(name, patients=60, seed=1) for name in ("baseline", "sparse-records")]).write(out / "compare")
    ns.reclassify(cohort, *SETS[:2]).write(out / "reclassify")
    asked = ["--setting", "setting-japan-children", "--patients", "300", "--out", str(out / "validate")]
    bench = [str(out / "run"), "--perturbations", "doses_lost", "--severity", "1,5", "--training", "60"]
    for words in (["validate", *asked], ["bench", "run", *bench, "--out", str(out / "bench")]):
        done = CliRunner().invoke(app, words, prog_name="nephrosyn")
        assert done.exit_code == 0, done.output
    sets = made_up.sets()
    made = {path.stem: path for path in html.write(sets, "conventional", out)}
    named = {name: out / name / f"{name}.html" for name in ("compare", "reclassify", "validate", "bench")}
    return {"report": out / "run" / "report.html", **named, **made}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    with Browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.mark.parametrize("page", PAGES)
def test_headings_tables_and_forms_are_sound(pages: dict[str, Path], page: str):
    assert problems(pages[page].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("page", "size"), [*((page, "desk") for page in PAGES), ("cases-student", "phone"), ("cases-quiz", "phone")]
)
def test_axe_finds_nothing(pages: dict[str, Path], browser: Browser, page: str, size: str):
    assert AXE.is_file(), "axe is missing: npm ci --ignore-scripts --prefix tests/teach/qti-player"
    questions = {"axe": AXE.read_text(encoding="utf-8") + ";0", "found": RUN}
    if (page, size) in (("cases-student", "phone"), ("cases-quiz", "desk")):
        questions |= {"answered": ANSWER_ALL, "then": RUN}
    seen = browser.visit(pages[page], *SIZES[size], questions)
    assert seen.answers["found"] == []
    assert seen.answers.get("then", []) == []

"""The generated pages are up to date, and links have targets."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from nephrosyn import vocabulary
from nephrosyn.record import schema as tables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CONTENTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
LINKS = [(path, link) for path, text in CONTENTS.items() for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)]

MODEL = [(DOCS / "explanation" / "model.md", 30), (DOCS / "explanation" / "model-second-line.md", 14)]


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", DOCS.parent / "tools" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_current(generate):
    stale = [path.name for path, text in generate.pages().items() if CONTENTS.get(path) != text]
    assert not stale, f"run `make docs`: {', '.join(stale)}"


def test_every_key_has_a_meaning(generate):
    assert generate.meanings().keys() == generate.scenario_keys().keys()
    assert len(generate.meanings()) > 100


def test_a_missing_meaning_is_told(generate, tmp_path, monkeypatch):
    short = tmp_path / "meanings.toml"
    short.write_text("\n".join(generate.MEANINGS.read_text(encoding="utf-8").splitlines()[:-1]), encoding="utf-8")
    monkeypatch.setattr(generate, "MEANINGS", short)
    with pytest.raises(ValueError, match=r"sources\.KEY"):
        generate.meanings()


def test_every_table_and_column_says_what_it_is():
    for table in tables.TABLES.values():
        assert table.row
        assert all(column.text for column in table.columns.values())


UNITS = {"_days": "days", "_years": "years", "_cm": "cm", "_mg_per_mg": "mg/mg", "_g_per_dl": "g/dL"}


@pytest.mark.parametrize(("suffix", "unit"), UNITS.items())
def test_the_unit_of_a_column_is_that_of_its_name(suffix, unit):
    columns = {name: column.unit for table in tables.TABLES.values() for name, column in table.columns.items()}
    named = {name: given for name, given in columns.items() if name.endswith(suffix)}
    assert named
    exceptions = {"albumin_loss_per_day_per_mg_per_mg": "1/day per mg/mg"}
    assert all(given == exceptions.get(name, unit) for name, given in named.items())


def test_every_number_of_the_baseline_is_told_once(generate):
    from nephrosyn.scenario import load, rows

    page = CONTENTS[DOCS / "explanation" / "assumptions.md"]
    for key, _, _, source in rows(load("baseline")):
        if source:
            assert page.count(f"| `{key}` |") == 1, key


def _anchors(text: str) -> set[str]:
    """Anchors that GitHub generates from headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("path", "link"), LINKS, ids=lambda part: getattr(part, "name", part))
def test_links_lead_somewhere(path, link):
    file, _, anchor = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    assert target.exists()
    if anchor:
        assert anchor in _anchors(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", [page for page in PAGES if page.parent.name != "decisions"], ids=lambda path: path.name
)
def test_pages_say_what_they_are_not_for(path):
    assert vocabulary.NOTICE in CONTENTS[path]


@pytest.mark.parametrize(("page", "least"), MODEL)
def test_the_model_names_only_keys_there_are(generate, page, least):
    keys = generate.scenario_keys()
    known = {part for key in keys for part in key.split(".")}
    sections = "|".join({key.partition(".")[0] for key in keys if "." in key})
    mentioned = re.findall(rf"(?<![\w/])(?:{sections})\.[a-z][\w.*]*", CONTENTS[page])
    named = {key for key in mentioned if not key.endswith(".py")}
    assert len(named) > least
    names = {*vocabulary.LESIONS, "first", "relapse", "taper", "*", ""}
    for key in named:
        assert set(key.split(".")) <= known | names, key


@pytest.mark.parametrize(("page", "least"), MODEL)
def test_the_model_cites_only_evidence_there_is(page, least):
    from nephrosyn.scenario.files.provenance import evidence

    cited = set(re.findall(r"\b(?:[A-HS]\d\d?|NL\d\.\d(?:\.[\w-]*\w)?|DEF:[\w-]*\w)\b", CONTENTS[page]))
    assert len(cited) > least
    assert cited <= set(evidence()), cited - set(evidence())


def test_every_statement_of_the_source_has_its_row():
    rows = re.findall(r"^\| (S\d+) \|", CONTENTS[DOCS / "explanation" / "model-second-line.md"], re.MULTILINE)
    assert rows == [f"S{number}" for number in range(1, 21)]


@pytest.mark.parametrize("name", sorted({*re.findall(r"`([\w/]+\.py)`", CONTENTS[MODEL[1][0]])}))
def test_the_page_beyond_steroid_names_only_files_there_are(name):
    places = [*(ROOT / "sim" / "nephrosyn").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    assert any(place.as_posix().endswith(f"/{name}") for place in places)

"""Regenerate the gallery of practice cases (``make docs``): three of each category, from a new run."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import nephrosyn as ns
from nephrosyn import vocabulary
from nephrosyn.teach.formats.learner_view import key, without_key
from nephrosyn.teach.formats.markdown import IMAGES, answer, case, escape_markdown, pictures
from nephrosyn.teach.formats.unit_overlay import Tree, overlay
from nephrosyn.teach.items.case_set import build
from nephrosyn.teach.model import CaseSet
from nephrosyn.teach.request import Request
from nephrosyn.teach.run_source import Source

FOLDER = Path(__file__).parents[1] / "docs" / "gallery"
CRITERIA = "source"
CASES_PER_CATEGORY = 3
CATEGORIES = 7
"""Categories of the definition set."""
PATIENTS = 10_000
"""Enough for three cases of frequent relapses, which second agents make rare in the scenario."""
SEED = 1
UNITS = "conventional"
WIDTH_PIXELS = 640
COLOURS = 32
"""Pictures here are smaller and have fewer colours than those that `nephrosyn cases` writes."""

LEAD = f"""\
Single-best-answer cases whose key is “{{title}}”, with the key, as in the teacher's copy that `nephrosyn cases` writes.
They come from {PATIENTS:,} simulated patients of the scenario `baseline`, classified by the definition set
`{CRITERIA}`. No case describes a real person."""
INDEX = f"""\
Practice cases, {CASES_PER_CATEGORY} for each category of the definition set `{CRITERIA}`, each with its key and the
reason for every option. `tools/gallery.py` generated them; none was picked by hand, so this is what you can expect.
[How practice cases are made](../explanation/cases.md) explains how the key, the options and the predicted difficulty
are determined."""


@dataclass(frozen=True)
class Page:
    """One category: its name as in the answer options, its text, and its pictures by path."""

    title: str
    text: str
    images: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.title.lower().replace(' ', '-')}.md"


def build_cases(figures: bool = True) -> CaseSet:
    """Return the cases, the same number of each category. Without pictures this is faster."""
    cohort = ns.run("baseline", patients=PATIENTS, seed=SEED)
    request = Request(
        count=CASES_PER_CATEGORY * CATEGORIES, criteria=(CRITERIA,), units=UNITS, seed=SEED, figures=figures
    )
    return build(Source(cohort), request)[UNITS]


def pages(cases: CaseSet) -> list[Page]:
    """Return one page per correct answer, ordered by name."""
    whole = overlay({UNITS: cases})
    seen, keys = without_key(whole), key(whole)
    groups: dict[str, list[int]] = {}
    for at, item in enumerate(whole["cases"]):
        groups.setdefault(right(item), []).append(at)
    drawn = dict(pictures(whole, UNITS))
    pages_built = []
    for title in sorted(groups):
        blocks = [f"# {escape_markdown(title)}", vocabulary.NOTICE, LEAD.format(title=title)]
        for number, at in enumerate(groups[title], 1):
            blocks += case(seen["cases"][at], number, UNITS, keys[at])
            blocks += answer(whole["cases"][at])
        text = "\n\n".join(blocks) + "\n"
        named = re.findall(rf"\]\(({IMAGES}/[^)]+)\)", text)
        pages_built.append(Page(title, text, {path: small(drawn[path]) for path in named}))
    return pages_built


def right(item: Tree) -> str:
    """Return the correct option."""
    (title,) = (option["text"] for option in item["stages"][0]["questions"][0]["options"] if option["credit"] > 0)
    return str(title)


def small(png: bytes) -> bytes:
    """Return a picture at the gallery's size and number of colours."""
    with Image.open(io.BytesIO(png)) as whole:
        height = round(whole.height * WIDTH_PIXELS / whole.width)
        less = whole.convert("RGB").resize((WIDTH_PIXELS, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    less.quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def index(category_pages: list[Page]) -> str:
    """Return the index page."""
    rows = [f"- [{escape_markdown(page.title)}]({page.name})" for page in category_pages]
    return "\n\n".join(["# Gallery of practice cases", vocabulary.NOTICE, INDEX, "\n".join(rows)]) + "\n"


def main() -> None:
    """Replace the gallery with new pages and pictures."""
    category_pages = pages(build_cases())
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / IMAGES).mkdir(parents=True)
    (FOLDER / "README.md").write_text(index(category_pages), encoding="utf-8")
    for page in category_pages:
        (FOLDER / page.name).write_text(page.text, encoding="utf-8")
        for path, data in page.images.items():
            (FOLDER / path).write_bytes(data)


if __name__ == "__main__":
    main()

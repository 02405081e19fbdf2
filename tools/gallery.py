"""Write the gallery of practice cases anew (``make docs``): three of each category, from a run of its own."""

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
from nephrosyn.teach.formats.learner_view import key, shown
from nephrosyn.teach.formats.markdown import IMAGES, answer, case, pictures, plain
from nephrosyn.teach.formats.unit_overlay import Tree, overlay
from nephrosyn.teach.items.case_set import build
from nephrosyn.teach.model import CaseSet
from nephrosyn.teach.request import Request
from nephrosyn.teach.run_source import Source

FOLDER = Path(__file__).parents[1] / "docs" / "gallery"
CRITERIA = "source"
EACH = 3
CATEGORIES = 7
"""What the definition set can give."""
PATIENTS = 3000
SEED = 1
UNITS = "conventional"
WIDTH_PIXELS = 640
COLOURS = 32
"""A picture here is smaller and of fewer colours than the one `nephrosyn cases` writes."""

LEAD = f"""\
Single-best-answer cases whose key is “{{title}}”, with the key, as the teacher's copy of `nephrosyn cases` shows them.
They are made from {PATIENTS:,} simulated patients of the scenario `baseline`, judged by the definition set
`{CRITERIA}`. No case is of a real person."""
INDEX = f"""\
Practice cases, {EACH} for each category of the definition set `{CRITERIA}`, each with its key and the reason for every
option. They are made by `tools/gallery.py`, not picked by hand: so an educator sees what comes out.
[How practice cases are made](../explanation/cases.md) says how the key, the options and the predicted difficulty come
about."""


@dataclass(frozen=True)
class Page:
    """One category: its name as the options have it, its text, and its pictures by path."""

    title: str
    text: str
    images: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.title.lower().replace(' ', '-')}.md"


def made(figures: bool = True) -> CaseSet:
    """Return the cases, every category as often as every other, with pictures or, sooner, without."""
    cohort = ns.run("baseline", patients=PATIENTS, seed=SEED)
    request = Request(count=EACH * CATEGORIES, criteria=(CRITERIA,), units=UNITS, seed=SEED, figures=figures)
    return build(Source(cohort), request)[UNITS]


def pages(cases: CaseSet) -> list[Page]:
    """Return a page for each right answer, in the order of their names."""
    whole = overlay({UNITS: cases})
    seen, keys = shown(whole), key(whole)
    groups: dict[str, list[int]] = {}
    for at, one in enumerate(whole["cases"]):
        groups.setdefault(right(one), []).append(at)
    drawn = dict(pictures(whole, UNITS))
    found = []
    for title in sorted(groups):
        blocks = [f"# {plain(title)}", vocabulary.NOTICE, LEAD.format(title=title)]
        for number, at in enumerate(groups[title], 1):
            blocks += case(seen["cases"][at], number, UNITS, keys[at])
            blocks += answer(whole["cases"][at])
        text = "\n\n".join(blocks) + "\n"
        named = re.findall(rf"\]\(({IMAGES}/[^)]+)\)", text)
        found.append(Page(title, text, {path: small(drawn[path]) for path in named}))
    return found


def right(one: Tree) -> str:
    """Return the option that is right."""
    (title,) = (option["text"] for option in one["stages"][0]["questions"][0]["options"] if option["credit"] > 0)
    return str(title)


def small(png: bytes) -> bytes:
    """Return a picture at the gallery's size and number of colours."""
    with Image.open(io.BytesIO(png)) as whole:
        height = round(whole.height * WIDTH_PIXELS / whole.width)
        less = whole.convert("RGB").resize((WIDTH_PIXELS, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    less.quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def index(found: list[Page]) -> str:
    """Return the page that leads to the others."""
    rows = [f"- [{plain(page.title)}]({page.name})" for page in found]
    return "\n\n".join(["# Gallery of practice cases", vocabulary.NOTICE, INDEX, "\n".join(rows)]) + "\n"


def main() -> None:
    """Write every page and picture; nothing of an earlier gallery stays."""
    found = pages(made())
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / IMAGES).mkdir(parents=True)
    (FOLDER / "README.md").write_text(index(found), encoding="utf-8")
    for page in found:
        (FOLDER / page.name).write_text(page.text, encoding="utf-8")
        for path, data in page.images.items():
            (FOLDER / path).write_bytes(data)


if __name__ == "__main__":
    main()

"""A set of hand-made cases with every kind of question, and texts that are hard to write."""

from __future__ import annotations

import base64
import struct
import zlib

from nephrosyn.teach.model import (
    Case,
    CaseSet,
    Choice,
    Column,
    Figure,
    Matching,
    Numeric,
    Option,
    Pair,
    Section,
    Stage,
    Table,
)

HARD = "µ-Albumin < 2·5 & \"UPCR\" > 3 mg/mg ]]> 10⁹/L 'x' *not* _this_ `r 1+1` $y$ \\item {{c1::z}} | é"


def png(width: int, height: int, shade: int) -> bytes:
    """Return a grey picture."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def figure(shade: int) -> Figure:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><title>{shade}</title></svg>'
    return Figure(
        name=f"secret-refractory-{shade}",
        alt='Protein by week: 4, 3, "2" & <1',
        png_base64=base64.b64encode(png(40, 30, shade)).decode(),
        svg_base64=base64.b64encode(svg.encode()).decode(),
    )


def section(shade: int, heading: str = "Results") -> Section:
    columns = (Column(name="Day"), Column(name="Albumin", unit="g/dL", reference="3.5–5.0"))
    table = Table(caption="Readings <all>", columns=columns, rows=(("1", "1.9"), ("15", ""), ("29", "3.6 | ok")))
    return Section(heading=heading, paragraphs=("A boy of 4.", HARD), tables=(table,), figures=(figure(shade),))


def options(*credits: float) -> tuple[Option, ...]:
    names = ("refractory", "dependent", "frequent", "infrequent", "none")
    return tuple(
        Option(id=f"secret-{name}", text=f"Category {place} <{name[0]}>", credit=credit, feedback=f"Why {place} & so")
        for place, (name, credit) in enumerate(zip(names, credits, strict=False), 1)
    )


SINGLE = Choice(
    kind="single", id="q-single", stem="Which category? " + HARD, options=options(0, 1, 0, 0), feedback="Dated > clause"
)
MULTIPLE = Choice(kind="multiple", id="q-multiple", stem="Which sets?", options=options(0.5, 0, 0.5, 0, 0))
NUMERIC = Numeric(
    id="q-numeric",
    stem="Which dose?",
    value=2.1,
    tolerance=0.05,
    unit="mg/kg",
    feedback_right="60 mg < 28 kg",
    feedback_wrong="Not so",
)
MATCHING = Matching(
    id="q-matching",
    stem="Match each",
    pairs=(
        Pair(premise="Day 1 & 2", answer="Onset <a>", feedback="First"),
        Pair(premise="Day 15", answer="Remission", feedback="Then"),
        Pair(premise="Day 60", answer="Remission", feedback="Again"),
    ),
    spare=("Biopsy",),
)


def case(ident: str, kind: str, *stages: Stage, **changes: object) -> Case:
    told = {
        "id": ident,
        "version": 1,
        "kind": kind,
        "title": f"A child & swelling {ident}",
        "criteria": "kdigo-2021",
        "criteria_title": "KDIGO 2021 <children>",
        "difficulty": 3,
        "margin": "one reading of 0.2 mg/mg",
        "tags": ("year 4",),
        "stages": stages,
        "summary": "All told: the dose < 2 mg/kg.",
    }
    return Case.model_validate({**told, **changes})


def stage(title: str, shade: int, *questions: Choice | Numeric | Matching) -> Stage:
    return Stage(title=title, sections=(section(shade),), questions=questions)


CASES = (
    case("c-1a2b", "single", stage("", 10, SINGLE)),
    case("c-3c4d", "disagreement", stage("", 20, MULTIPLE)),
    case("c-5e6f", "numeric", stage("", 30, NUMERIC)),
    case("c-7081", "matching", stage("", 40, MATCHING)),
    case(
        "c-92a3",
        "staged",
        stage("Onset", 50, SINGLE),
        stage("Week 4", 60, NUMERIC, MULTIPLE),
        stage("Later", 70, SINGLE),
    ),
    case("c-b4c5", "near-miss", stage("", 80, SINGLE), pair="c-d6e7"),
    case("c-d6e7", "near-miss", stage("", 90, SINGLE), pair="c-b4c5"),
)


def case_set(cases: tuple[Case, ...] = CASES, **changes: object) -> CaseSet:
    told = {
        "title": "Practice: a/b <1> & µ",
        "units": "conventional",
        "spelling": "british",
        "seed": 7,
        "made_from": "baseline, run 0123",
        "cases": cases,
    }
    return CaseSet.model_validate({**told, **changes})

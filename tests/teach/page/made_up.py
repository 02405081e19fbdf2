"""Cases made up by hand, of every kind, in both systems of units: what the pages are tested with."""

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

UNITS = ("conventional", "si")
ALBUMIN = {"conventional": (("1.8", "3.4", "2.1"), "g/dL", "3.5–5.0"), "si": (("18", "34", "21"), "g/L", "35–50")}
UPCR = {"conventional": (("6.4", "0.1", "4.9"), "mg/mg", "< 0.2"), "si": (("724", "11", "554"), "mg/mmol", "< 23")}
WEEKS = ("0", "4", "26")


def png(width=600, height=200):
    """A plain picture, by hand."""

    def part(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + b"\xf4\xf5\xf7" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return base64.b64encode(whole).decode()


def drawing(units):
    values, unit, _ = ALBUMIN[units]
    places = [
        (60 + 18 * int(week), 200 - 40 * float(value) / (10 if units == "si" else 1), value)
        for week, value in zip(WEEKS, values, strict=True)
    ]
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="5" fill="#0071b2"/><text x="{x + 6}" y="{y - 4}">{value}</text>'
        for x, y, value in places
    )
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 240" width="600" height="240" '
        'font-family="sans-serif" font-size="13"><rect width="600" height="240" fill="#fffffe"/>'
        f'<text x="10" y="20">Albumin ({unit})</text>{dots}'
        '<path d="M50 205H580" stroke="#1b1f24"/><text x="480" y="228">weeks from onset</text></svg>'
    )
    return base64.b64encode(text.encode()).decode()


def table(units):
    albumin, upcr = ALBUMIN[units], UPCR[units]
    return Table(
        caption="Results",
        columns=(
            Column(name="Week"),
            Column(name="Albumin", unit=albumin[1], reference=albumin[2]),
            Column(name="Protein-creatinine ratio", unit=upcr[1], reference=upcr[2]),
            Column(name="Oedema"),
        ),
        rows=tuple(
            (week, a, u, word)
            for week, a, u, word in zip(WEEKS, albumin[0], upcr[0], ("marked", "", "ankles"), strict=True)
        ),
    )


def record(units, label="timeline"):
    first = ALBUMIN[units][0][0]
    return (
        Section(heading="Patient", paragraphs=("A boy of 4 years, 16.5 kg, seen at a regional hospital.",)),
        Section(
            heading="History",
            paragraphs=(
                "Five days of swelling around the eyes after a cold; no blood in the urine.",
                f"Albumin at onset was {first} {ALBUMIN[units][1]}.",
            ),
            distractor=True,
        ),
        Section(
            heading="Results",
            tables=(table(units),),
            figures=(
                Figure(
                    name=f"{label}-{units}",
                    alt=f"Albumin by week: {', '.join(ALBUMIN[units][0])} {ALBUMIN[units][1]}.",
                    png_base64=png(),
                    svg_base64=drawing(units),
                ),
            ),
        ),
    )


CATEGORIES = (
    ("steroid-resistant", "Steroid-resistant", "No: remission on day 25 of prednisone, before the limit of week 8."),
    ("steroid-dependent", "Steroid-dependent", "Yes: relapses on days 70 and 96, both on prednisone."),
    ("frequently-relapsing", "Frequently relapsing", "No: one relapse within six months of the first remission."),
    ("infrequently-relapsing", "Infrequently relapsing", "No: both relapses fell into the taper."),
)


def single(right=1, ident="category"):
    options = tuple(
        Option(id=name, text=text, credit=float(i == right), feedback=why)
        for i, (name, text, why) in enumerate(CATEGORIES)
    )
    return Choice(kind="single", id=ident, stem="Which category does this course meet?", options=options)


def multiple(ident="steps"):
    said = (("Remission by week 4", 0.5), ("Relapse on treatment", 0.5), ("Oedema at week 26", 0.0), ("A cold", 0.0))
    options = tuple(
        Option(id=f"o{i}", text=text, credit=credit, feedback=f"Because of day {10 * i}.")
        for i, (text, credit) in enumerate(said)
    )
    return Choice(kind="multiple", id=ident, stem="Which findings decide?", options=options, feedback="Two of them do.")


def dose(ident="dose"):
    return Numeric(
        id=ident,
        stem="Which daily dose of prednisone, by weight, did he take at the first relapse?",
        value=1.5,
        tolerance=0.05,
        unit="mg/kg",
        feedback_right="25 mg for 16.5 kg on day 70.",
        feedback_wrong="Divide 25 mg of day 70 by 16.5 kg.",
    )


def lowest(units, ident="lowest"):
    value = {"conventional": 1.8, "si": 18.0}[units]
    unit = ALBUMIN[units][1]
    return Numeric(
        id=ident,
        stem="What was the lowest albumin?",
        value=value,
        tolerance=value / 36,
        unit=unit,
        feedback_right=f"{value:g} {unit} at week 0.",
        feedback_wrong="Look at week 0.",
    )


def matching(ident="pairs", answers=("resistant", "dependent", "relapsing")):
    premises = ("No remission by week 8", "Two relapses in a row on prednisone", "Four relapses in a year")
    pairs = tuple(
        Pair(premise=premise, answer=answer, feedback=f"So says the clause of “{answer}”.")
        for premise, answer in zip(premises, answers, strict=True)
    )
    return Matching(id=ident, stem="Match each course with its word.", pairs=pairs, spare=("intolerant",))


def case(number, kind, stages, **more):
    given = {
        "id": f"c{number}-7f3a",
        "version": 1,
        "kind": kind,
        "title": ("A boy of 4 years with swelling", "A woman of 31 years with frothy urine")[number % 2],
        "criteria": "source",
        "criteria_title": "The source text’s own criteria",
        "difficulty": 3,
        "margin": "One relapse later by 9 days would change the answer.",
        "tags": (kind, "difficulty-3"),
        "stages": tuple(stages),
        "summary": "Steroid-dependent: relapses on days 70 and 96 came on prednisone.",
    }
    return Case(**{**given, **more})


def stage(units, *questions, title="The whole course"):
    return Stage(title=title, sections=record(units), questions=questions)


def cases(units):
    later = Section(heading="Later course", paragraphs=("On day 70, on 25 mg of prednisone, protein came back.",))
    return (
        case(0, "single", [stage(units, single())]),
        case(1, "numeric", [stage(units, lowest(units))]),
        case(2, "key-features", [stage(units, single(ident="first"), multiple(), dose())]),
        case(
            3,
            "staged",
            [
                stage(units, single(right=0, ident="onset"), title="Onset"),
                Stage(title="Week 8", sections=(later,), questions=(dose("later-dose"), multiple("later-steps"))),
                Stage(title="First relapse", sections=(later,), questions=(single(ident="end"),)),
            ],
        ),
        case(4, "matching", [stage(units, matching())]),
        case(5, "near-miss", [stage(units, single())], pair="c6-7f3a"),
        case(6, "near-miss", [stage(units, single(right=3))], pair="c5-7f3a"),
        case(7, "disagreement", [stage(units, multiple("sets"))]),
    )


def sets(made=cases, **more):
    """The set in both systems of units."""
    said = {"title": "Practice cases", "spelling": "british", "seed": 1, "made_from": "baseline 83e7ebdc", **more}
    return {units: CaseSet(units=units, cases=made(units), **said) for units in UNITS}

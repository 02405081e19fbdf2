"""Lint: clean sets have no findings, and every rule finds its flaw."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest

from nephrosyn.teach.items.case_set import build
from nephrosyn.teach.lint.grammar import SLIPS, slips
from nephrosyn.teach.lint.item_rules import ITEM_RULES
from nephrosyn.teach.lint.record_rules import RECORD_RULES
from nephrosyn.teach.lint.rules import SET_RULES, lint, lint_both
from nephrosyn.teach.model import CaseSet
from nephrosyn.teach.request import KINDS, Request
from nephrosyn.teach.run_source import Source


def test_a_made_set_is_clean(sets, pictured, singles):
    assert lint_both(singles) == []
    assert lint_both(sets) == []
    assert lint_both(pictured) == []


@pytest.mark.slow
def test_a_thousand_items_are_clean():
    import nephrosyn as ns

    cohort = ns.run("baseline", patients=1500, seed=11)
    # Disagreement cases are classified by all sets and take four times as long; the set of all kinds has some.
    kinds = tuple(kind for kind in KINDS if kind != "disagreement")
    sets = build(Source(cohort), Request(count=1000, kinds=kinds, balance="natural", figures=False, seed=2))
    assert len(sets["si"].cases) == 1000
    assert lint_both(sets) == []


def _single(plain):
    return next(case for case in plain["cases"] if case["kind"] == "single")


def _question(plain):
    return _single(plain)["stages"][0]["questions"][0]


def _key(plain):
    return next(option for option in _question(plain)["options"] if option["credit"] == 1)


def _wrong(plain):
    return next(option for option in _question(plain)["options"] if option["credit"] == 0)


def _clang(plain):
    """The key has a word of its own, whatever it was, and the stem has it too."""
    _key(plain)["text"] += " curiously"
    _question(plain)["stem"] = "By “source”, what is curiously so?"


def _section(plain, heading):
    return next(one for one in _single(plain)["stages"][0]["sections"] if one["heading"] == heading)


def _two_keys(plain):
    _wrong(plain)["credit"] = 1.0


def _other_key(plain):
    key, wrong = _key(plain), _wrong(plain)
    key["credit"], wrong["credit"] = 0.0, 1.0


def _other_record(plain):
    for case in plain["cases"]:
        table = next(one for one in case["stages"][0]["sections"] if one["heading"] == "Patient")["tables"][0]
        table["rows"][-1] = ["Record ends", "day 1, still under follow-up"]


def _one_place(plain):
    for case in plain["cases"]:
        for stage in case["stages"]:
            for question in stage["questions"]:
                if question["kind"] == "single":
                    question["options"].sort(key=lambda option: -option["credit"])
                    for place, option in enumerate(question["options"]):
                        option["id"] = "abcdefghij"[place]
    plain["cases"] *= 20


def _picture(plain, change):
    figures = [one for section in _single(plain)["stages"][0]["sections"] for one in section["figures"]]
    change(figures[0])


def _png_text(figure):
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Title", "steroid-resistant")
    buffer = BytesIO()
    Image.open(BytesIO(base64.b64decode(figure["png_base64"]))).save(buffer, "PNG", pnginfo=info)
    figure["png_base64"] = base64.b64encode(buffer.getvalue()).decode()


def _svg_text(figure):
    text = base64.b64decode(figure["svg_base64"]).decode()
    text = text.replace("</title>", " steroid-dependent</title>", 1)
    figure["svg_base64"] = base64.b64encode(text.encode()).decode()


def _repeat(plain):
    copy = dict(_single(plain), id="cffffffffffff")
    plain["cases"].append(copy)


def _figures(plain):
    return next(section["figures"] for section in _single(plain)["stages"][0]["sections"] if section["figures"])


FLAWS = {
    "two right options": ("one-right", _two_keys),
    "no right option": ("one-right", lambda plain: _key(plain).update(credit=0.0)),
    "another key": ("key-on-record", _other_key),
    "another record": ("key-on-record", _other_record),
    "an option of another kind": ("homogeneous", lambda plain: _wrong(plain).update(text="Give rituximab")),
    "an option twice": ("homogeneous", lambda plain: _wrong(plain).update(text=_key(plain)["text"])),
    "a key found by its length": (
        "length-cue",
        lambda plain: _key(plain).update(text="Steroid-resistant, because no remission was seen in all these weeks"),
    ),
    "an absolute": ("absolutes", lambda plain: _wrong(plain).update(text="Always relapsing")),
    "a stem that ends with an article": (
        "grammar-cue",
        lambda plain: _question(plain).update(stem="“source” calls it an"),
    ),
    "a clang": ("clang", _clang),
    "a negative stem": ("negative-stem", lambda plain: _question(plain).update(stem="Which is not so by “source”?")),
    "feedback without a day": ("feedback-cites", lambda plain: _wrong(plain).update(feedback="Not correct.")),
    "a set not named": ("definition-named", lambda plain: _question(plain).update(stem="Which category is it?")),
    "a slip in a feedback": ("language", lambda plain: _wrong(plain).update(feedback="On day 3 1 relapses began.")),
    "a slip in the prose": ("prose", lambda plain: _section(plain, "Patient").update(paragraphs=["A 8-year-old boy."])),
    "data nobody needs": ("shown-is-used", lambda plain: _section(plain, "Other blood tests").update(distractor=False)),
    "a section of its own": ("shown-is-used", lambda plain: _section(plain, "History").update(heading="Secrets")),
    "no unit": (
        "units-and-ranges",
        lambda plain: _section(plain, "Urine tests")["tables"][0]["columns"][1].update(unit=""),
    ),
    "no range": (
        "units-and-ranges",
        lambda plain: _section(plain, "Urine tests")["tables"][0]["columns"][1].update(reference=""),
    ),
    "a label in the title": ("no-leak", lambda plain: _single(plain).update(title="A boy with many relapses")),
    "a label in a tag": ("no-leak", lambda plain: _single(plain).update(tags=["steroid_resistant"])),
    "an open id": ("no-leak", lambda plain: _single(plain).update(id="patient-17")),
    "a label in the alternative text": (
        "no-leak",
        lambda plain: _picture(plain, lambda figure: figure.update(alt="The relapses of a boy.")),
    ),
    "a label in the name of a picture": (
        "no-leak",
        lambda plain: _picture(plain, lambda figure: figure.update(name="steroid-resistant")),
    ),
    "a label in the first of two pictures": (
        "no-leak",
        lambda plain: _figures(plain).insert(0, dict(_figures(plain)[0], alt="The relapses of a boy.")),
    ),
    "a short row": ("units-and-ranges", lambda plain: _section(plain, "Urine tests")["tables"][0]["rows"][0].pop()),
    "a label in the PNG": ("no-leak", lambda plain: _picture(plain, _png_text)),
    "a label in the SVG": ("no-leak", lambda plain: _picture(plain, _svg_text)),
    "a label in the prose": (
        "no-leak",
        lambda plain: _section(plain, "History").update(paragraphs=["He has steroid-resistant disease."]),
    ),
    "no definition": ("definition-shown", lambda plain: _section(plain, "Definition set").update(paragraphs=["None."])),
    "keys in one place": ("key-position", _one_place),
    "cases in the order of their keys": ("order", lambda plain: plain["cases"].reverse()),
    "one key for all": ("balance", lambda plain: plain.update(cases=[_single(plain)] * 25)),
    "a record twice": ("near-duplicate", _repeat),
    "an id twice": ("duplicate-id", lambda plain: plain["cases"].append(_single(plain))),
    "half a pair": ("pair", lambda plain: _single(plain).update(pair="c000000000000")),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_flaw_is_caught_by_its_rule(flaw, singles, pictured):
    rule, inject = FLAWS[flaw]
    with_picture = any(word in flaw for word in ("picture", "PNG", "SVG", "alternative"))
    plain = (pictured["conventional"] if with_picture else singles["conventional"]).model_dump(mode="json")
    inject(plain)
    assert rule in {one.rule for one in lint(CaseSet.model_validate(plain))}


def test_a_key_that_rounding_changes_is_caught(sets):
    plain = sets["si"].model_dump(mode="json")
    _other_key(plain)
    changed = {**sets, "si": CaseSet.model_validate(plain)}
    assert "rounding" in {one.rule for one in lint_both(changed)}


def test_every_rule_is_shown_to_catch_a_flaw():
    rules = {*ITEM_RULES, *RECORD_RULES, *SET_RULES} - {"rounding"}
    assert rules == {rule for rule, _ in FLAWS.values()}


SLIPPED = {
    "double space": "Two  spaces.",
    "unfilled placeholder": "Seen on day {day}.",
    "space before punctuation": "Seen , then.",
    "doubled punctuation": "Seen..",
    "doubled word": "It was was seen.",
    "underscore": "A steroid_dependent boy.",
    "article": "An 9-year-old boy.",
    "plural": "It took 1 days.",
    "small letter at the start of a sentence": "Seen. then not.",
}


@pytest.mark.parametrize("slip", SLIPS)
def test_each_slip_is_found(slip):
    assert any(found.startswith(slip) for found in slips(SLIPPED[slip]))


@pytest.mark.parametrize(
    "text",
    [
        "An 8-year-old boy, an 18-year-old man, an 11-year-old girl and a 9-year-old girl.",
        "A 1-year-old boy had 1 relapse on day 1.",
        "The urine of day 1 showed 0.5 mg/mg; UPCR was 1.2 mg/mg.",
    ],
)
def test_good_language_passes(text):
    assert slips(text) == []

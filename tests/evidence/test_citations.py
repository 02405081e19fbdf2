"""Citations name the publication, and contain no notes on how it was read."""

from __future__ import annotations

import pytest

from nephrosyn.scenario.files import citations


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("A01", "Nakanishi, CJASN 2013, PMID 23371961"),
        ("A04", "Peking Univ First Hosp series 1993-2012"),
        ("C01", "Nephrology (Carlton), doi 10.1111/nep.14187"),
        ("C08", "Webb (PREDNOS), BMJ 2019;365:l1800, not verified"),
        ("H05", "no citation, not verified"),
        ("DEF:iskdc", "definition: ISKDC"),
        ("NL3.1.response-children", "this project's reading: Time to remission, children; after B01-B04, A04"),
    ],
)
def test_citation(name, text):
    assert citations.citations()[name] == text


def test_every_id_has_one_without_working_notes():
    from nephrosyn.scenario.files.provenance import evidence

    texts = citations.citations()
    assert texts.keys() == evidence().keys()
    for name, text in texts.items():
        assert text == " ".join(text.split())
        assert not {"[", "]"} & set(text), name
        for note in ("not shown", "index page", "abstract page", "interval or fit"):
            assert note not in text, name


def test_ids_of_one_publication_stand_together_in_reading_order():
    assert [names for names, _ in citations.listed(["NL3.4.10", "B10", "A12", "NL3.4.9", "unknown"])] == [
        "A12, B10",
        "NL3.4.9",
        "NL3.4.10",
    ]

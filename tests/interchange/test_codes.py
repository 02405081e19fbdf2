"""The table of codes: every word has an entry, and every code two citations."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import polars as pl
import pytest

from nephrosyn import vocabulary
from nephrosyn.errors import ExportError
from nephrosyn.interchange.codes import load_codes
from nephrosyn.interchange.outside.units import FACTORS
from nephrosyn.record.schema import OBSERVED

TABLE = tomllib.loads((files("nephrosyn.interchange") / "codes.toml").read_text("utf-8"))
ENTRIES = {
    (group, word): entry for group, words in TABLE.items() if group != "sources" for word, entry in words.items()
}
GROUPS = {
    ("patients", "sex"): "sex",
    ("patients", "lesion"): "lesion",
    ("visits", "kind"): "visit",
    ("readings", "analyte"): "analyte",
    ("diary", "grade"): "band",
    ("doses", "drug"): "drug",
    ("doses", "schedule"): "schedule",
    ("doses", "route"): "route",
    ("conditions", "condition"): "condition",
    ("conditions", "kind"): "kind",
    ("conditions", "action"): "action",
    ("follow_up", "reason"): "end",
}
"""Group of codes of each column of words; units are given with their analytes."""


def test_every_column_of_words_has_a_group():
    words = {
        (table, column)
        for table, schema in OBSERVED.items()
        for column, kind in schema.items()
        if isinstance(kind, pl.Enum)
    }
    assert words - {("readings", "unit")} == GROUPS.keys()


@pytest.mark.parametrize(("column", "group"), GROUPS.items(), ids=str)
def test_every_word_has_an_entry(column, group):
    table, name = column
    assert set(OBSERVED[table][name].categories) == {word for of, word in ENTRIES if of == group}


@pytest.mark.parametrize("key", ENTRIES, ids=".".join)
def test_an_entry_has_two_citations_or_a_reason(key):
    entry = ENTRIES[key]
    if "none" in entry:
        assert len(entry["none"]) > 10
        assert not {"code", "concept_id"} & entry.keys()
    else:
        assert len(set(entry["citations"])) >= 2
        assert set(entry["citations"]) <= TABLE["sources"].keys()


def test_units_of_analytes_are_those_of_the_vocabulary():
    codes = load_codes().group("analyte")
    assert {word: code.from_unit for word, code in codes.items()} == vocabulary.UNITS
    for word, code in codes.items():
        assert FACTORS[word][code.unit] * code.factor == pytest.approx(1.0)


def test_atc_codes_are_those_of_the_vocabulary():
    drugs = load_codes().group("drug")
    assert {drug.name: drug.atc for drug in vocabulary.DRUG_TABLE} == {word: code.atc for word, code in drugs.items()}
    rxnorm = {drug.name: str(drug.rxnorm) for drug in vocabulary.DRUG_TABLE if drug.rxnorm}
    assert rxnorm == {word: code.code for word, code in drugs.items() if not code.is_local}


@pytest.mark.parametrize("choice", ["standard", "local"])
def test_no_two_words_of_a_group_share_a_code(choice):
    codes = list(load_codes(choice))
    keys = {(code.group, code.text) for code in codes}
    assert len(keys) == len(codes)


def test_local_codes_name_no_other_system():
    assert {code.vocabulary for code in load_codes("local")} == {"NEPHROSYN"}
    assert not any(code.concept_id or code.atc for code in load_codes("local"))


def own(tmp_path, text: str):
    file = tmp_path / "codes.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_replaces_shipped_entries(tmp_path):
    file = own(
        tmp_path,
        '[sources]\nathena = "our copy"\nlist = "our list"\n[drug.levamisole]\nvocabulary = "RxNorm"\ncode = "1"\n'
        'display = "levamisole"\ncitations = ["athena", "list"]\n',
    )
    assert load_codes(file).of("drug", "levamisole").text == "RxNorm//1"
    assert load_codes(file).of("drug", "prednisone").text == "RxNorm//8640"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('citations = ["cpic"]', "drug.levamisole: citations: expected 2 independent ones for code 1; found 1"),
        ('citations = ["cpic", "cpic"]', "found 1"),
        ("", "found 0"),
        ('citations = ["cpic", "hearsay"]', 'expected a key of \\[sources\\]; found the text "hearsay"'),
        ('citations = "cpic"', "citations: expected list"),
        ('citations = ["cpic", "pedsnet"]\nconcept = 3', "found the key concept"),
        ('citations = ["cpic", "pedsnet"]\nnone = "no"', "found both"),
    ],
)
def test_an_entry_without_two_citations_is_refused(tmp_path, text, said):
    lines = '[drug.levamisole]\nvocabulary = "RxNorm"\ncode = "1"\ndisplay = "levamisole"\n'
    with pytest.raises(ExportError, match=said):
        load_codes(own(tmp_path, lines + text))


def test_an_unknown_code_system_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(ExportError, match="vocabulary: expected one of"):
        load_codes(
            own(
                tmp_path,
                '[drug.levamisole]\nvocabulary = "Own"\ncode = "1"\ndisplay = "x"\ncitations = ["cpic", "hpo"]',
            )
        )
    with pytest.raises(ExportError, match="--codes: expected standard, local or a TOML file"):
        load_codes(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[anlyte.upcr]\nnone = "a slip"', "expected one of the groups sources, sex, analyte, .*; found anlyte"),
        ('[analyte.upc]\nnone = "a slip"', "analyte: expected a word of the record; found upc; nearest: upcr"),
        ("analyte = 1", "analyte: expected a table; found 1"),
        ("sources = 1", "sources: expected a table; found 1$"),
        ('[analyte.upcr]\nnone = "no code"', 'analyte.upcr: from_unit: expected "mg/mg", .*; found none'),
        ('[analyte.upcr]\nnone = "no code"\nfrom_unit = "mg/mg"', "analyte.upcr: unit: expected the unit"),
        ('[analyte.upcr]\ncode = ""', "analyte.upcr: expected code; found an empty text"),
        ("[analyte.upcr]\nfactor = nan", "analyte.upcr: factor: expected a number above 0; found nan"),
        ("[drug.levamisole]\nvocabulary = [1]\ncode = '1'", "vocabulary: expected one of .*; found a list of 1"),
    ],
)
def test_what_no_record_can_use_is_refused(tmp_path, text, said):
    with pytest.raises(ExportError, match=f"(?s)codes in .*{said}"):
        load_codes(own(tmp_path, text))

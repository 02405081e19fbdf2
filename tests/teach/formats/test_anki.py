"""The Anki package, imported by Anki itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

from nephrosyn.teach.formats import anki
from nephrosyn.teach.model import CaseSet

from .sets import CASES, HARD, SINGLE, case, case_set, stage


@pytest.fixture
def collection(tmp_path: Path) -> Any:
    made = Collection(str(tmp_path / "collection.anki2"))
    yield made
    made.close()


def take_in(collection: Any, cases: CaseSet, folder: Path) -> Any:
    (path,) = anki.write({"conventional": cases}, "conventional", folder)
    return collection.import_anki_package(
        ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions())
    ).log


def test_anki_takes_every_question_with_its_pictures(collection: Any, tmp_path: Path):
    log = take_in(collection, case_set(), tmp_path)
    assert len(log.new) == 10
    checked = collection.media.check()
    assert not checked.missing
    assert not checked.unused
    assert len(list(Path(collection.media.dir()).iterdir())) == 9
    assert collection.card_count() == 10


def test_a_card_shows_the_case_and_then_the_answer(collection: Any, tmp_path: Path):
    take_in(collection, case_set(), tmp_path)
    (found,) = collection.find_cards("tag:numeric")
    card = collection.get_card(found)
    assert "2.1 mg/kg (within 0.05)" in card.answer()
    assert "2.1 mg/kg" not in card.question()
    assert "<img" in card.question()
    (found,) = collection.find_cards("tag:disagreement")
    answer = collection.get_card(found).answer()
    assert [f"{word}: Category {place}" in answer for place, word in enumerate(("Right", "Wrong", "Right"), 1)] == [
        True
    ] * 3
    escaped = HARD.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in collection.get_card(found).question()


def test_a_second_import_adds_nothing(collection: Any, tmp_path: Path):
    take_in(collection, case_set(), tmp_path)
    log = take_in(collection, case_set(), tmp_path)
    assert (len(log.new), len(log.updated)) == (0, 0)
    assert collection.note_count() == 10


def test_a_corrected_case_replaces_its_note_and_no_other(collection: Any, tmp_path: Path):
    take_in(collection, case_set(), tmp_path)
    corrected = CASES[0].model_copy(update={"version": 2, "summary": "Corrected."})
    log = take_in(collection, case_set((corrected, *CASES[1:])), tmp_path)
    assert (len(log.new), len(log.updated)) == (0, 1)
    assert collection.note_count() == 10
    (note,) = collection.find_notes("Corrected.")
    assert log.updated[0].id.nid == note


def test_a_change_without_a_new_version_does_not_replace(collection: Any, tmp_path: Path):
    take_in(collection, case_set(), tmp_path)
    log = take_in(collection, case_set((CASES[0].model_copy(update={"summary": "Other."}), *CASES[1:])), tmp_path)
    assert len(log.updated) == 0


def test_another_set_comes_beside_the_first(collection: Any, tmp_path: Path):
    take_in(collection, case_set(), tmp_path)
    other = case_set((case("c-ffff", "single", stage("", 5, SINGLE)),), title="Another", seed=8)
    assert len(take_in(collection, other, tmp_path).new) == 1
    names = [deck.name for deck in collection.decks.all_names_and_ids()]
    assert "nephrosyn::Another" in names


def test_the_other_units_come_as_other_notes(collection: Any, tmp_path: Path):
    take_in(collection, case_set(), tmp_path)
    (path,) = anki.write({"si": case_set(units="si")}, "si", tmp_path)
    request = ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions())
    assert len(collection.import_anki_package(request).log.new) == 10


def test_no_inner_name_reaches_the_package():
    assert b"secret" not in anki.package(case_set())

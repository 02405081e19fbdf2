"""The QTI package: its parts belong together, and a real player scores it after conversion to QTI 3."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from nephrosyn.teach.formats import qti
from nephrosyn.teach.formats.xhtml import clean

from ...browser import Browser
from .serving import served
from .sets import HARD, MATCHING, MULTIPLE, NUMERIC, SINGLE, case_set

HERE = Path(__file__).parent
MODULES = HERE.parent / "qti-player" / "node_modules" / "@citolab"
CONTENT = "{http://www.imsglobal.org/xsd/imscp_v1p1}"
ITEM = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
KINDS = {"single": "c-1a2b-1-1", "multiple": "c-3c4d-1-1", "numeric": "c-5e6f-1-1", "matching": "c-7081-1-1"}
PLAYS: dict[str, tuple[str, list[list[object]]]] = {
    **{f"single {place}": ("single", [["choice", place]]) for place in range(4)},
    **{f"multiple {place}": ("multiple", [["choice", place]]) for place in range(5)},
    "multiple key": ("multiple", [["choice", 0], ["choice", 2]]),
    "multiple all": ("multiple", [["choice", place] for place in range(5)]),
    "multiple none": ("multiple", []),
    **{f"numeric {text}": ("numeric", [["text", text]]) for text in ("2.1", "2.05", "2.15", "2.04", "2.16", "two")},
    # Answers stand in alphabetical order: Biopsy, Onset, Remission.
    "matching key": ("matching", [["match", [0, 1]], ["match", [1, 2]], ["match", [2, 2]]]),
    "matching one": ("matching", [["match", [0, 0]], ["match", [1, 2]], ["match", [2, 1]]]),
    "matching spare": ("matching", [["match", [0, 0]], ["match", [1, 0]], ["match", [2, 0]]]),
    "matching none": ("matching", []),
}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Player</title>
<link rel="icon" href="data:,"></head><body><script src="player.js"></script>
<script src="driver.js"></script></body></html>
"""


@pytest.fixture(scope="module")
def package() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(qti.package(case_set()))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    assert MODULES.is_dir(), "the QTI player is missing: npm ci --ignore-scripts --prefix tests/teach/qti-player"
    node = shutil.which("node")
    assert node, "node is missing: apt-get install nodejs npm"
    folder = tmp_path_factory.mktemp("qti")
    (path,) = qti.write({"conventional": case_set()}, "conventional", folder)
    converter = MODULES / "qti-convert" / "dist" / "qti-convert-pkg.mjs"
    subprocess.run([node, str(converter), str(path)], check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(folder / "cases-qti-qti3.zip") as archive:
        archive.extractall(folder)
    return play(folder, tmp_path_factory.mktemp("profile"))


def play(folder: Path, profile: Path) -> dict[str, Any]:
    shutil.copy(MODULES / "qti-components" / "cdn" / "index.global.js", folder / "player.js")
    shutil.copy(HERE / "player.js", folder / "driver.js")
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    asked = {
        name: f"play('/items/{KINDS[kind]}.xml', {json.dumps(choices)})" for name, (kind, choices) in PLAYS.items()
    }
    with served(folder) as address, Browser(profile) as browser:
        seen = browser.visit(f"{address}/page.html", 1280, 900, asked)
    outside = [request for request in seen.requests if not request.startswith((address, "data:", "blob:"))]
    return {"complaints": seen.complaints, "outside": outside, **seen.answers}


@pytest.mark.slow
def test_the_key_scores_one_and_every_distractor_nothing(played: dict[str, Any]):
    scores = {name: played[name]["score"] for name in PLAYS}
    assert scores == {
        **dict.fromkeys(PLAYS, 0),
        "single 1": 1,
        "multiple 0": 0.5,
        "multiple 2": 0.5,
        "multiple key": 1,
        "numeric 2.1": 1,
        "numeric 2.05": 1,
        "numeric 2.15": 1,
        "matching key": 1,
        "matching one": 0.333,  # the player keeps three digits
    }


@pytest.mark.slow
def test_each_choice_shows_its_own_feedback(played: dict[str, Any]):
    for place, option in enumerate(SINGLE.options):
        (told,) = played[f"single {place}"]["feedback"]
        assert told.startswith(option.feedback)
        assert "Definition set: KDIGO 2021 <children>." in told
    told = played["multiple key"]["feedback"]
    assert [option.feedback in told for option in MULTIPLE.options] == [True, False, True, False, False]
    assert played["numeric 2.1"]["feedback"][0].startswith(NUMERIC.feedback_right)
    assert played["numeric 2.04"]["feedback"][0].startswith(NUMERIC.feedback_wrong)
    (told,) = played["matching one"]["feedback"]
    assert all(f"{pair.premise}: {pair.answer}. {pair.feedback}" in told for pair in MATCHING.pairs)


@pytest.mark.slow
def test_pictures_load_and_texts_are_whole(played: dict[str, Any]):
    for name in PLAYS:
        assert played[name]["images"] == [[40, 30, 'Protein by week: 4, 3, "2" & <1']]
        assert clean(HARD) in played[name]["text"]
    assert played["outside"] == []
    assert played["complaints"] == []


def test_the_manifest_names_every_file_once(package: dict[str, bytes]):
    manifest = ET.fromstring(package["imsmanifest.xml"])
    listed = [file.get("href") for file in manifest.iter(f"{CONTENT}file")]
    assert sorted(listed) == sorted(set(package) - {"imsmanifest.xml"})
    names = [resource.get("identifier") for resource in manifest.iter(f"{CONTENT}resource")]
    assert len(names) == len(set(names))
    assert {one.get("identifierref") for one in manifest.iter(f"{CONTENT}dependency")} == set(names) - {"resource-test"}
    assert next(iter(package)) == "imsmanifest.xml"


def test_the_test_keeps_the_order_of_stages(package: dict[str, bytes]):
    test = ET.fromstring(package["test.xml"])
    (part,) = test.iter(f"{ITEM}testPart")
    assert part.get("navigationMode") == "linear"
    refs = [one.get("href") for one in test.iter(f"{ITEM}assessmentItemRef")]
    assert set(refs) == {name for name in package if name.startswith("items/")}
    assert refs[4:8] == [f"items/c-92a3-{place}.xml" for place in ("1-1", "2-1", "2-2", "3-1")]


def test_every_reference_within_an_item_holds(package: dict[str, bytes]):
    for name in (name for name in package if name.startswith("items/")):
        item = ET.fromstring(package[name])
        outcomes = {one.get("identifier") for one in item.iter(f"{ITEM}outcomeDeclaration")}
        assert {one.get("outcomeIdentifier") for one in item.iter(f"{ITEM}modalFeedback")} <= outcomes
        for image in item.iter(f"{ITEM}img"):
            assert f"items/{image.get('src')}".replace("items/../", "") in package
            assert image.get("alt")


def test_no_inner_name_reaches_the_package(package: dict[str, bytes]):
    assert not [name for name, content in package.items() if "secret" in name or b"secret" in content]

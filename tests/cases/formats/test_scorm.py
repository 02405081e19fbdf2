"""The SCORM package, driven in Chromium by an interface that keeps what it is told."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from nephrosyn.cases import scorm

from ...page.browser import Browser
from .serving import served
from .sets import case_set

STAND_IN = """<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'">
<title>Quiz</title></head>
<body><script>function tell(raw, max, complete) {
  if (typeof window.nephrosynScore === "function") window.nephrosynScore({ raw, max, complete });
}</script></body></html>"""
LMS = """<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>LMS</title></head><body>
<script>
const kept = { "cmi.core.lesson_status": "not attempted" };
let calls = [];
window.API = {
  LMSInitialize: (x) => { calls.push("initialize" + x); return "true"; },
  LMSGetValue: (name) => kept[name] ?? "",
  LMSSetValue: (name, value) => {
    if (typeof value !== "string") throw new Error(name);
    kept[name] = value;
    return "true";
  },
  LMSCommit: (x) => { calls.push("commit" + x); return "true"; },
  LMSFinish: (x) => { calls.push("finish" + x); return "true"; },
  LMSGetLastError: () => "0", LMSGetErrorString: () => "", LMSGetDiagnostic: () => "",
};
let frame, inner;
const loaded = (one) => new Promise((resolve) => one.addEventListener("load", resolve, { once: true }));
async function start() {
  calls = [];
  frame = document.createElement("iframe");
  frame.srcdoc = '<iframe src="index.html"></iframe>';
  document.body.append(frame);
  await loaded(frame);
  inner = frame.contentWindow.frames[0];
  while (!inner.tell) await new Promise((resolve) => setTimeout(resolve, 20));
  return now();
}
function now() { return { ...kept, calls: calls.join(" ") }; }
function tell(...told) { inner.tell(...told); return now(); }
async function leave() { inner.location.replace("about:blank"); frame.remove(); return now(); }
async function popup() {
  calls = [];
  inner = window.open("index.html");
  while (!inner.tell) await new Promise((resolve) => setTimeout(resolve, 20));
  return tell(1, 4, true);
}
</script></body></html>"""
ASKED = {
    "begun": "start()",
    "half": "tell(1, 2, false)",
    "third": "tell(2, 3, true)",
    "left": "leave()",
    "again": "start()",
    "anew": "tell(0, 3, false)",
    "better": "tell(3, 3, true)",
    "over": "leave()",
    "popup": "popup()",
}
Played = dict[str, Any]


def packed(page: str = STAND_IN) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(scorm.package(case_set(), page))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def drive(folder: Path, asked: dict[str, str]) -> Played:
    for name, content in packed().items():
        (folder / name).write_bytes(content)
    (folder / "lms.html").write_text(LMS, encoding="utf-8")
    with served(folder) as address, Browser(folder / "profile") as browser:
        seen = browser.visit(f"{address}/lms.html", 800, 600, asked)
    assert seen.complaints == []
    return seen.answers


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return drive(tmp_path_factory.mktemp("scorm"), ASKED)


@pytest.mark.slow
def test_it_begins_incomplete_and_without_a_score(played: Played):
    assert played["begun"] == {"cmi.core.lesson_status": "incomplete", "calls": "initialize commit"}


@pytest.mark.slow
def test_score_and_status_reach_the_system(played: Played):
    def told(step: str) -> tuple[str, ...]:
        return tuple(
            played[step][f"cmi.core.{name}"] for name in ("score.raw", "score.min", "score.max", "lesson_status")
        )

    assert told("half") == ("50", "0", "100", "incomplete")
    assert told("third") == ("67", "0", "100", "completed")
    assert json.loads(played["third"]["cmi.suspend_data"]) == {"raw": 2, "max": 3, "complete": True}
    assert told("again") == told("anew") == told("third")
    assert told("better") == ("100", "0", "100", "completed")
    assert told("popup") == ("25", "0", "100", "completed")


@pytest.mark.slow
def test_leaving_ends_the_session_once(played: Played):
    assert played["left"]["calls"].split().count("finish") == 1
    assert played["left"]["calls"].endswith("commit finish")
    assert played["left"]["cmi.core.exit"] == ""
    assert played["left"]["cmi.core.session_time"].startswith("0000:")


@pytest.mark.slow
def test_without_a_system_the_page_works(tmp_path: Path):
    (tmp_path / "index.html").write_bytes(packed()["index.html"])
    with Browser(tmp_path / "profile") as browser:
        seen = browser.visit(
            tmp_path / "index.html", 800, 600, {"told": "tell(1, 2, true), typeof window.nephrosynScore"}
        )
    assert seen.complaints == []
    assert seen.answers["told"] == "undefined"


def test_the_manifest_launches_the_page():
    content = packed()
    assert list(content) == ["imsmanifest.xml", "index.html"]
    manifest = ET.fromstring(content["imsmanifest.xml"])
    cp, adl = "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}", "{http://www.adlnet.org/xsd/adlcp_rootv1p2}"
    assert manifest.findtext(f"{cp}metadata/{cp}schemaversion") == "1.2"
    (item,) = manifest.iter(f"{cp}item")
    (resource,) = manifest.iter(f"{cp}resource")
    assert item.get("identifierref") == resource.get("identifier")
    assert (resource.get("href"), resource.get(f"{adl}scormtype")) == ("index.html", "sco")
    assert item.findtext(f"{cp}title") == case_set().title


@pytest.mark.parametrize("page", ["<html></html>", "<head></head><head></head>"])
def test_a_page_without_one_head_is_refused(page: str):
    with pytest.raises(ValueError, match="head"):
        scorm.package(case_set(), page)


def test_it_wraps_the_quiz_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from nephrosyn.cases import html

    told: Callable[..., str] = lambda *_, teacher: STAND_IN.replace("Quiz", f"teacher {teacher}")  # noqa: E731
    monkeypatch.setattr(html, "page", told)
    (path,) = scorm.write({"si": case_set(units="si")}, "si", tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert b"teacher False" in archive.read("index.html")

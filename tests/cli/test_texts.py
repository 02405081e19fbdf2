"""Texts of a user, wherever one is read: through pipes, with a byte-order mark, with characters that hide."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree

import pytest

import nephrosyn as ns
from nephrosyn import criteria, scenario, text_files
from nephrosyn.errors import MOST_PROBLEMS, nearest

SET = criteria.text("source")
MINE = 'extends = "baseline"\ntitle = "Mine"\n'
RED, BACKWARDS = "\x1b[31m", "\u202e"


@pytest.fixture
def written(tmp_path):
    def write(name: str, text: str, encoding: str = "utf-8") -> Path:
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


@pytest.fixture
def piped(tmp_path):
    """Give a named pipe through which a content comes once."""
    threads = []

    def start(content: bytes, name: str = "pipe") -> Path:
        os.mkfifo(tmp_path / name)
        threads.append(Thread(target=(tmp_path / name).write_bytes, args=(content,), daemon=True))
        threads[-1].start()
        return tmp_path / name

    yield start
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_changes_nothing(cli, written, encoding):
    own = written("own.toml", MINE + 'description = "“é”"\n', encoding)
    assert cli("check", own).stdout.startswith("Mine\n")
    own_set = written("own-set.toml", SET.replace('name = "source"', 'name = "own-set"'), encoding)
    told = cli("check-criteria", own_set)
    assert told.exit_code == 0
    assert "own-set" in told.stdout


def test_what_is_no_text_is_refused(refuses, written, tmp_path):
    (tmp_path / "own.toml").write_bytes(b'title = "\xff"\n')
    refuses("check", tmp_path / "own.toml", saying=("own.toml", "UTF-8", "position 9"))
    refuses("check-criteria", tmp_path / "own.toml", saying=("own.toml", "UTF-8", "position 9"))


def test_a_scenario_comes_through_a_pipe(cli, piped):
    told = cli("check", piped(MINE.encode()), "--changed")
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.startswith("Mine\n")


def test_a_definition_set_comes_through_a_pipe(cli, piped, own):
    text = SET.replace('name = "source"', 'name = "piped"')
    told = cli("classify", own, "--criteria", piped(text.encode()))
    assert told.exit_code == 0, told.stderr
    assert "piped" in ns.open(own).manifest["sets"]


def test_what_comes_through_a_pipe_is_kept_for_a_second_look(piped):
    path = piped(b"once")
    with text_files.remember_pipes():
        assert [text_files.read_text(path), text_files.read_text(path)] == ["once", "once"]


def test_cases_come_through_a_pipe(cli, refuses, piped):
    refuses("cases", "lint", piped(b"\xef\xbb\xbf{}"), saying=("expected a set of cases", "title: Field required"))


@pytest.mark.parametrize("verb", ["check", "check-criteria"])
def test_too_long_a_file_is_not_read_to_its_end(refuses, written, verb):
    refuses(verb, written("long.toml", "#" * (text_files.MEGABYTE + 1)), saying=("long.toml", "at most 1 MB"))
    refuses(verb, "/dev/zero", saying=("/dev/zero", "at most 1 MB"))


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("check", 'extends = "baseline"\n' + "".join(f"k{n} = 1\n" for n in range(20_000))),
        ("check", 'extends = "baseline"\n[sources]\n' + "".join(f'k{n} = "x"\n' for n in range(20_000))),
        ("check", f'extends = "baseline"\ncriteria = {[f"k{n}" for n in range(20_000)]}\n'),
        ("check", 'extends = "baseline"\n' + "".join(f"[population.bands.k{n}]\nshare = 1\n" for n in range(5_000))),
        ("check-criteria", SET + "".join(f"k{n} = 1\n" for n in range(20_000))),
    ],
)
def test_the_search_for_problems_ends(refuses, written, monkeypatch, verb, text):
    searched = []

    def counted(name, names, *rest):
        searched.append(name)
        return nearest(name, names, *rest)

    for module in (
        "scenario.checks.validate",
        "scenario.files.provenance",
        "scenario.loading",
        "criteria.definition.loading",
    ):
        monkeypatch.setattr(f"nephrosyn.{module}.nearest", counted)
    told = refuses(verb, written("many.toml", text), saying=(f"more than {MOST_PROBLEMS} problems",))
    assert len(told.splitlines()) == MOST_PROBLEMS + 1
    assert len(searched) < 4 * MOST_PROBLEMS


@pytest.mark.parametrize("verb", ["check", "check-criteria"])
@pytest.mark.parametrize(
    "text", [f"[{'.'.join('a' * 990)}]\nb = 1\n", f"a = {'[' * 990}{']' * 990}\n", f"a = {'[' * 9999}\n"]
)
def test_what_is_nested_too_deeply_is_refused(refuses, written, verb, text):
    refuses(verb, written("deep.toml", text), saying=("deep.toml", "nested too deeply"))


def test_an_override_with_a_place_of_many_digits_is_refused(refuses):
    refuses("check", "baseline", "--set", f"care.regimen.children.first.taper.{'9' * 5000}.weeks=1", saying=("--set",))


def test_a_definition_set_that_does_not_exist_is_named_with_its_place(refuses, written):
    own = written("own.toml", 'extends = "baseline"\ncriteria = ["source", "sorce", "", "no.toml"]\npatients = 0\n')
    told = refuses(
        "check", own, saying=("criteria.1", "sorce", "nearest: source", "criteria.2", "criteria.3", "patients")
    )
    assert "criteria.0" not in told


def test_a_definition_set_of_a_scenario_that_is_wrong_is_told_by_check(refuses, written, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    written("set.toml", SET.replace("value = 18,", 'value = "18",', 1))
    refuses("check", written("own.toml", 'extends = "baseline"\ncriteria = ["set.toml"]\n'), saying=("adult_from",))


@pytest.mark.slow
def test_a_run_whose_set_file_is_gone_still_opens(cli, own, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gone = written("gone.toml", SET.replace('name = "source"', 'name = "gone"'))
    made = cli(
        "run", "baseline", "--patients", 5, "--criteria", "gone.toml", "--out", "r", "--workers", 1, "--no-report"
    )
    assert made.exit_code == 0, made.stderr
    gone.unlink()
    assert cli("report", "r").exit_code == 0


HIDDEN = [RED, BACKWARDS, "\x9b", "\u2028", "\ufeff", "\ufffe"]


@pytest.mark.parametrize("wrong", HIDDEN, ids=ascii)
@pytest.mark.parametrize(
    "line",
    [
        'title = "{}"',
        'description = "two\\nlines {}"',
        '[sources]\nseed = "assumed: {}"',
        'criteria = ["{}"]',
        '[population.bands."{}"]\nshare = 1',
    ],
)
def test_characters_that_do_not_show_themselves_are_refused_in_a_scenario(refuses, written, line, wrong):
    key = re.match(r"\[?(\w+)", line)[1]
    escaped = "".join(f"\\u{ord(one):04x}" for one in wrong)
    told = refuses("check", written("own.toml", f'extends = "baseline"\n{line.format(escaped)}\n'), saying=(key,))
    assert "without control characters" in told
    assert text_files.visible(wrong) in told
    assert not text_files.HIDDEN.search(told.replace("\n", ""))


@pytest.mark.parametrize("place", ['title = "Source', 'citation = "usual'])
def test_characters_that_do_not_show_themselves_are_refused_in_a_set(refuses, written, place):
    text = SET.replace(place, place + "\\u001b[31m", 1)
    assert text != SET
    told = refuses("check-criteria", written("own.toml", text), saying=("\\x1b", "without control characters"))
    assert "\x1b" not in told


def test_lines_may_end_in_several_lines_of_text(cli, written):
    assert cli("check", written("own.toml", MINE + 'description = """one\n\ttwo"""\n')).exit_code == 0


def test_the_command_line_may_not_smuggle_them_in(refuses):
    refuses("check", "baseline", "--set", f"title={RED}", saying=("title", "\\x1b"))
    refuses("check", "baseline", "--set", os.fsdecode(b"title=a\xff"), saying=("title", "\\xff"))


@pytest.mark.parametrize(
    "words",
    [
        ("check", f"{RED}x.toml"),
        ("check", f"{BACKWARDS}x"),
        ("check-criteria", f"{RED}x.toml"),
        ("report", f"{RED}x"),
        ("classify", f"{RED}x", "--criteria", "source"),
        ("explain", f"{RED}x", 1),
        ("compare", f"{RED}x", f"{RED}y"),
        ("cases", f"{RED}x"),
        ("cases", "lint", f"{RED}x.json"),
        ("bench", f"{RED}x"),
        ("bench", "score", f"{RED}x.csv", "--run", f"{RED}x", "--export", f"{RED}x"),
        ("run", "baseline", "--set", f"{RED}x=1"),
        ("run", "baseline", "--criteria", f"{RED}x"),
        (f"{RED}x",),
        ("run", f"--{RED}x"),
        ("run", "baseline", "--engine", f"{RED}x"),
    ],
    ids=ascii,
)
def test_no_message_shows_them_raw(refuses, words):
    told = refuses(*words)
    assert not text_files.HIDDEN.search(told.replace("\n", ""))


def test_cases_with_them_are_refused(refuses, written):
    own = written("own.json", json.dumps({"title": f"a{BACKWARDS}"}))
    refuses("cases", "lint", own, saying=("own.json", "\\u202e at title"))


def test_a_file_of_predictions_whose_name_has_them_is_refused(refuses, tmp_path):
    from nephrosyn.bench.files.predictions import score_file
    from nephrosyn.errors import BenchError

    class Nothing:
        reference = None

    with pytest.raises(BenchError, match=r"holds \\x1b"):
        score_file(Nothing(), tmp_path / f"{RED}.csv", [])


ODD = r"""T $\frac{ $x_ <b> & "quoted" 'so' 中 é 🙂 %s {{ x }} ]]>"""

BAND = r"$\frac{ <b> 中 $"


def renamed(tree, name):
    """Return a tree with another name for the age band of children."""
    if not isinstance(tree, dict):
        return tree
    return {
        ".".join(name if part == "children" else part for part in key.split(".")): renamed(value, name)
        for key, value in tree.items()
    }


def inline(value):
    """Return plain values as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)} = {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.slow
def test_every_text_that_is_accepted_leaves_pictures_that_are_xml(written, tmp_path):
    """Among them what matplotlib takes for mathematics, Jinja for a variable, and XML for a tag."""
    tree = renamed(scenario.load("baseline").scenario.model_dump(mode="json"), BAND)
    tree["title"] = tree["description"] = ODD
    own = written("odd.toml", "".join(f"{key} = {inline(value)}\n" for key, value in tree.items()))
    ns.run(own, patients=40, out=tmp_path / "odd")
    pictures = sorted((tmp_path / "odd").rglob("*.svg"))
    assert len(pictures) > 3
    named = [ElementTree.parse(path) for path in pictures]
    assert any(BAND in "".join(one.itertext()) for one in map(ElementTree.ElementTree.getroot, named))
    page = (tmp_path / "odd" / "report.html").read_text("utf-8")
    assert "$x_ <b>" not in page
    assert r"\frac{ $x_ &lt;b&gt;" in page

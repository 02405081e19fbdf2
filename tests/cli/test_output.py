"""Standard output of any kind: poor in characters, closed, full, or left by its reader."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import nephrosyn
from nephrosyn.cli.app import main
from nephrosyn.cli.console import output

pytestmark = pytest.mark.slow

ROOT = Path(nephrosyn.__file__).parent
NEPHROSYN = (sys.executable, "-m", "nephrosyn")
ENCODINGS = ("cp1252", "cp437", "cp1251", "cp932", "ascii", "latin-1")
READS_AS = {"“": '"', "”": '"', "→": "->", "−": "-", "–": "-", "…": "...", "±": "+/-", "·": "*", "×": "x", "≤": "<="}
"""Written down once more, so that what is compared is not what is tested."""


class Ended:
    """How a command ended: exit code, and the characters of its two streams."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def spoken(monkeypatch):
    """Run a command in this process, on streams of an encoding as a terminal or a pipe has."""
    before = signal.getsignal(signal.SIGTERM), gc.get_threshold()

    def call(encoding: str, *words: object) -> Ended:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)]
        with monkeypatch.context() as here:
            here.setattr(warnings, "showwarning", warnings.showwarning)
            here.setattr(sys, "stdout", streams[0])
            here.setattr(sys, "stderr", streams[1])
            with pytest.raises(SystemExit) as left:
                main([str(word) for word in words])
        told = []
        for stream in streams:
            stream.flush()
            told.append(stream.buffer.getvalue().decode(encoding))
        return Ended(left.value.code or 0, *told)

    yield call
    signal.signal(signal.SIGTERM, before[0])
    gc.set_threshold(*before[1])


def as_shown(text: str, encoding: str) -> list[str]:
    """Return the words of a text as they should read in an encoding."""
    return "".join(one if can_show(one, encoding) else READS_AS[one] for one in text).split()


def can_show(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def test_every_character_of_the_package_reads_well_in_plain_ones():
    """The page's own files aside: they are in UTF-8 wherever they are."""
    texts = [
        path.read_text(encoding="utf-8") for kind in ("*.py", "*.toml", "*.csv", "*.json") for path in ROOT.rglob(kind)
    ]
    found = {one for text in texts for one in text if not one.isascii()}
    assert len(found) > 10
    for one in found:
        plain = output.readable(one)
        assert plain.isascii()
        assert "\\" not in plain
        assert 1 <= len(plain) <= 9


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“refractory” → −0.5 … é ⅓ ± x·y", '"refractory" -> -0.5 ... e 1/3 +/- x*y'),
        ("Łódź, Ærø, naïve", "Lodz, AEro, naive"),
        ("中", "\\u4e2d"),
        ("\udcff", "\\xff"),
    ],
)
def test_what_a_terminal_cannot_show_reads_well(text, plain):
    assert text.encode("ascii", output.ERRORS).decode() == plain


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_same_is_said_on_every_terminal(spoken, finished, encoding):
    for words in (
        ("explain", finished, 3),
        ("check", "sparse-records", "--changed"),
        ("list",),
        ("check-criteria", "source"),
        ("classify", finished),
        ("--help",),
    ):
        plain, told = spoken("utf-8", *words), spoken(encoding, *words)
        assert told.code == plain.code in (0, 2)
        assert told.out.split() == as_shown(plain.out, encoding)
        assert told.err.split() == as_shown(plain.err, encoding)


def test_columns_stay_aligned_where_a_cell_takes_more_room(spoken, monkeypatch):
    from nephrosyn.cli.console.terminal import table

    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=output.ERRORS)
    monkeypatch.setattr(sys, "stdout", stream)
    table(("a", "b"), [("1 → 2", "x"), ("3", "y")])
    stream.flush()
    assert stream.buffer.getvalue().decode().splitlines() == ["a       b", "1 -> 2  x", "3       y"]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii"])
def test_every_verb_speaks_on_a_poor_terminal(spoken, own, tmp_path, encoding):
    other, folder = tmp_path / "other", tmp_path / "out"
    small = ("--patients", 60, "--seed", 5, "--workers", 1, "--no-report")
    for words in (
        ("run", "no-infections", *small, "--out", other),
        ("report", own),
        ("compare", own, other),
        ("compare", own, other, "--json"),
        ("classify", own, "--criteria", "china-2014-adults"),
        ("reclassify", own, "--from", "source", "--to", "china-2014-adults"),
        ("reclassify", own, "--from", "source", "--to", "china-2014-adults", "--json"),
        ("cases", own, "--count", 1, "--balance", "natural", "--format", "json", "--out", folder / "c"),
        ("cases", "lint", folder / "c"),
        ("bench", own, "--perturbations", "upcr_coarsened", "--severity", 1, "--out", folder / "b"),
        ("bench", "export", own, "--perturbations", "upcr_coarsened", "--severity", 1, "--out", folder / "e"),
        ("bench", "explain", 3, "--results", folder / "b"),
        ("validate", "--estimate", "C01", "--patients", 50, "--workers", 1),
        ("sensitivity", "baseline", "--patients", 20, "--trajectories", 2),
        ("schema",),
    ):
        told = spoken(encoding, *words)
        assert told.code in (0, 1), (words, told.err)
        assert "Traceback" not in told.err
        assert told.out.strip() or words[1] == "lint"
        if "--json" in words or words == ("schema",):
            assert json.loads(told.out)


def test_json_stays_json(spoken):
    plain, told = spoken("utf-8", "schema"), spoken("ascii", "schema")
    assert json.loads(told.out) == json.loads(plain.out)


def test_quotes_inside_json_are_numbered_and_not_replaced(monkeypatch):
    from nephrosyn.cli.console import say_json

    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp437", errors=output.ERRORS)
    monkeypatch.setattr(sys, "stdout", stream)
    say_json(json.dumps({"said": "“so”\u202e\x9b"}, ensure_ascii=False))
    stream.flush()
    assert json.loads(stream.buffer.getvalue()) == {"said": "“so”\u202e\x9b"}


def shell(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = " ".join(NEPHROSYN)
    return subprocess.run(
        ["bash", "-c", line.replace("nephrosyn", command, 1)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nephrosyn check baseline >&-", 0),
        ("nephrosyn check baseline >&- 2>&- <&-", 0),
        ("nephrosyn check no-such 2>&-", 2),
        ("nephrosyn check no-such 2>/dev/full", 2),
        ("nephrosyn check baseline | head -n 1; exit ${PIPESTATUS[0]}", 141),
        ("nephrosyn --help | true; exit ${PIPESTATUS[0]}", 141),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])  # what is still in a buffer is written when Python ends
def test_a_stream_that_is_closed_ends_in_no_traceback(tmp_path, line, code, unbuffered):
    done = shell(line, tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == code
    assert done.stderr == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_a_message(tmp_path, unbuffered):
    done = shell("nephrosyn check baseline >/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2
    assert done.stderr == "nephrosyn: standard output: No space left on device\n"


def test_a_run_whose_output_is_closed_is_finished(tmp_path):
    done = shell("nephrosyn run baseline --patients 5 --no-report --workers 1 --out r >&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "r" / "manifest.json").is_file()


def test_bars_on_a_poor_terminal_are_plain(monkeypatch):
    from nephrosyn.cli.console.progress import _bar

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    stream = Terminal(io.BytesIO(), encoding="cp437", errors="strict")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    output.prepare()
    bar = _bar()
    with bar:
        bar.update(bar.add_task("simulate “x”", total=2, completed=1, rate=""), completed=2, refresh=True)
    stream.flush()
    shown = stream.buffer.getvalue().decode("cp437")
    assert 'simulate "x"' in shown
    assert re.search(r"-{10,}", shown)

"""Files that are missing, not TOML, or extend one another in a circle."""

import errno
import os

import pytest

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load


def only(caught):
    (problem,) = caught.value.problems
    return problem


def test_unknown_name_gives_the_nearest():
    with pytest.raises(ScenarioError) as caught:
        load("basline")
    assert only(caught).nearest.split(", ")[0] == "baseline"
    assert str(caught.value) == "No scenario 'basline'. Did you mean baseline? `nephrosyn list` shows all."


@pytest.mark.parametrize("name", ["", "\0", "no such thing", "a" * 5000])
def test_odd_names(name):
    with pytest.raises(ScenarioError):
        load(name)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ScenarioError, match="no such file"):
        load(tmp_path / "missing.toml")
    with pytest.raises(ScenarioError, match="a folder"):
        load(tmp_path)
    with pytest.raises(ScenarioError, match="shipped scenario baseline"):
        load("scenarios/elsewhere/baseline.toml")


def test_syntax_error_gives_line_and_column(write):
    with pytest.raises(ScenarioError) as caught:
        load(write("patients = 1\nreplicates = = 2\n"))
    assert "line 3, column 14" in only(caught).actual


def test_syntax_error_of_an_ancestor_names_its_file(write):
    write("patients = \n", name="first.toml")
    with pytest.raises(ScenarioError) as caught:
        load(write("", name="second.toml", extends="first.toml"))
    assert only(caught).file == "first.toml"


@pytest.mark.parametrize(
    "content", [b"title = '\xff'", b"patients = " + b"9" * 5000, b"a = " + b"[" * 20000, b"a = 1\na = 2", b"\0"]
)
def test_bytes_that_are_no_scenario(tmp_path, content):
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError):
        load(path)


def test_no_right_to_read(write, monkeypatch):
    path = write("")

    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(ScenarioError, match="a readable file; found Permission denied"):
        load(path)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes('extends = "baseline"\r\npatients = 4\r\n'.encode("utf-8-sig"))
    assert load(path).scenario.patients == 4


def test_a_circle_is_shown(write):
    write("", name="b.toml", extends="c.toml")
    write("", name="c.toml", extends="./b.toml")
    with pytest.raises(ScenarioError) as caught:
        load(write("", name="a.toml", extends="b.toml"))
    assert only(caught).actual == "a circle: b.toml -> c.toml -> ./b.toml"


def test_a_file_that_extends_itself(write):
    with pytest.raises(ScenarioError, match="circle"):
        load(write("", name="a.toml", extends="a.toml"))


def test_a_file_called_like_its_shipped_parent_is_no_circle(write):
    assert load(write("patients = 5", name="baseline.toml", extends="baseline")).scenario.patients == 5


def test_an_endless_chain_stops(write):
    for place in range(120):
        write("", name=f"f{place}.toml", extends=f"f{place + 1}.toml")
    with pytest.raises(ScenarioError, match="longer chain"):
        load(write("", extends="f0.toml"))


@pytest.mark.parametrize(("extends", "words"), [("basline", "nearest: baseline"), ("missing.toml", "no such file")])
def test_an_unknown_parent(write, extends, words):
    with pytest.raises(ScenarioError, match=words) as caught:
        load(write("", extends=extends))
    assert only(caught).path == "extends"


def test_extends_is_a_text(write):
    with pytest.raises(ScenarioError, match="a list of 1"):
        load(write('extends = ["baseline"]\n', extends=None))

"""The check of pages itself: each fault is seen, a sound page has none."""

from __future__ import annotations

import pytest

from .outline import problems

SOUND = """<!DOCTYPE html><html lang="en"><head><title>Page</title></head><body><a href="#t">Table</a><h1>One</h1>
<h2>Two</h2><h3>Three</h3><h2>Two</h2><table id="t"><caption>What</caption><tr><th scope="col">a</th></tr></table>
<label for="x">Name</label><input id="x"><label>Units <input type="radio"></label><img alt="" src="data:,">
<button>Go</button></body></html>"""


def test_a_sound_page_has_no_problem():
    assert problems(SOUND) == []


@pytest.mark.parametrize(
    ("sound", "faulty", "told"),
    [
        (' lang="en"', "", "html: no lang"),
        ("<title>Page</title>", "<title></title>", "no title"),
        ("<h1>One</h1>", "", "line 2: h2 after h0: Two"),
        ("<h2>Two</h2><h3>", "<h3>", "line 2: h3 after h1: Three"),
        ("<h3>Three</h3>", "<h1>Again</h1>", "line 2: h1 that is not the first heading: Again"),
        ("<h3>Three</h3>", "<h3> </h3>", "line 2: empty h3"),
        (">a</th>", "></th>", "line 2: empty th"),
        (' scope="col"', "", "line 2: th without scope"),
        ("<caption>What</caption>", "", "line 2: table without a caption"),
        ('for="x"', "", "line 3: input without a label"),
        ("Units <", "<", "line 3: input without a label"),
        (' alt=""', "", "line 3: img without alt"),
        (">Go<", "><", "line 4: button without words"),
        ('id="x"', 'id="x"><p id="x"></p', "id x stands 2 times"),
        ('href="#t"', 'href="#u"', "line 1: a names u, which is not there"),
    ],
)
def test_each_fault_is_seen(sound: str, faulty: str, told: str):
    assert sound in SOUND
    assert told in problems(SOUND.replace(sound, faulty, 1))

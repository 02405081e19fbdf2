"""Checks of a Moodle XML file, also for errors that Moodle does not report.

Moodle silently imports questions with no right answer or with two, files that are not pictures, and duplicate id
numbers (which it drops). Each rule has an id; `RULES` says what it requires.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from nephrosyn.teach.formats.moodle import embedded_html

NAME_LENGTH = 255
IDNUMBER_LENGTH = 100
"""Widths of Moodle's database columns, in characters."""
PERCENT = (
    "100", "90", "83.33333", "80", "75", "70", "66.66667", "60", "50", "40", "33.33333", "30", "25", "20", "16.66667",
    "14.28571", "12.5", "11.11111", "10", "5",
)  # fmt: skip
"""All fractions of the credit in Moodle apart from 0 and negative ones, in percent."""
FRACTIONS = frozenset({"0", *PERCENT, *(f"-{percent}" for percent in PERCENT)})
RULES: Mapping[str, str] = {
    "M01": "the file is well-formed XML with the root quiz",
    "M02": "the file opens with one category below $course$/top",
    "M03": "every question has a type that this package writes",
    "M04": f"a name of 1 to {NAME_LENGTH} characters",
    "M05": f"an id number of 1 to {IDNUMBER_LENGTH} characters",
    "M06": "no id number occurs twice",
    "M07": "every fraction is one of Moodle's",
    "M08": "one best answer: exactly one option with 100, no other above 0",
    "M09": "several answers: positive fractions sum to 100, and ticking everything scores nothing",
    "M10": "at least two options, no two alike, none empty",
    "M11": "every option has feedback",
    "M12": "every picture shown has a file, and every file is shown",
    "M13": "every file is a whole PNG in strict base64",
    "M14": "every picture has an alternative text",
    "M15": "nothing is loaded from elsewhere, and nothing is executed",
    "M16": "a number as the one right answer, a tolerance of 0 or more, and an answer for all other input",
    "M17": "at least two premises and three answers, no answer empty",
    "M18": "a question text",
    "M19": "at least one tag, none empty",
}
"""What each rule requires."""
Violations = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Finding:
    """A violation: the rule, the question (empty for the file) and what was found."""

    rule: str
    question: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule} {self.question or 'file'}: {self.text} (expected: {RULES[self.rule]})"


def check(text: str) -> list[Finding]:
    """Return all findings on a Moodle XML file, in the order of the file.

    Parameters
    ----------
    text : str
        Content of the file.
    """
    try:
        quiz = ET.fromstring(text.encode())  # noqa: S314 - written by this package or by the user
    except ET.ParseError as error:
        return [Finding("M01", "", str(error))]
    if quiz.tag != "quiz":
        return [Finding("M01", "", f"root {quiz.tag}")]
    questions = [question for question in quiz.iter("question") if question.get("type") != "category"]
    findings = [Finding(rule, "", words) for rule, words in _file(quiz, questions)]
    for question in questions:
        name = _text(question, "idnumber") or _text(question, "name/text")
        findings += [Finding(rule, name, words) for rule, words in _question(question)]
    return findings


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _file(quiz: ET.Element, questions: list[ET.Element]) -> Violations:
    categories = [_text(question, "category/text") for question in quiz if question.get("type") == "category"]
    opens = len(quiz) > 0 and quiz[0].get("type") == "category"
    if len(categories) != 1 or not opens or not categories[0].startswith("$course$/top/"):
        yield "M02", f"categories {categories}"
    counts = Counter(_text(question, "idnumber") for question in questions)
    for number, count in counts.items():
        if number and count > 1:
            yield "M06", f"{number} occurs {count} times"


def _question(question: ET.Element) -> Violations:
    kind = question.get("type", "")
    yield from _head(question)
    yield from _pictures(question)
    for answer in question.iter("answer"):
        if kind != "matching" and answer.get("fraction") not in FRACTIONS:
            yield "M07", f"fraction {answer.get('fraction')}"
    if kind not in _KINDS:
        yield "M03", f"type {kind}"
    else:
        yield from _KINDS[kind](question)


def _head(question: ET.Element) -> Violations:
    for rule, path, most in (("M04", "name/text", NAME_LENGTH), ("M05", "idnumber", IDNUMBER_LENGTH)):
        if not 1 <= (length := len(_text(question, path))) <= most:
            yield rule, f"{length} characters"
    if not embedded_html.plain_text(_text(question, "questiontext/text")):
        yield "M18", "none"
    tags = [_text(tag, "text") for tag in question.findall("tags/tag")]
    if not tags or not all(tags):
        yield "M19", f"tags {tags}"


def _pictures(question: ET.Element) -> Violations:
    for place in question.iter():
        texts = [text for text in place.findall("text") if text.text]
        if texts and place.tag != "name":
            yield from _in_place(place, "".join(text.text or "" for text in texts))


def _in_place(place: ET.Element, html: str) -> Violations:
    if place.get("format") != "html":
        return
    seen = embedded_html.read(html)
    files = Counter(file.get("name", "") for file in place.findall("file"))
    wanted = {
        source.removeprefix(embedded_html.PLUGIN_FILE)
        for source in seen.pictures
        if embedded_html.is_plugin_file(source)
    }
    if wanted != set(files) or any(count > 1 for count in files.values()):
        yield "M12", f"shown {sorted(wanted)}, files {sorted(files.elements())}"
    for file in place.findall("file"):
        if fault := embedded_html.picture_fault(file.text or "", file.get("encoding")):
            yield "M13", f"{file.get('name')}: {fault}"
    if seen.without_words:
        yield "M14", f"{seen.without_words} without"
    for fault in seen.foreign:
        yield "M15", fault


def _options(question: ET.Element) -> Violations:
    texts = [embedded_html.plain_text(_text(answer, "text")) for answer in question.findall("answer")]
    if len(texts) < 2 or len(set(texts)) < len(texts) or not all(texts):
        yield "M10", f"options {texts}"
    for answer in question.findall("answer"):
        if not embedded_html.plain_text(_text(answer, "feedback/text")):
            yield "M11", f"option {embedded_html.plain_text(_text(answer, 'text'))!r} has none"


def _fractions(question: ET.Element) -> list[float]:
    return [embedded_html.number(answer.get("fraction", "")) or 0.0 for answer in question.findall("answer")]


def _multichoice(question: ET.Element) -> Violations:
    yield from _options(question)
    given = _fractions(question)
    if _text(question, "single") == "true":
        if sorted(given)[-1:] != [100.0] or sum(fraction > 0 for fraction in given) != 1:
            yield "M08", f"fractions {given}"
    else:
        all_right = all(fraction > 0 for fraction in given)
        right = sum(fraction for fraction in given if fraction > 0)
        if abs(right - 100) > 0.01 or (not all_right and abs(sum(given)) > 0.01):
            yield "M09", f"fractions {given}"


def _numerical(question: ET.Element) -> Violations:
    replies = [(_text(answer, "text"), answer) for answer in question.findall("answer")]
    right = [(value, answer) for value, answer in replies if answer.get("fraction") == "100"]
    if len(right) != 1 or embedded_html.number(right[0][0]) is None or "*" not in [value for value, _ in replies]:
        yield "M16", f"answers {[value for value, _ in replies]}, {len(right)} right"
    for value, answer in replies:
        tolerance = embedded_html.number(_text(answer, "tolerance"))
        if tolerance is None or tolerance < 0:
            yield "M16", f"tolerance {_text(answer, 'tolerance')!r} of {value}"
        if not embedded_html.plain_text(_text(answer, "feedback/text")):
            yield "M11", f"answer {value!r} has none"


def _matching(question: ET.Element) -> Violations:
    parts = question.findall("subquestion")
    premises = [text for part in parts if (text := embedded_html.plain_text(_text(part, "text")))]
    replies = [_text(part, "answer/text") for part in parts]
    if len(premises) < 2 or len(set(premises)) < len(premises) or len(replies) < 3 or not all(replies):
        yield "M17", f"premises {premises}, answers {replies}"


_KINDS: Mapping[str, Callable[[ET.Element], Violations]] = {
    "multichoice": _multichoice,
    "numerical": _numerical,
    "matching": _matching,
}

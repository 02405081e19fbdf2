"""A result that is not complete, not of the suite, or not consistent is refused with the reason."""

from __future__ import annotations

import json

import pytest

from nephrosyn.bench.suite.check import read_result
from nephrosyn.bench.suite.result import compared_digest
from nephrosyn.errors import BenchError


def signed(change):
    """A change after which the digest of the content is right again, so that only the rest can show it."""

    def edit(content):
        change(content)
        content["result_sha256"] = compared_digest(content)

    return edit


def first(content, task="category", split="test"):
    return content["tasks"][task][split]["conditions"][0]


def score(content, metric, of="all"):
    return next(row for row in first(content)["scores"] if row["metric"] == metric and row["of"] == of)


def average(content, metric):
    return next(row for row in content["tasks"]["category"]["test"]["averages"] if row["metric"] == metric)


def move_patients(content):
    """Move a patient to the right answer, and nothing else."""
    rows = first(content)["confusion"]
    right, wrong = next(
        (right, wrong) for right, row in enumerate(rows) for wrong, n in enumerate(row) if n and wrong != right
    )
    rows[right][wrong] -= 1
    rows[right][right] += 1


CHANGES = {
    "an accuracy that the counts do not give": (
        lambda c: score(c, "accuracy").update(value=0.99),
        "accuracy of all: the confusion matrices give",
    ),
    "a count moved": (move_patients, "accuracy of all: the confusion matrices give"),
    "a count added": (
        lambda c: first(c)["confusion"][0].__setitem__(0, 500),
        "patients who are steroid_resistant; found",
    ),
    "a mean raised": (
        lambda c: average(c, "accuracy").update(value=0.999),
        "averages: accuracy of all: the confusion matrices give",
    ),
    "a corruption error lowered": (
        lambda c: average(c, "corruption_error").update(value=0.001),
        "averages: corruption_error of all: the confusion matrices give",
    ),
    "a mean of flips changed": (
        lambda c: average(c, "flip_rate").update(value=0.9),
        "averages: flip_rate of all",
    ),
    "a task cut short": (
        lambda c: c["tasks"]["category"].pop("elsewhere"),
        "tasks.category: split elsewhere is missing",
    ),
    "a condition left out": (
        lambda c: c["tasks"]["category"]["test"]["conditions"].pop(3),
        "condition visits_missing/severity-5/replicate-0 is missing",
    ),
    "a condition twice": (
        lambda c: c["tasks"]["category"]["test"]["conditions"].append(c["tasks"]["category"]["test"]["conditions"][1]),
        "condition visits_missing/severity-2/replicate-0 is there 2 times",
    ),
    "another perturbation": (
        lambda c: c["tasks"]["category"]["test"]["conditions"][1].update(perturbation="visits_late"),
        "visits_late/severity-2/replicate-0 is not a condition",
    ),
    "a metric left out": (
        lambda c: first(c)["scores"].remove(score(c, "mcc")),
        "the score mcc all is missing",
    ),
    "a metric of another name": (
        lambda c: score(c, "brier").update(metric="briar"),
        "briar is not a metric here; nearest: brier",
    ),
    "a Brier score out of range": (
        lambda c: score(c, "brier").update(value=2.5),
        "brier of all: expected 0 to 2; found 2.5",
    ),
    "an interval turned round": (
        lambda c: score(c, "accuracy").update(low=0.9, high=0.1),
        "its interval ends before it begins",
    ),
    "fewer patients": (
        lambda c: c["tasks"]["category"]["test"].update(scored=3),
        "tasks.category.test.scored: expected",
    ),
    "a split in another role": (
        lambda c: c["tasks"]["category"]["test"].update(role="out_of_distribution"),
        "role: expected test; found out_of_distribution",
    ),
    "answers in another order": (
        lambda c: c["tasks"]["category"]["test"]["classes"].reverse(),
        "tasks.category.test.classes: expected",
    ),
    "a row of counts left out": (lambda c: first(c)["confusion"].pop(), "confusion: expected 6 rows of 9 counts"),
    "records of another build": (
        lambda c: c["suite"].update(digest="0" * 64),
        "suite.digest: not that of small-1",
    ),
    "another definition": (
        lambda c: c["suite"].update(definition_sha256="0" * 64),
        "suite.definition_sha256: not that of small-1",
    ),
    "a task of another name": (
        lambda c: c["tasks"].update(categry=c["tasks"].pop("category")),
        "tasks.categry: not a task of small-1; nearest: category",
    ),
    "no task": (lambda c: c["tasks"].clear(), "tasks: expected at least one task with scores"),
    "another suite": (lambda c: c["suite"].update(name="nephro-1"), "a result of suite nephro-1; expected small-1"),
    "a negative count": (
        lambda c: first(c)["confusion"][0].__setitem__(0, -1),
        "confusion.0.0: expected greater than or equal to 0; found -1",
    ),
    "a key left out": (lambda c: c["environment"].pop("python"), "environment.python: missing"),
    "a key too many": (lambda c: c.update(rank=1), "rank: not a key of this format"),
    "no name": (lambda c: c["classifier"].update(name=""), "classifier.name: expected"),
    "another format": (
        lambda c: c.update(format="nephrosyn-suite-result-9"),
        "found the format nephrosyn-suite-result-9",
    ),
    "another notice": (lambda c: c.update(notice="Real data."), "notice: expected"),
}


def test_a_whole_result_passes(results_folder, suite_file):
    for path in sorted(results_folder.glob("*.json")):
        if path.name != "suite.json":
            assert read_result(path, str(suite_file)).classifier.name == path.stem


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_result_is_refused(submission, suite_file, what):
    _, edit = submission
    change, message = CHANGES[what]
    path = edit(signed(change))
    with pytest.raises(BenchError) as caught:
        read_result(path, str(suite_file))
    assert message in str(caught.value)
    assert all(problem.startswith(str(path)) for problem in caught.value.problems)


def test_an_edit_that_nothing_else_shows_is_shown_by_the_digest(submission, suite_file):
    _, edit = submission
    path = edit(lambda c: score(c, "brier").update(value=0.01, low=0.009, high=0.02))
    with pytest.raises(BenchError, match="result_sha256: not the digest of this content"):
        read_result(path, str(suite_file))


def test_part_of_a_suite_is_enough_if_its_tasks_are_whole(submission, suite_file):
    _, edit = submission
    assert list(read_result(edit(signed(lambda c: c["tasks"].pop("category"))), str(suite_file)).tasks) == ["early"]


def test_a_suite_of_ones_own_has_to_be_named(submission):
    with pytest.raises(
        BenchError, match=r"expected a shipped suite; found small-1 \(a suite of your own: --suite FILE\)"
    ):
        read_result(submission[0])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 3}', '{"a": NaN}', "\x00"])
def test_what_is_no_result_is_refused(tmp_path, text):
    path = tmp_path / "no.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BenchError, match=r"no\.json"):
        read_result(path)


def test_many_problems_are_cut_short(submission, suite_file):
    def worsen(content):
        for row in first(content)["scores"]:
            row["value"] = -5.0

    with pytest.raises(BenchError) as caught:
        read_result(submission[1](signed(worsen)), str(suite_file))
    assert len(caught.value.problems) == 21
    assert "more problems" in caught.value.problems[-1]


def test_two_results_of_a_name_are_refused_and_nothing_is_written(results_folder, suite_file, tmp_path):
    from nephrosyn.bench.suite.leaderboard import write_page

    content = (results_folder / "majority.json").read_text(encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.json", "b.json"):
        (folder / name).write_text(content, encoding="utf-8")
    broken = json.loads(content)
    broken["suite"]["digest"] = "0" * 64
    (folder / "c.json").write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(BenchError) as caught:
        write_page(folder, tmp_path / "page.html", str(suite_file))
    assert "b.json: the name majority is that of a.json, too" in str(caught.value)
    assert "c.json: suite.digest" in str(caught.value)
    assert not (tmp_path / "page.html").exists()

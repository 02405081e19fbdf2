"""What a clause tells in words: the window it counted in, and the relapses it leaves aside, with why."""

from __future__ import annotations

import pytest

from nephrosyn import criteria

from .builder import adult, tables, variant, verdict_of
from .test_hand_worked import dependent, relapsing


def clause(verdict, name):
    (found,) = [one for one in verdict.clauses if one.name == name]
    return found


def relapse_days(found):
    return [row.first_days for row in found.evidence if "UPCR 5" in row.text]


def test_six_months_give_their_window_and_only_the_relapses_in_it():
    # First remission on day 20: the window ends on day 203, in it, and day 204 is outside.
    found = clause(verdict_of(relapsing(100, 203, 204, 300)), "frequent_n6")
    assert "2 relapses by day 203 in the period from day 20 to day 203" in found.sentence
    assert relapse_days(found) == [100, 203]
    found = clause(verdict_of(relapsing(100, 214, 300)), "frequent_n6")
    assert found.sentence == (
        "1 relapse in the period from day 20 to day 203; 2 are needed. "
        "The next relapse, on day 214, falls outside this period and does not count."
    )
    assert relapse_days(found) == [100]


def test_sliding_window_is_the_one_that_counted_most():
    found = clause(verdict_of(relapsing(30, 420, 500, 600)), "frequent_n12")
    assert found.sentence == ("At most 3 relapses in any 12 months; 4 are needed.")
    assert relapse_days(found) == [420, 500, 600]
    assert clause(verdict_of(relapsing(30)), "frequent_n12").sentence == (
        "At most 1 relapse in any 12 months; 4 are needed."
    )


def test_window_that_is_still_open_tells_both_its_days():
    found = clause(verdict_of(relapsing(100, end=202)), "frequent_n6")
    assert found.reason == "window_open"
    assert "before day 203, the last day of the first period, which began on day 20" in found.sentence


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (dependent(10).well_every(30, 120, 730), "day 98 (on 10 mg/day, not above the maintenance dose of 10 mg/day)"),
        (relapsing(100), "day 100 (without steroid)"),
        (
            adult().steroid(60, 0, 55).steroid(20, 56, 200).steroid(10, 201, 400).ill(0, 14).well(28, 56, 84).ill(98)
            .well_every(30, 120, 730),
            "day 98 (not followed by a higher dose within 90 days)",
        ),
        (
            adult().steroid(60, 0, 120).steroid(10, 121, 400).ill(0).well(28, 56).ill(98).well_every(30, 120, 730),
            "day 98 (without a reduction of the dose before it)",
        ),
    ],
    ids=["at the maintenance dose", "without steroid", "never raised", "never reduced"],
)  # fmt: skip
def test_dependence_says_why_a_relapse_does_not_count(record, why):
    found = clause(verdict_of(record), "dependence")
    assert (found.status, found.reason) == ("not met", "no_such_relapse")
    assert f"Relapses that do not count: {why}." in found.sentence


def test_dependence_says_which_relapse_counts_when_more_are_needed(tmp_path):
    strict = variant(tmp_path, dependence__relapses=2)
    found = clause(verdict_of(dependent(20).well_every(30, 120, 730), strict), "dependence")
    assert "Relapse counted: day 98; 2 are needed." in found.sentence


def test_dependence_speaks_of_no_relapse_where_there_was_none():
    assert "count" not in clause(verdict_of(adult().taper(0).ill(0).well_every(30, 28, 730)), "dependence").sentence


@pytest.mark.parametrize("view", ["observed", "complete"])
def test_no_record_calls_a_patient_truly_refractory(capsys, view):
    from nephrosyn.cli.console.patient import print_verdict

    record = adult(100).steroid(60, 0, 100).ill(0, 84).path((0.0, 5.0, 0.0, 5.0))
    verdict = criteria.verdict(tables(record), criteria.load("source"), 0, 0, view)
    assert verdict.refractory_kind is True
    print_verdict(verdict)
    line = capsys.readouterr().out.splitlines()[1]
    assert "the record gives no evidence of pseudo-refractory disease" in line
    assert "truly" not in line

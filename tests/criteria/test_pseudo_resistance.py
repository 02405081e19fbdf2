"""True against falsely refractory: what the record must show."""

from __future__ import annotations

import pytest

from nephrosyn import criteria

from .builder import adult, source, tables, verdict_of

FACTOR = ("malabsorption", "provoking_factor", "none")


def resistant(well_from=None):
    """An adult on 60 mg for 12 weeks without effect, then withdrawn; well again from a day, if at all."""
    record = adult().steroid(60, 0, 90).ill(*range(0, well_from or 720, 14))
    return record if well_from is None else record.well_every(30, well_from, 720)


def kind(record, **options):
    return verdict_of(record, **options).refractory_kind


def test_without_a_factor_nothing_shows_it_to_be_false():
    assert kind(resistant()) is True
    assert kind(resistant(well_from=200)) is True


def test_a_factor_found_and_a_response_after_it():
    record = resistant(well_from=200).noted(100, *FACTOR)
    verdict = verdict_of(record)
    assert (verdict.category, verdict.refractory, verdict.refractory_kind) == ("steroid_resistant", True, False)
    assert verdict.answered_days == 200
    assert [row.first_days for row in verdict.provoking] == [100]


def test_a_factor_without_a_response():
    assert kind(resistant().noted(100, *FACTOR)) is True


@pytest.mark.parametrize(("day", "found"), [(200, False), (201, True), (0, False)])
def test_the_factor_must_have_been_found_by_the_response(day, found):
    assert kind(resistant(well_from=200).noted(day, *FACTOR)) is found


def test_another_agent_takes_the_credit():
    record = resistant(well_from=200).noted(100, *FACTOR)
    assert kind(record.agent("tacrolimus", 6.0, 120, 400)) is True
    later = resistant(well_from=200).noted(100, *FACTOR)
    assert kind(later.agent("tacrolimus", 6.0, 201, 400)) is False


def test_what_is_met_after_the_answer_is_true():
    """Falsely resistant, answered on day 200; then dependent on steroid with the factor gone."""
    record = resistant(well_from=200).noted(100, *FACTOR)
    for start in (300, 420):
        record.rows["readings"] = [row for row in record.rows["readings"] if not start <= row[0] < start + 30]
        record.steroid(60, start - 40, start - 20).steroid(20, start - 19, start + 4).steroid(60, start + 5, start + 60)
        record.ill(start, start + 4).well(start + 30)
    verdict = verdict_of(record)
    assert verdict.flags["dependent"] is True
    assert verdict.refractory_kind is True


def test_other_notes_are_no_factor():
    assert kind(resistant(well_from=200).noted(100, "serious_infection", "complication", "none")) is True


def test_not_refractory_has_no_kind():
    assert kind(adult().steroid(60, 0, 55).ill(0, 7).well_every(30, 14, 700).noted(5, *FACTOR)) is None


def test_the_record_as_it_stood_before_the_response():
    record = resistant(well_from=200).noted(100, *FACTOR)
    assert kind(record, until_days=199) is True
    assert kind(record, until_days=200) is False


def test_all_at_once_says_the_same():
    people = [resistant(), resistant(200).noted(100, *FACTOR), resistant().noted(100, *FACTOR)]
    labels = criteria.classify(tables(*people), source(), "observed")
    assert labels["refractory_kind"].to_list() == [True, False, True]

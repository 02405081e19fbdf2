"""How the course ended, drugs, adverse events, pseudo-refractory patients: counts by hand, and their sections."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nephrosyn import vocabulary
from nephrosyn.report.findings.course import disease_states, exposure, pseudo_resistance
from nephrosyn.report.page.course_sections import amount, rate_cell, recovery_sentence
from nephrosyn.statistics.proportions import wilson

from . import factory

COMPLETE, PARTIAL, NEPHROTIC, FAILURE, DEAD = range(5)


def frame(**columns):
    count = len(next(iter(columns.values())))
    return pl.DataFrame({"replicate": [0] * count, **columns}).with_columns(
        pl.col("replicate", "patient").cast(pl.Int32)
    )


def events(*rows):
    patient, time, event = zip(*rows, strict=True)
    names = pl.Series(event, dtype=pl.Enum(vocabulary.EVENTS))
    return frame(patient=patient, time_days=list(map(float, time)), event=names)


# 0 remits, relapses and dies; 1 remits in part, then completely; 2 stays nephrotic; 3 fails after a remission.
COURSES = events(
    (0, 0, "onset"), (0, 30, "complete_remission"), (0, 200, "relapse"), (0, 500, "death"),
    (1, 0, "onset"), (1, 40, "partial_remission"), (1, 400, "complete_remission"),
    (2, 0, "onset"), (2, 10, "infection"),
    (3, 0, "onset"), (3, 50, "complete_remission"), (3, 60, "relapse"), (3, 800, "kidney_failure"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (0, (0, 0, 4, 0, 0)),
        (29.9, (0, 0, 4, 0, 0)),
        (30, (1, 0, 3, 0, 0)),
        (55, (2, 1, 1, 0, 0)),
        (300, (0, 1, 3, 0, 0)),
        (600, (1, 0, 2, 0, 1)),
        (800, (1, 0, 1, 1, 1)),
    ],
)
def test_state_on_a_day_is_the_last_that_was_reached(day, expected):
    changes = disease_states.state_changes(COURSES.sample(fraction=1.0, shuffle=True, seed=1))
    assert tuple(disease_states.counts_at(changes, 4, np.array([float(day)]))[0]) == expected


def tables_of(response=("complete", "complete", "none", "none"), last_dose=300):
    people = frame(patient=range(4))
    return {"patients": people, "truth/traits": people.with_columns(response=pl.Series(response)),
            "truth/events": COURSES, "truth/doses": frame(patient=[0, 1], last_days=[100, last_dose])}  # fmt: skip


@pytest.mark.parametrize(
    ("end", "last_dose", "recovered"),
    [(700, 300, None), (1130, 300, 0), (1131, 300, 1), (1131, 400, 1), (1131, 401, 0), (2000, 1270, 0)],
)
def test_recovered_for_good_is_two_years_in_remission_without_drugs(end, last_dose, recovered):
    """Patient 1 is in complete remission from day 400 on, to which two years (730.5 days) add up."""
    found = disease_states.find(tables_of(last_dose=last_dose), end).recovered
    assert (found.count if found else None) == recovered


def test_states_at_the_end_and_by_response():
    found = disease_states.find(tables_of(), 1000)
    assert [share.count for share in found.end] == [1, 0, 1, 1, 1]
    assert {share.total for share in found.end} == {4}
    parts = {part.name: [share.count for share in part.shares] for part in found.by_response}
    assert parts == {"complete": [1, 0, 0, 0, 1], "none": [0, 0, 1, 1, 0]}


def test_states_over_the_years_only_where_follow_up_is_long():
    short, long = disease_states.find(tables_of(), 731), disease_states.find(tables_of(), 1096)
    assert not short.long
    assert short.years == []
    assert [year for year, _ in long.years] == [1, 2, 3]
    assert long.years[1] == (2, [0.25, 0.0, 0.5, 0.0, 0.25])
    assert long.shares[0, NEPHROTIC] == 1
    assert long.shares.sum(axis=1) == pytest.approx(1)
    assert long.shares[-1].tolist() == [share.share for share in long.end]


def test_long_follow_up_is_drawn_and_short_is_not(made, whole):
    folder, _ = made(factory.cohort(60, end=1500), end=1500.0)
    assert "kidney failure" in (folder / "figures/end.svg").read_text(encoding="utf-8")
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "![How the course ended](figures/end.svg)" in text
    assert "*State at the end of each year, share of all patients*" in text
    assert not (whole[0] / "figures/end.svg").exists()
    assert "*At the end of the course*" in (whole[0] / "report.md").read_text(encoding="utf-8")


def test_recovery_takes_a_side_only_with_its_whole_interval():
    told = [recovery_sentence(wilson(count, 100)).rpartition(": ")[2] for count in (70, 50, 30)]
    assert told == ["more than half.", "the interval contains one half.", "fewer than half."]


def treated(**more):
    doses = frame(
        patient=[0, 0, 1, 1, 1],
        drug=["prednisone", "prednisone", "prednisone", "rituximab", "rituximab"],
        first_days=[0, 10, 0, 50, 64],
        last_days=[9, 29, 9, 50, 64],
        dose_mg=[40.0, 20.0, 20.0, 375.0, 375.0],
        schedule=["daily", "alternate_day", "daily", "single", "single"],
        mean_mg_per_day=[40.0, 10.0, 20.0, 375.0, 375.0],
        dosing_weight_kg=[20.0, 20.0, 20.0, 25.0, 25.0],
    )
    conditions = frame(
        patient=[0, 1, 1, 1],
        condition=["diabetes", "infusion_reaction", "infusion_reaction", "leukopenia"],
        kind=["contraindication", "agent_toxicity", "agent_toxicity", "agent_toxicity"],
    )
    ends = frame(patient=range(4), end_days=[365.25] * 4)
    return {"patients": frame(patient=range(4)), "truth/doses": doses, "truth/conditions": conditions,
            "truth/follow_up": ends, **more}  # fmt: skip


def test_doses_by_hand():
    found = exposure.find(treated())
    prednisone, rituximab = found.uses
    # 400 mg and 200 mg in 20 kg; 200 mg in 20 kg: 30 and 10 mg/kg
    assert (prednisone.drug, prednisone.share.count, prednisone.share.total) == ("prednisone", 2, 4)
    assert (prednisone.low, prednisone.median, prednisone.high) == (15, 20, 25)
    assert (rituximab.drug, rituximab.share.count, rituximab.median) == ("rituximab", 1, 30)
    assert found.agents


def test_adverse_events_by_hand():
    found = exposure.find(treated())
    kinds = {harm.kind: (harm.share.count, harm.times, harm.per_100_years) for harm in found.kinds}
    assert kinds == {"contraindication": (1, 1, None), "agent_toxicity": (1, 3, 75.0)}
    names = {harm.name: (harm.share.count, harm.per_100_years) for harm in found.names}
    assert names == {"diabetes": (1, None), "leukopenia": (1, 25.0), "infusion_reaction": (1, 50.0)}


def test_nobody_treated_and_nothing_noted():
    there = treated()
    bare = {name: table.head(0) if name.startswith("truth/") else table for name, table in there.items()}
    found = exposure.find(bare)
    assert (found.uses, found.kinds, found.names, found.agents) == ([], [], [], False)


def test_a_table_of_drugs_only_where_there_are_several(made, whole):
    alone = (whole[0] / "report.md").read_text(encoding="utf-8")
    assert "Steroid was the only drug" in alone
    assert "ever on it" not in alone
    tables = factory.cohort(30)
    other = tables["truth/doses"].with_columns(drug=pl.lit("mycophenolate"))
    folder, _ = made({**tables, "truth/doses": pl.concat([tables["truth/doses"], other])})
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "| mycophenolate |" in text
    assert "Steroid was the only drug" not in text


@pytest.mark.parametrize(("rate", "told"), [(None, "–"), (0.057, "0.06"), (3.46, "3.5"), (48.2, "48"), (3535, "3,535")])
def test_rates_have_the_decimals_they_need(rate, told):
    assert rate_cell(rate) == told


def test_amounts_have_three_figures():
    assert [amount(value) for value in (0.5, 19.68, 204.4, 6938.2)] == ["0.5", "19.7", "204", "6,938"]


def judged(kinds):
    """Labels of refractory patients said to be truly (True) or falsely (False) so; None is not refractory."""
    count = len(kinds)
    return frame(
        patient=range(count),
        criteria=["source"] * count,
        view=["observed"] * count,
        refractory=[None if kind == "open" else kind is not None for kind in kinds],
        refractory_kind=pl.Series([None if kind == "open" else kind for kind in kinds], dtype=pl.Boolean),
    )


def known(factors, response):
    names = dict.fromkeys(vocabulary.PROVOKING_FACTORS, [False] * len(factors))
    return frame(patient=range(len(factors)), response=response, **{**names, "malabsorption": factors})


def test_falsely_refractory_by_hand():
    # hit; missed; answers without a factor; a factor that does not matter, said twice; not refractory; not judged
    kinds = [False, True, True, False, False, None, "open"]
    factors = [True, True, False, True, True, True, True]
    response = ["complete", "partial", "complete", "none", "none", "complete", "complete"]
    tables = {"labels": judged(kinds), "truth/traits": known(factors, response)}
    found = pseudo_resistance.find(tables, "source")[0]
    assert (found.view, found.hit, found.missed, found.wrong, found.rest) == ("observed", 1, 1, 2, 1)
    assert (found.sensitivity.share, found.precision.share) == (1 / 2, 1 / 3)
    assert found.factors == [pseudo_resistance.Factor("malabsorption", 4, 2, 3)]


def test_nothing_is_said_where_nobody_is_falsely_refractory():
    tables = {"labels": judged([True, None, "open"]), "truth/traits": known([True] * 3, ["none"] * 3)}
    assert pseudo_resistance.find(tables, "source") == []


def test_falsely_refractory_has_a_section_of_its_own(made):
    tables = factory.cohort(80)
    traits = tables["truth/traits"].with_columns(
        response=pl.when(pl.col("patient") % 3 == 0).then(pl.lit("none")).otherwise(pl.lit("complete")),
        **{name: pl.col("patient") % 2 == 0 for name in vocabulary.PROVOKING_FACTORS},
    )
    said = pl.when(pl.col("patient") % 4 == 0).then(~pl.col("refractory")).otherwise("refractory_kind")
    labels = tables["labels"].with_columns(refractory_kind=pl.when(pl.col("refractory")).then(said))
    folder, _ = made({**tables, "truth/traits": traits, "labels": labels})
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "## True or pseudo-refractory" in text
    assert "| non-adherence |" in text
    assert text.index("By length of follow-up") > text.index("## True or pseudo-refractory")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<section id="pseudo-refractory">' in page
    assert '<a href="#pseudo-refractory">' in page

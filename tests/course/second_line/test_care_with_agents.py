"""Second agents as a nephrologist gives them: two at once, pauses, prolonged courses, refusal, steroid with them."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from nephrosyn.course.care import second_line
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.course.state.codes import Start
from nephrosyn.course.state.events import ROW, Log
from nephrosyn.course.state.state import CLOCK_COLUMNS, DUE, STATE, Assessment, Clock
from nephrosyn.kernels.compile import from_python
from nephrosyn.patients.traits import TRAITS, records
from nephrosyn.scenario import load
from nephrosyn.vocabulary import CONDITIONS, DRUGS

consider, begin = from_python(second_line.consider_start), from_python(second_line.begin_planned_agents)
BANDS = ("children", "adults")
PAIR = ["tacrolimus", "mycophenolate"]
MANY_YEARS = "population.follow_up_days=2500"


def rule(when, sequence, **other):
    values = {"when": when, "number": 1, "delay_days": 0, "lesions": ["any"], "sequence": sequence}
    return values | {"overlap_days": 0, "steroid": "as_planned"} | other


def policy(*rules):
    def text(value):
        return repr(value).lower() if isinstance(value, bool) else repr(value)

    tables = [f"{{{', '.join(f'{key} = {text(value)}' for key, value in one.items())}}}" for one in rules]
    return [f"second_line.policy.{band}.starts=[{', '.join(tables)}]" for band in BANDS]


def safe(*names):
    regimens = load("baseline").scenario.second_line.regimens
    return [
        f"second_line.regimens.{name}.toxicities.{event}.rate_per_year=0.0"
        for name in names
        for event in regimens[name].toxicities
    ]


NO_PAUSE = "second_line.dosing.wait_after_infection_days=0.0"


def events(tables, *names):
    rows = tables["truth/events"].filter(pl.col("event").is_in(names))
    return rows.select("patient", "event", "time_days", "value").sort("patient", "time_days", maintain_order=True)


def code(drug):
    return float(DRUGS.index(drug))


def test_two_agents_start_together_and_both_are_recorded(played):
    tables = played("children-first-episode", *policy(rule("relapse", [PAIR])), *safe(*PAIR), patients=150)
    firsts = tables["truth/doses"].filter(pl.col("drug") != "prednisone").group_by("patient", "drug")
    firsts = firsts.agg(pl.col("first_days").min()).pivot("drug", index="patient", values="first_days")
    assert len(firsts) > 20
    assert (firsts["tacrolimus"] == firsts["mycophenolate"]).all()


def test_effects_of_two_agents_multiply(played):
    relapses = {}
    for sequence in ([PAIR[0]], [PAIR[1]], [PAIR]):
        overrides = [f"second_line.regimens.{name}.relapse_factor=0.5" for name in PAIR]
        overrides += [f"second_line.regimens.{name}.fails_at_relapses=100" for name in PAIR]
        overrides += [f"second_line.regimens.{name}.course_days=2000" for name in PAIR]
        overrides.append("disease.death={from_years=[0], background_per_year=[0.0]}")
        tables = played(
            "children-first-episode", MANY_YEARS, *overrides, *policy(rule("relapse", sequence)), *safe(*PAIR)
        )
        relapses[str(sequence)] = len(events(tables, "relapse"))
    one, other, both = relapses.values()
    assert both < 0.9 * min(one, other)


def test_what_is_not_tolerated_is_stopped_and_the_other_goes_on(played):
    toxic = "second_line.regimens.mycophenolate.toxicities={leukopenia={rate_per_year=6.0, action='stopped'}}"
    tables = played("children-first-episode", *policy(rule("relapse", [PAIR])), *safe("tacrolimus"), toxic)
    stopped = events(tables, "agent_stopped").filter(value=code("mycophenolate"))
    assert len(stopped) > 20
    tacrolimus = tables["truth/doses"].filter(drug="tacrolimus").group_by("patient").agg(pl.col("last_days").max())
    both = stopped.join(tacrolimus, on="patient")
    later = both.filter(pl.col("last_days") > pl.col("time_days") + 100)
    assert len(both) > 0.95 * len(stopped)  # where tacrolimus is barred, there is no other
    assert len(later) > 0.5 * len(both)
    again = events(tables, "agent_started").filter(value=code("mycophenolate")).group_by("patient").len()
    assert (again["len"] == 1).all()


def test_an_agent_that_is_stopped_takes_no_response_of_the_other_with_it(played):
    """Mycophenolate would act first, but is stopped before; everybody responds to tacrolimus two months later."""

    def acts(name, lesions, response_days, onset_days):
        place = f"second_line.regimens.{name}"
        everybody = ", ".join(f"{lesion} = {{complete = 1.0, partial = 0.0}}" for lesion in lesions)
        return [
            f"{place}.resistant_response={{{everybody}}}",
            f"{place}.sensitive_response=1.0",
            f"{place}.time_to_response_days={{dist = 'fixed', value = {response_days}}}",
            f"{place}.onset_days={{dist = 'fixed', value = {onset_days}}}",
            f"{place}.offset_days={{dist = 'fixed', value = 0.0}}",
        ]

    lesions = load("baseline").scenario.second_line.regimens["tacrolimus"].resistant_response
    toxic = "second_line.regimens.mycophenolate.toxicities={leukopenia={rate_per_year=70.0, action='stopped'}}"
    tables = played(
        "adult-mixed-lesions",
        *acts("tacrolimus", lesions, 60.0, 1.0),
        *acts("mycophenolate", lesions, 30.0, 1.0),
        toxic,
        *safe("tacrolimus"),
        *[f"disease.spontaneous.{lesion}.share=0.0" for lesion in lesions],
        *policy(rule("resistance", [PAIR])),
    )
    started = events(tables, "agent_started").filter(value=code("tacrolimus")).group_by("patient")
    started = started.agg(pl.col("time_days").min()).filter(pl.col("time_days") < 600)
    responses = events(tables, "agent_response_begins").group_by("patient").agg(first=pl.col("time_days").min())
    both = started.join(responses, on="patient", how="left")
    assert len(started) > 50
    assert both["first"].is_not_null().mean() > 0.9


def test_a_failed_pair_is_replaced_as_a_whole(played):
    weak = [f"second_line.regimens.{name}.relapse_factor=1.0" for name in PAIR]
    sequence = [PAIR, "levamisole"]
    tables = played(
        "children-first-episode", MANY_YEARS, *weak, *policy(rule("relapse", sequence)), *safe(*PAIR, "levamisole")
    )
    failed = events(tables, "agent_failed").filter(pl.col("value") != code("levamisole"))
    at_once = failed.group_by("patient", "time_days").len()
    assert len(at_once) > 20
    assert (at_once["len"] == 2).mean() > 0.95  # where one is barred, the other is given alone


def test_after_toxicity_the_next_agent_waits(played):
    toxic = "second_line.regimens.levamisole.toxicities={leukopenia={rate_per_year=4.0, action='stopped'}}"
    tables = played(
        "children-first-episode",
        MANY_YEARS,
        NO_PAUSE,
        toxic,
        *safe("mycophenolate"),
        *policy(rule("relapse", ["levamisole", "mycophenolate"])),
    )
    stopped = events(tables, "agent_toxicity").group_by("patient").agg(pl.col("time_days").min().alias("toxic"))
    nexts = events(tables, "agent_started").filter(value=code("mycophenolate")).group_by("patient")
    both = stopped.join(nexts.agg(pl.col("time_days").min()), on="patient")
    waited = both["time_days"] - both["toxic"]
    assert len(both) > 30
    assert waited.min() > 27.99
    # of those started later than the wait, each start follows a relapse, not the calendar
    late = both.filter(waited > 28.01)
    relapses = events(tables, "declared_relapse").select("patient", relapse="time_days")
    after = late.join(relapses, on="patient").filter(
        pl.col("relapse").is_between(pl.col("toxic") - 28, pl.col("time_days") + 1e-6)
    )
    assert len(late) > 5
    assert after["patient"].n_unique() == len(late)


def test_a_course_is_prolonged_while_steroid_is_given_but_not_without_limit(played):
    even = "second_line.policy.children.stopping.course_log_sd=0.0"
    tables = played(
        "children-first-episode", MANY_YEARS, even, *policy(rule("relapse", ["mycophenolate"])), *safe("mycophenolate")
    )
    rows = events(tables, "agent_started", "agent_stopped")
    length = rows.with_columns(days=pl.col("time_days").diff().over("patient")).filter(event="agent_stopped")
    failed = events(tables, "agent_failed")
    done = length.join(failed, on=["patient", "time_days"], how="anti").filter(pl.col("time_days") < 2499)
    assert (done["days"] > 364).all()
    assert done["days"].max() <= 730
    relapses = events(tables, "declared_relapse").select("patient", relapse="time_days")
    early = done.filter(pl.col("days") < 725).join(relapses, on="patient")
    early = early.filter((pl.col("relapse") < pl.col("time_days")) & (pl.col("relapse") > pl.col("time_days") - 179))
    assert (done["days"] > 370).sum() > 5
    assert early.is_empty()


def test_cyclophosphamide_is_never_prolonged(played):
    tables = played("children-first-episode", MANY_YEARS, *policy(rule("relapse", ["cyclophosphamide_oral"])))
    doses = tables["truth/doses"].filter(drug="cyclophosphamide").group_by("patient")
    spans = doses.agg(days=pl.col("last_days").max() - pl.col("first_days").min() + 1)
    assert len(spans) > 20
    assert spans["days"].max() <= 84


def test_steroid_is_withdrawn_under_rituximab(played):
    def days_on_steroid(withdraw):
        tables = played(
            "adult-minimal-change",
            f"second_line.regimens.rituximab.withdraw_steroid={withdraw}",
            *policy(rule("relapse", ["rituximab"], delay_days=14, overlap_days=28)),
        )
        start = events(tables, "agent_started").group_by("patient").agg(pl.col("time_days").min())
        doses = tables["truth/doses"].filter(drug="prednisone").join(start, on="patient")
        first = pl.max_horizontal("first_days", "time_days")
        last = pl.min_horizontal("last_days", pl.col("time_days") + 180)
        return doses.select((last - first).clip(0))["last_days"].sum() / len(start)

    assert days_on_steroid("true") < 0.9 * days_on_steroid("false")


def test_rituximab_is_not_repeated_within_half_a_year_nor_soon_after_serious_infection(played):
    often = "complications.serious_infection.rate_per_year={children=1.0, adults=1.0}"
    mild = "complications.serious_infection.course.fatality=0.0"
    weak = "second_line.regimens.rituximab.relapse_factor=1.0"
    tables = played(
        "children-first-episode", MANY_YEARS, often, mild, weak, *policy(rule("relapse", ["rituximab", "levamisole"]))
    )
    starts = events(tables, "agent_started")
    gaps = starts.filter(value=code("rituximab")).with_columns(gap=pl.col("time_days").diff().over("patient"))
    gaps = gaps["gap"].drop_nulls()
    assert len(gaps) > 10
    assert gaps.min() > 179.99
    infection = float(CONDITIONS.index("serious_infection"))
    treated = events(tables, "complication_treated").filter(value=infection).select("patient", treated="time_days")
    soon = starts.join(treated, on="patient").filter(
        pl.col("treated").is_between(pl.col("time_days") - 27.9, pl.col("time_days") - 1e-6)
    )
    assert len(treated) > 100
    assert soon.is_empty()


def test_patients_who_refuse_accept_later(played):
    refusing = [f"second_line.policy.{band}.refusal={{share=1.0, accepted_after_days=400.0, "
                f"accepted_at_next_relapse=false}}" for band in BANDS]  # fmt: skip
    rules = [NO_PAUSE, *policy(rule("relapse", ["mycophenolate"]))]
    tables = played("children-first-episode", MANY_YEARS, *refusing, *rules, patients=200)
    refused = events(tables, "agent_refused").select("patient", refused="time_days")
    started = events(tables, "agent_started").group_by("patient").agg(pl.col("time_days").min())
    both = refused.join(started, on="patient")
    assert len(refused) > 50
    assert refused["patient"].is_unique().all()
    assert len(both) > 20
    assert (both["time_days"] >= both["refused"] + 400).all()
    soon = [text.replace("false", "true") for text in refusing]
    tables = played("children-first-episode", MANY_YEARS, *soon, *rules, patients=200)
    second = events(tables, "declared_relapse").with_columns(number=pl.col("time_days").rank("ordinal").over("patient"))
    second = second.filter(number=2).select("patient", second="time_days")
    both = events(tables, "agent_started").group_by("patient").agg(pl.col("time_days").min()).join(second, on="patient")
    assert (both["time_days"] - both["second"]).max() < 90  # once remission has come
    assert (both["time_days"] > both["second"]).sum() > 20


def test_who_accepts_is_not_changed_by_others_refusal(played):
    rules = policy(rule("relapse", ["mycophenolate"]))
    half = [f"second_line.policy.{band}.refusal.share=0.5" for band in BANDS]
    all_accept = played("children-first-episode", *rules, patients=150)
    some_refuse = played("children-first-episode", *half, *rules, patients=150)
    refused = events(some_refuse, "agent_refused")["patient"].unique()
    assert 10 < len(refused) < 100
    same = [
        tables["truth/events"].filter(~pl.col("patient").is_in(refused.implode()))
        for tables in (all_accept, some_refuse)
    ]
    assert same[0].equals(same[1])


NO_DIABETES = (
    "care.toxicities.steroid_diabetes.rate_per_year_at_1_mg_per_kg_per_day={children=0.0, adults=0.0}",
    "care.contraindications.diabetes.share={children=0.0, adults=0.0}",
)


def test_a_rule_holds_above_its_level_only(played):
    rules = policy(rule("resistance", ["tacrolimus"], above_mg_per_mg=8.0), rule("resistance", ["rituximab"]))
    tables = played("adult-mixed-lesions", *rules, *NO_DIABETES)  # diabetes rules tacrolimus out
    resistant = events(tables, "declared_resistant").group_by("patient").agg(pl.all().first())
    given = events(tables, "agent_started").group_by("patient").agg(drug=pl.col("value").first())
    both = resistant.join(given, on="patient")
    assert (both.filter(pl.col("value") >= 8.0)["drug"] == code("tacrolimus")).all()
    low = both.filter(pl.col("value") < 8.0)["drug"]
    assert len(low) > 20
    assert (low == code("rituximab")).all()


def test_used_up_agents_leave_another_rule(played):
    """Nobody keeps relapsing without an agent while one that may be given is in the policy."""
    rules = policy(rule("relapse", ["levamisole"]), rule("relapse", ["ciclosporin"], number=3))
    weak = ["second_line.regimens.levamisole.relapse_factor=1.0", "second_line.regimens.levamisole.fails_at_relapses=1"]
    tables = played("children-first-episode", MANY_YEARS, *weak, *rules, *safe("levamisole", "ciclosporin"))
    relapses = events(tables, "declared_relapse").group_by("patient").len()
    many = relapses.filter(pl.col("len") >= 4)["patient"]
    given = events(tables, "agent_started").filter(value=code("ciclosporin"))["patient"].unique()
    assert len(many) > 20
    assert many.is_in(given.implode()).all()


def test_an_agent_that_improves_proteinuria_is_not_replaced(played):
    def failures(fraction):
        tables = played(
            "adult-mixed-lesions",
            "population.follow_up_days=1200",
            f"second_line.failure.improving_fraction={fraction}",
            *policy(rule("resistance", ["tacrolimus", "rituximab"])),
            *safe("tacrolimus"),
            patients=500,
        )
        return len(events(tables, "agent_failed").filter(value=code("tacrolimus")))

    assert 0 < failures(1.0) < failures(0.0)


def test_slow_lesions_are_given_longer(played):
    def days_to_failure(factor):
        tables = played(
            "adult-mixed-lesions",
            "population.follow_up_days=1500",
            f"second_line.failure.days_factor.membranous={factor}",
            "second_line.regimens.tacrolimus.course_days=1400",
            *policy(rule("resistance", ["tacrolimus", "rituximab"], lesions=["membranous"])),
            *safe("tacrolimus"),
        )
        rows = events(tables, "agent_started", "agent_failed").filter(value=code("tacrolimus"))
        rows = rows.with_columns(days=pl.col("time_days").diff().over("patient"))
        return rows.filter(event="agent_failed")["days"].median()

    assert days_to_failure(1.0) < 183 + 70
    assert days_to_failure(2.0) > 2 * 183 - 1


@pytest.mark.parametrize("upcr", [3.0, 5.0, 9.0])
@pytest.mark.parametrize("remits", [False, True])
def test_conservative_rules_by_risk_and_only_without_remission(upcr, remits):
    """High risk is treated after a month, moderate risk after half a year, low risk not; remission cancels the plan."""
    rules = policy(
        rule("conservative", ["rituximab"], above_mg_per_mg=8.0, delay_days=30),
        rule("conservative", ["tacrolimus"], above_mg_per_mg=4.0, delay_days=183),
    )
    prepared = prepare(load("adult-mixed-lesions", rules).scenario, 1, 0)
    state, traits = (records(1, kind)[0] for kind in (STATE, TRAITS))
    clocks = np.full((4, CLOCK_COLUMNS), math.inf)
    state["rule"], state["upcr_read"], state["now"], state["assessment"] = -1, upcr, 10.0, Assessment.NEPHROTIC
    state["refused"], state["not_tolerated"], state["serious_infection_treated"] = math.inf, -math.inf, -math.inf
    traits["requirement_mg_per_kg"] = 1.0
    traits["age_years"] = 40.0
    params = prepared.parameters[-1]
    consider(state, traits, params, clocks, prepared.starts, Start.CONSERVATIVE)
    due = {3.0: math.inf, 5.0: 193.0, 9.0: 40.0}[upcr]
    assert clocks[DUE, Clock.AGENT_START] == due
    if due == math.inf:
        return
    state["now"] = due
    if remits:
        state["assessment"] = Assessment.PARTIAL
    begin(state, traits, params, clocks, prepared, Log(records(50, ROW), np.zeros(1, np.int64)))
    drugs = [prepared.agents[k]["drug"] for k in range(16) if int(state["agents_given"]) >> k & 1]
    assert drugs == ([] if remits else [DRUGS.index("rituximab" if upcr > 8.0 else "tacrolimus")])
    assert (state["rule"] == -1) == remits

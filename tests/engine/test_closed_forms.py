"""Scenarios simple enough to be solved on paper.

Each test is one exact or asymptotic test at level 0.001 with a fixed seed: a false alarm once in a thousand changes of
the random numbers, and power against a few per cent of error by the number of patients.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nephrosyn.vocabulary import CONTRAINDICATIONS, EVENTS

LEVEL = 0.001
ALWAYS_ON_STEROID = "[{weeks=1040.0, amount=1.0, per='full', cap_mg=1000.0, schedule='daily'}]"
FULL = "{amount=1.0, per='kg', cap_mg=1000.0}"


def events(rows, name):
    return rows[(rows["kind"] == 5) & (rows["code"] == EVENTS.index(name))]


SELDOM_SEEN = [
    *(
        f"care.regimen.{band}.visits={{full_dose_days=3650.0, taper_days=3650.0, off_treatment_days=3650.0, "
        "resistant_days=3650.0}"
        for band in ("children", "adults")
    ),
    *(f"care.regimen.{band}.watch.confirm_after_days=3650.0" for band in ("children", "adults")),
]

NO_COMPLICATIONS = [
    "complications.serious_infection.rate_per_year={children=0.0, adults=0.0}",
    "complications.venous_thrombosis.rate_per_year={minimal_change=0.0, fsgs=0.0, membranous=0.0,"
    " mesangial_proliferative=0.0, membranoproliferative=0.0, c1q=0.0, iga=0.0}",
    "complications.kidney_loss.complete_remission=0.0",
    "complications.kidney_loss.nephrotic=0.0",
    'provoking_factors.search="never"',
]


def instant_remission(rate, shape):
    """No drug effect, no trigger, remission at once, relapse at a gamma-distributed rate."""
    course = (
        f"{{dose={FULL}, full_dose_weeks=0.0, after_remission_days=0.0, resistance_weeks=500.0, "
        f"taper={ALWAYS_ON_STEROID}}}"
    )
    settings = [
        "population.follow_up_days=1500",
        "disease.response_dose_mg_per_kg_per_day=0.01",
        "disease.late_resistance.share=0.0",
        "disease.relapse.bands.adults.since_remission_from_days=[0]",
        "disease.relapse.bands.adults.since_remission_factor=[1.0]",
        "disease.relapse.bands.adults.decline_since_onset_per_year=0.0",
        "disease.relapse.bands.adults.cured_per_year=0.0",
        "disease.remits_on_failed_dose_probability=1.0",
        "disease.relapse.dose_effect_per_mg_per_kg_per_day=0.0",
        "disease.relapse.bands.adults.below_threshold_factor=1.0",
        "disease.relapse.bands.adults.decline_per_year=0.0",
        "disease.proteinuria.rise_doubling_days=0.02",
        "triggers.infection.hazard_factor=1.0",
        "triggers.exertion.hazard_factor=1.0",
        "care.presentation_delay_days={dist='fixed', value=0.0}",
        "care.contraindicated_dose_fraction=1.0",
        "disease.death={from_years=[0], background_per_year=[0.0]}",
        "care.adherence.non_adherent_share=0.0",
        "population.bands.adults.share=1.0",
        "population.bands.children.share=0.0",
        "population.bands.adults.lesion_mix={minimal_change=1.0, fsgs=0.0, membranous=0.0, mesangial_proliferative=0.0,"
        " membranoproliferative=0.0, c1q=0.0, iga=0.0}",
        "disease.response.adults.minimal_change={complete=1.0, partial=0.0, time_to_remission_days="
        "{dist='fixed', value=0.001}}",
        "disease.relapse.lesion_factor.minimal_change=1.0",
        f"disease.relapse.bands.adults.rate_per_year={rate}",
        f"disease.relapse.bands.adults.frailty_shape={shape}",
        "disease.relapse.bands.adults.never_relapsing_share=0.0",
        "care.regimen.adults.first=" + course,
        "care.regimen.adults.relapse=" + course,
        "care.regimen.adults.frequent_relapse=" + course,
        "care.regimen.adults.symptoms.probability=0.0",
        "care.regimen.adults.home_tests.share=0.0",
        *SELDOM_SEEN,
        *NO_COMPLICATIONS,
    ]
    toxicities = ("steroid_diabetes", "osteonecrosis", "psychosis", "gastrointestinal_bleeding", "cataract")
    return [*settings, *(f'care.toxicities.{name}.action="none"' for name in toxicities)]


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "shape"), [(1.5, 0.5), (1.0, 2.05)])
def test_relapse_counts_are_negative_binomial(courses, rate, shape):
    patients, years = 20_000, 4.0
    rows, _ = courses("steroid-alone", *instant_remission(rate, shape), patients=patients, seed=7)
    relapses = events(rows, "relapse")
    counts = np.bincount(relapses["patient"][relapses["time"] <= years * 365.25], minlength=patients)
    distribution = stats.nbinom(shape, shape / (shape + rate * years))
    top = int(distribution.ppf(0.995))
    seen = np.append(np.bincount(counts, minlength=top)[:top], np.sum(counts >= top))
    expected = patients * np.append(distribution.pmf(np.arange(top)), distribution.sf(top - 1))
    assert stats.chisquare(seen, expected).pvalue > LEVEL
    # The test can fail: a rate 15% higher is refused.
    higher = stats.nbinom(shape, shape / (shape + 1.15 * rate * years))
    wrong = patients * np.append(higher.pmf(np.arange(top)), higher.sf(top - 1))
    assert stats.chisquare(seen, wrong).pvalue < LEVEL


ONE_VISIT_EACH = [
    *SELDOM_SEEN,
    *NO_COMPLICATIONS,
    "population.follow_up_days=1000",
    "population.patients_per_site=40000",
    "population.accrual_days=4000.0",
    "care.clinic.slots=1",
    "care.presentation_delay_days={dist='fixed', value=0.0}",
    "chart.dropout_per_year=0.0",
    *(f"care.regimen.{band}.first.resistance_weeks=1000.0" for band in ("children", "adults")),
    *(f"care.contraindications.{name}.reconsidered_after_days='never'" for name in CONTRAINDICATIONS),
    *(f"care.regimen.{band}.symptoms.probability=0.0" for band in ("children", "adults")),
]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["compiled", "simpy"])
@pytest.mark.parametrize(
    ("length_days", "factor"), [("dist='fixed', value=0.08", 0.5), ("dist='expon', scale=0.08", 1.0)]
)
def test_waits_of_a_one_slot_clinic_are_those_of_queueing_theory(courses, length_days, factor, engine):
    """Arrivals at random moments, one slot: M/D/1 and M/M/1, whose mean waits are factor x rho x s / (1 - rho)."""
    patients, days, length = 40_000, 4000.0, 0.08
    rows, traits = courses(
        "steroid-alone",
        *ONE_VISIT_EACH,
        f"care.clinic.visit_length_days={{{length_days}}}",
        engine=engine,
        patients=patients,
        seed=3,
    )
    visits = rows[(rows["kind"] == 0) & (rows["number"] == 0)]
    assert len(visits) >= 0.99 * patients
    waits = visits["second_value"][np.argsort(traits["entry_days"][visits["patient"]])]
    load = patients / days * length
    expected = factor * load * length / (1 - load)
    batches = waits[: 40 * (len(waits) // 40)].reshape(40, -1).mean(axis=1)
    assert stats.ttest_1samp(batches, expected).pvalue > LEVEL
    assert stats.ttest_1samp(batches, 1.5 * expected).pvalue < LEVEL
    assert np.mean(waits == 0.0) == pytest.approx(1 - load, abs=0.02)


def test_everyone_responds_when_all_do_and_no_one_when_none_does(courses):
    for complete, share in ((1.0, 1.0), (0.0, 0.0)):
        rows, _ = courses(
            "adult-minimal-change",
            "disease.response.adults.minimal_change={complete=" + str(complete) + ", partial=0.0, "
            "time_to_remission_days={dist='fixed', value=10.0}}",
            "disease.spontaneous.minimal_change.share=0.0",
            "disease.resistance_reversal_probability=0.0",
            "care.contraindicated_dose_fraction=1.0",
            "care.adherence.non_adherent_share=0.0",
            "disease.death={from_years=[0], background_per_year=[0.0]}",
            patients=200,
        )
        assert len(set(events(rows, "complete_remission")["patient"])) / 200 == share


def test_the_time_to_remission_is_the_one_drawn(courses):
    """Ten days on adequate steroid means day ten after its start, whatever the pace of the fall."""
    rows, traits = courses(
        "adult-minimal-change",
        "disease.response.adults.minimal_change={complete=1.0, partial=0.0, "
        "time_to_remission_days={dist='fixed', value=10.0}}",
        "disease.spontaneous.minimal_change.share=0.0",
        "care.contraindicated_dose_fraction=1.0",
        "care.adherence.non_adherent_share=0.0",
        *NO_COMPLICATIONS,
        patients=100,
    )
    remissions = events(rows, "complete_remission")
    patients, first = np.unique(remissions["patient"], return_index=True)
    assert np.allclose(remissions["time"][first] - traits["presentation_days"][patients], 10.0, atol=1e-9)

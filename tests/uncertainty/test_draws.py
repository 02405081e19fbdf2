"""Draws of a scenario: keyed, valid, and nothing else than what is uncertain."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import Resolved, load, shipped
from nephrosyn.scenario.schema.uncertainty import Fixed
from nephrosyn.scenario.tree import get, split
from nephrosyn.uncertainty import draw, uncertainty_of

BASELINE = load("baseline")
QUANTITIES = uncertainty_of(BASELINE)
RATE = "disease.relapse.bands.adults.rate_per_year"


def values(resolved: Resolved) -> dict:
    return resolved.scenario.model_dump(mode="json")


def own(tmp_path, text):
    file = tmp_path / "own.toml"
    file.write_text(f'extends = "baseline"\n{text}', "utf-8")
    return load(file)


def test_every_draw_of_the_baseline_is_valid_and_differs():
    draws = [draw(BASELINE, place) for place in range(20)]
    for quantity in QUANTITIES:
        assert len({get(values(drawn), split(quantity.keys[0])) for drawn in draws}) > 15, quantity.entry
    for drawn in draws:
        again = Resolved.from_dict(drawn.as_dict())
        assert again.scenario == drawn.scenario


@pytest.mark.parametrize("name", sorted(shipped()))
def test_draws_of_every_shipped_scenario_are_valid(name):
    resolved = load(name)
    for place in range(3):
        draw(resolved, place)


@pytest.mark.slow
@pytest.mark.parametrize("probability", [1e-9, 1 - 1e-9])
@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.entry)
def test_both_ends_of_every_distribution_are_scenarios(quantity, probability):
    tree = values(BASELINE)
    changed = quantity.values(tree, [probability] * len(quantity.keys))
    load("baseline", [f"{key}={value!r}" for key, value in changed.items()])


def test_a_draw_depends_on_its_number_and_the_seed_alone():
    assert draw(BASELINE, 7) == draw(BASELINE, 7)
    assert draw(BASELINE, 7) != draw(BASELINE, 8)
    assert draw(load("baseline", ["seed=2"]), 7).scenario.disease != draw(BASELINE, 7).scenario.disease
    assert draw(load("baseline", ["patients=9"]), 7).scenario.disease == draw(BASELINE, 7).scenario.disease


def test_another_uncertain_number_changes_no_other(tmp_path):
    more = own(tmp_path, '[uncertainty]\n"care.cut_fraction" = { range = [0.3, 0.7], source = "assumed: a test" }')
    drawn, before = values(draw(more, 3)), values(draw(BASELINE, 3))
    assert drawn["care"].pop("cut_fraction") != before["care"].pop("cut_fraction")
    assert {**drawn, "uncertainty": {}} == {**before, "uncertainty": {}}


def test_the_order_of_the_entries_changes_nothing():
    entries = dict(reversed(BASELINE.scenario.uncertainty.items()))
    turned = Resolved.from_dict({**BASELINE.as_dict(), "scenario": {**values(BASELINE), "uncertainty": {
        key: entry.model_dump(mode="json") for key, entry in entries.items()
    }}})  # fmt: skip
    assert list(turned.scenario.uncertainty) != list(BASELINE.scenario.uncertainty)
    assert draw(turned, 5).scenario.model_copy(update={"uncertainty": {}}) == draw(BASELINE, 5).scenario.model_copy(
        update={"uncertainty": {}}
    )


def test_one_kind_is_drawn_and_then_the_other():
    both, mix = draw(BASELINE, 2), draw(BASELINE, 2, only="mix")
    assert mix.scenario.disease == BASELINE.scenario.disease
    assert mix.scenario.population.bands != BASELINE.scenario.population.bands
    number = draw(BASELINE, 2, only="number")
    assert number.scenario.disease == both.scenario.disease
    assert draw(mix, 2, only="number").scenario.model_copy(update={"uncertainty": {}}) == both.scenario.model_copy(
        update={"uncertainty": {}}
    )
    assert draw(mix, 9, only="number").scenario.population.bands["adults"].lesion_mix == (
        mix.scenario.population.bands["adults"].lesion_mix
    )
    assert not uncertainty_of(both)


def test_mixes_sum_to_1_and_shares_of_bands_too():
    for place in range(10):
        population = draw(BASELINE, place).scenario.population
        for band in population.bands.values():
            assert sum(band.lesion_mix.values()) == pytest.approx(1, abs=1e-12)
        assert sum(band.share for band in population.bands.values()) == pytest.approx(1, abs=1e-12)


def test_a_scenario_in_which_all_is_fixed_is_drawn_as_it_is():
    fixed = BASELINE.scenario.model_copy(
        update={"uncertainty": {key: Fixed(fixed="a test") for key in BASELINE.scenario.uncertainty}}
    )
    resolved = Resolved("fixed", fixed, BASELINE.origins, BASELINE.files)
    assert draw(resolved, 3) == resolved


def test_partial_response_remains_the_same_part_of_the_rest():
    before = BASELINE.scenario.disease.response["children"]["fsgs"]
    after = draw(BASELINE, 4).scenario.disease.response["children"]["fsgs"]
    assert after.complete != before.complete
    assert after.partial / (1 - after.complete) == pytest.approx(before.partial / (1 - before.complete))


@pytest.mark.slow
def test_draws_follow_the_distribution_of_a_number():
    (spontaneous,) = [one for one in QUANTITIES if one.entry == "disease.spontaneous.membranous.share"]
    shares = [draw(BASELINE, place).scenario.disease.spontaneous["membranous"].share for place in range(200)]
    assert stats.kstest(shares, stats.beta(104.5, 224.5).cdf).pvalue > 0.01
    assert np.mean(np.array(shares) < spontaneous.law.quantile(0.5)) == pytest.approx(0.5, abs=0.12)


def test_a_number_is_truncated_at_its_limits():
    (factor,) = [one for one in QUANTITIES if one.entry.endswith("low_albumin_factor")]
    assert factor.values(values(BASELINE), [1e-12])[factor.entry] == pytest.approx(1.0)


def test_numbers_that_are_no_scenario_together_are_named(tmp_path):
    """The clinic's limits of remission and relapse: each within its limits, the draws in the wrong order."""
    watch = "care.regimen.children.watch"
    text = f"""
[uncertainty]
"{watch}.remission_mg_per_mg" = {{ range = [0.1, 60], source = "assumed: a test" }}
"""
    wide = own(tmp_path, text)
    with pytest.raises(ScenarioError, match=rf"{watch}.*in draw \d"):
        for place in range(5):
            draw(wide, place)


def test_keys_have_numbers_of_their_own():
    from zlib import crc32

    keys = {key for quantity in QUANTITIES for key in quantity.keys}
    assert len({crc32(key.encode()) for key in keys}) == len(keys)

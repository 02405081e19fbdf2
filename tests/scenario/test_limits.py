"""Every number has limits, and so have products of numbers; every distribution has finite quantiles."""

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.distribution_ranges import DISTRIBUTIONS, FIXED, LOCATION_AND_SCALE
from nephrosyn.scenario.schema.distributions import distribution_problem, lowest, quantiles
from nephrosyn.scenario.schema.quantile_tables import NODES, SPAN, table
from nephrosyn.scenario.schema.units import Distribution

RISE = "disease.proteinuria.rise_doubling_days"
SHAPE = "disease.relapse.bands.adults.frailty_shape"
SHARE = "care.cut_fraction"
PROVOKED = "care.prevention.exertion_rate_factor"

OUTSIDE = [
    (f"{RISE}=1e-30", RISE, "a number from 0.02 to 365 (days); found 1e-30"),
    ("disease.proteinuria.fall_halving_days.fsgs=1e-300", "disease.proteinuria.fall_halving_days.fsgs", "0.02 to 365"),
    (f"{PROVOKED}=1e300", PROVOKED, "a number from 0 to 10 (ratio); found 1e+300"),
    (f"{PROVOKED}=1e5", PROVOKED, "found 100000"),
    (f"{SHAPE}=5e-324", SHAPE, "a number from 0.05 to 1000 (gamma shape)"),
    (f"{SHARE}=5e-324", SHARE, "0 or a number from 1e-09 to 1 (fraction); found 4.94065645841e-324"),
    (f"{SHARE}=-0.0", SHARE, "0 or a number from 1e-09 to 1 (fraction); found -0"),
    (f"{SHARE}=1e-10", SHARE, "0 or a number from 1e-09"),
    ("seed=9223372036854775808", "seed", "from 0 to 9223372036854775807"),
    ("patients=1000000000000", "patients", "from 1 to 100000000"),
    ("population.follow_up_days=1e300", "population.follow_up_days", "from 1 to 36525 (days)"),
]


@pytest.mark.parametrize(("override", "path", "words"), OUTSIDE)
def test_impossible_quantities_are_refused(override, path, words):
    with pytest.raises(ScenarioError) as caught:
        load("baseline", [override])
    assert words in {problem.path: str(problem) for problem in caught.value.problems}[path]


def test_the_smallest_number_that_can_be_intended_is_accepted():
    assert load("baseline", [f"{SHARE}=1e-9"]).scenario.care.cut_fraction == 1e-9
    assert load("baseline", [f"{SHARE}=0.0", f"{RISE}=0.02"]).scenario.care.cut_fraction == 0.0


def nodes(node, path=""):
    """Every number in the schema."""
    if isinstance(node, dict):
        if node.get("type") in ("number", "integer"):
            yield path, node
        for key, inner in node.items():
            if key != "not":
                yield from nodes(inner, f"{path}/{key}")
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from nodes(inner, f"{path}/{place}")


def test_every_number_of_the_schema_has_a_least_and_a_most():
    numbers = dict(nodes(paths.schema()))
    del numbers["/$defs/Distribution/additionalProperties"]  # these depend on the distribution
    assert len(numbers) > 150
    assert [path for path, node in numbers.items() if not {"minimum", "maximum"} <= node.keys()] == []
    may_be_0 = [path for path, node in numbers.items() if node["type"] == "number" and node["minimum"] <= 0.0]
    assert len(may_be_0) > 50
    assert [path for path in may_be_0 if "not" not in numbers[path]] == []


THROMBOSIS, INFECTION = "complications.venous_thrombosis", "complications.serious_infection"
TOGETHER = [
    # overrides whose product is too large, path of the problem, other keys named in the message
    (["patients=100000000", "replicates=11"], "replicates", ["1,000,000,000 patients", "patients x replicates"]),
    (
        ["triggers.infection.rate_per_year=[366, 2, 1, 1]", "triggers.infection.shape=[0.1, 1, 1, 1]"],
        "triggers.infection.rate_per_year",
        ["3650 infections a year", "triggers.infection.shape", "care.prevention.infection_rate_factor"],
    ),
    (
        ["triggers.exertion.rate_per_year=366", f"{PROVOKED}=10"],
        "triggers.exertion.rate_per_year",
        ["3650 episodes of exertion a year", PROVOKED, "found 3.66e+03 a year"],
    ),
    (
        ["disease.relapse.bands.adults.rate_per_year=366", f"{RISE}=0.05"],
        "disease.relapse.bands.adults.rate_per_year",
        ["1000 relapses a year", "disease.relapse.bands.adults.frailty_shape", RISE],
    ),
    (
        [f"{THROMBOSIS}.knee_g_per_dl=6", f"{THROMBOSIS}.factor_per_g_per_dl=9"],
        f"{THROMBOSIS}.rate_per_year",
        ["3650 thromboses a year", f"{THROMBOSIS}.knee_g_per_dl", f"{THROMBOSIS}.factor_per_g_per_dl"],
    ),
    (
        [f"{INFECTION}.steroid_factor_per_mg_per_kg_per_day=10", "care.regimen.adults.first.dose.amount=30",
         "care.regimen.adults.first.dose.cap_mg=2000", "care.regimen.adults.first.taper=[]"],
        f"{INFECTION}.rate_per_year.adults",
        ["3650 serious infections a year", f"{INFECTION}.steroid_factor_per_mg_per_kg_per_day", "care.regimen.adults"],
    ),
    (
        ["disease.proteinuria.nephrotic_mg_per_mg={dist='lognorm', s=0.6, scale=5}"],
        "disease.proteinuria.nephrotic_mg_per_mg",
        ["values above remission_below_mg_per_mg, 0.2 (mg/mg)", "values down to 0.137"],
    ),
    (
        ["disease.kidney_function.gfr_ml_per_min_per_1_73_m2={dist='fixed', value=10}"],
        "disease.kidney_function.gfr_ml_per_min_per_1_73_m2",
        ["a median above failure_below_ml_per_min_per_1_73_m2, 15", "a median of 10"],
    ),
    (["care.tablet_mg=100"], "care.tablet_mg", ["25"]),
    (
        ["disease.cholesterol.rise_mg_per_dl_per_g_per_dl=2000"],
        "disease.cholesterol.rise_mg_per_dl_per_g_per_dl",
        ["mg/dL per g/dL", "300"],
    ),
    (["disease.albumin.normal_g_per_dl={dist='fixed', value=0.5}"], "disease.albumin.normal_g_per_dl", ["1.5"]),
    (
        [f"{INFECTION}.steroid_factor_per_mg_per_kg_per_day=1", "care.regimen.adults.first.dose.amount=60",
         "care.regimen.adults.first.taper=[]"],
        "care.regimen.adults.first.dose.amount",
        ["at most 40 (mg/kg); found 60"],
    ),
    (
        ["second_line.regimens.tacrolimus.dose.amount=1000"],
        "second_line.regimens.tacrolimus.dose.amount",
        ["at most 200 (mg/kg); found 1000"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "path", "words"), TOGETHER, ids=[path for _, path, _ in TOGETHER])
def test_products_that_are_too_large_are_reported_with_their_keys(overrides, path, words):
    with pytest.raises(ScenarioError) as caught:
        load("baseline", overrides)
    messages = {problem.path: str(problem) for problem in caught.value.problems}
    assert list(messages) == [path]
    assert all(word in messages[path] for word in words), messages[path]


def test_each_of_them_alone_is_accepted():
    for override in ("triggers.infection.shape=[0.1, 1, 1, 1]", f"{PROVOKED}=10", f"{THROMBOSIS}.knee_g_per_dl=6"):
        load("baseline", [override])


def corners(name):
    """The ends of the ranges of all parameters, in all combinations, and the middles."""
    ends = {
        key: (low, (low + high) / 2, high)
        for key, (low, high) in DISTRIBUTIONS[name].items()
        if key not in LOCATION_AND_SCALE
    }
    for values in itertools.product(*ends.values()):
        yield dict(zip(ends, values, strict=True))
    placed = {
        key: (low + high) / 2 for key, (low, high) in DISTRIBUTIONS[name].items() if key not in LOCATION_AND_SCALE
    }
    for loc, scale in itertools.product(*LOCATION_AND_SCALE.values()):
        yield {**placed, "loc": loc, "scale": scale}


@pytest.mark.parametrize("name", [name for name in DISTRIBUTIONS if name != FIXED])
def test_quantiles_are_finite_and_rise_wherever_parameters_are_accepted(name):
    scores = np.linspace(-SPAN, SPAN, NODES)
    accepted = 0
    for parameters in corners(name):
        if distribution_problem(name, parameters):
            continue  # crossing ends, such as a >= b in truncnorm
        accepted += 1
        distribution = Distribution(dist=name, **parameters)
        values = quantiles(distribution, ndtr(scores))
        assert np.all(np.isfinite(values)), parameters
        assert np.all(np.diff(values) >= -1e-9 * np.abs(values[1:])), parameters
        assert np.all(np.isfinite(table(distribution))), parameters
        assert np.all(np.isfinite(quantiles(distribution, np.array([2.0**-54, 1.0 - 2.0**-53])))), parameters
    assert accepted >= 3


@pytest.mark.parametrize("name", list(DISTRIBUTIONS))
def test_parameters_beyond_their_ranges_are_refused_by_name(name):
    middle = {key: (low + high) / 2 for key, (low, high) in DISTRIBUTIONS[name].items()}
    for key, (low, high) in DISTRIBUTIONS[name].items():
        for value in (np.nextafter(low, -np.inf), np.nextafter(high, np.inf), 5e-324, -0.0):
            wrong = distribution_problem(name, {**middle, key: float(value)})
            assert wrong is not None
            assert f"{key} from" in wrong[0]


@pytest.mark.parametrize(
    "table", [{"dist": "norm", "loc": 6.1}, {"dist": "lognorm", "s": 2.0}, {"dist": "pareto", "b": 1.0}]
)
def test_no_draw_is_beyond_the_ends_that_are_checked(table):
    distribution = Distribution(**table)
    ends = quantiles(distribution, np.array([1e-9, 1.0 - 1e-9]))
    assert np.array_equal(quantiles(distribution, np.array([2.0**-54, 1.0 - 2.0**-53])), ends)
    assert lowest(table) == ends[0]


@pytest.mark.parametrize("name", ["studentized_range", "levy_stable", "cauchy", "rv_continuous", "_laws"])
def test_distributions_that_are_slow_or_have_no_mean_are_refused(name):
    assert distribution_problem(name, {})

"""Checks of products: events per year, doses by body size, and the total number of patients.

A product of numbers that are each within their limits can still be impossible. Rates are those at the 99.9th percentile
of patients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

from nephrosyn.errors import number_text
from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.scenario.checks.partial_tree import Mismatches, ValidParts, together
from nephrosyn.scenario.schema.care import STEROID_COURSES
from nephrosyn.scenario.schema.distributions import lowest, quantiles
from nephrosyn.scenario.schema.limits import MOSTLY
from nephrosyn.scenario.schema.units import Distribution
from nephrosyn.scenario.tree import Path, dotted
from nephrosyn.vocabulary import DAYS_PER_YEAR, body_surface_m2

MOST_PER_YEAR = 3650.0
"""Most events of one kind that a patient may have in a year: ten a day."""
MOST_RELAPSES_PER_YEAR = 1000.0
MOST_IN_ALL = 1_000_000_000
"""Most patients in all replicates."""
MOST_STEROID = {"m2": 1000.0, "kg": 40.0}
"""Largest doses of steroid in mg per unit, above pulses of methylprednisolone."""
MOST_AGENT = {"kg": 200.0}
_MOST_SKEW = 0.9


def cohort(parts: ValidParts) -> Mismatches:
    """Check the total number of patients."""
    patients, replicates = parts.value("patients"), parts.value("replicates")
    if patients is not None and replicates is not None and patients * replicates > MOST_IN_ALL:
        expected = f"at most {MOST_IN_ALL:,} patients in all replicates (patients x replicates)"
        yield ("replicates",), expected, f"{patients:,} x {replicates:,}"


def _prone(shape: float) -> float:
    """Return the rate factor of the most prone patients: a quantile of a gamma distribution with mean 1."""
    gammaincinv = special_functions().gammaincinv

    return float(gammaincinv(shape, MOSTLY)) / shape


def _all_known(*values: Any) -> bool:
    return all(value is not None for value in values)


def _too_often(path: Path, what: str, rate: float, others: Sequence[Path], most: float = MOST_PER_YEAR) -> Mismatches:
    if rate > most:
        together = ", ".join([path[-1], *map(dotted, others)])
        yield path, f"at most {number_text(most)} {what} a year in one patient, by {together}", f"{rate:.3g} a year"


def infections(parts: ValidParts) -> Mismatches:
    """Check how often the most prone patients are infected."""
    where, prevention = ("triggers", "infection"), ("care", "prevention", "infection_rate_factor")
    rates, shapes, factor = (
        parts.numbers(*where, "rate_per_year"),
        parts.numbers(*where, "shape"),
        parts.value(*prevention),
    )
    if rates and shapes and factor is not None:
        rate = factor * max(rate * _prone(shape) for rate, shape in zip(rates, shapes, strict=False))
        yield from _too_often((*where, "rate_per_year"), "infections", rate, [(*where, "shape"), prevention])


def exertions(parts: ValidParts) -> Mismatches:
    """Check how often patients have episodes of exertion."""
    where, prevention = ("triggers", "exertion", "rate_per_year"), ("care", "prevention", "exertion_rate_factor")
    rate, factor = parts.value(*where), parts.value(*prevention)
    if _all_known(rate, factor):
        yield from _too_often(where, "episodes of exertion", rate * factor, [prevention])


def _regimens_named(parts: ValidParts) -> list[dict[str, Any]]:
    """Return the valid regimens that any age band may be given."""
    names: set[str] = set()
    for band in parts.names("second_line", "policy") or []:
        starts = parts.value("second_line", "policy", band, "starts")
        for start in starts or []:
            names.update(name for entry in start["sequence"] for name in together(entry))
    regimens = (parts.table("second_line", "regimens", name) for name in sorted(names))
    return [regimen for regimen in regimens if regimen]


def relapses(parts: ValidParts) -> Mismatches:
    """Check how often the most prone patients relapse, if remission is immediate."""
    where, triggers = ("disease", "relapse"), ("triggers",)
    lesions, causes = parts.table(*where, "lesion_factor"), parts.table(*where, "after_remission_by")
    windows = [parts.value(*triggers, name, "hazard_factor") for name in ("infection", "exertion")]
    days = _rise_days(parts)
    if not _all_known(lesions, causes, days, *windows):
        return
    assert lesions is not None and causes is not None and days is not None
    raised = [
        max(causes.values(), default=1.0),
        *windows,
        *(regimen["rebound_factor"] for regimen in _regimens_named(parts)),
    ]
    factor = max(lesions.values(), default=0.0) * math.prod(max(number, 1.0) for number in raised)
    for band in parts.names(*where, "bands") or []:
        rate, shape = (parts.value(*where, "bands", band, key) for key in ("rate_per_year", "frailty_shape"))
        since = parts.numbers(*where, "bands", band, "since_remission_factor")
        below = parts.value(*where, "bands", band, "below_threshold_factor")
        if not _all_known(rate, shape, below) or not since:
            continue
        if (hazard := rate * _prone(shape) * factor * max(*since, 1.0) * max(below, 1.0)) > 0.0:
            often = 1.0 / (1.0 / hazard + days / DAYS_PER_YEAR)
            others = [(*where, "bands", band, "frailty_shape"), (*where, "lesion_factor"), (*triggers,)]
            others.append(("disease", "proteinuria", "rise_doubling_days"))
            path = (*where, "bands", band, "rate_per_year")
            yield from _too_often(path, "relapses", often, others, MOST_RELAPSES_PER_YEAR)


def _rise_days(parts: ValidParts) -> float | None:
    """Return approximately how long proteinuria takes to rise in a relapse."""
    where = ("disease", "proteinuria")
    level, start, doubling = (
        parts.table(*where, "nephrotic_mg_per_mg"),
        parts.value(*where, "remission_below_mg_per_mg"),
        parts.value(*where, "rise_doubling_days"),
    )
    low = lowest(level) if level is not None else None
    if level is None or start is None or doubling is None or low is None or low <= start:
        return None
    middle = float(quantiles(Distribution(**level), 0.5))  # type: ignore[arg-type]
    return math.log2(middle / start) * float(doubling)


def levels(parts: ValidParts) -> Mismatches:
    """Check that nephrotic levels of proteinuria are above the limit of remission."""
    where = ("disease", "proteinuria")
    distribution, below = parts.table(*where, "nephrotic_mg_per_mg"), parts.value(*where, "remission_below_mg_per_mg")
    low = lowest(distribution) if distribution is not None else None
    if low is not None and below is not None and low <= below:
        expected = f"values above remission_below_mg_per_mg, {number_text(below)} (mg/mg)"
        yield (*where, "nephrotic_mg_per_mg"), expected, f"values down to {low:.3g}"


def filtration(parts: ValidParts) -> Mismatches:
    """Check that most patients do not start with kidney failure, which would end their follow-up on day 0."""
    path = ("disease", "kidney_function", "gfr_ml_per_min_per_1_73_m2")
    distribution = parts.table(*path)
    below = parts.value("complications", "kidney_loss", "failure_below_ml_per_min_per_1_73_m2")
    if distribution is None or below is None or lowest(distribution) is None:
        return
    median = float(quantiles(Distribution(**distribution), 0.5))  # type: ignore[arg-type]
    if median <= below:
        expected = f"a median above failure_below_ml_per_min_per_1_73_m2, {number_text(below)} (mL/min/1.73 m2)"
        yield path, expected, f"a median of {median:.3g}"


def thromboses(parts: ValidParts) -> Mismatches:
    """Check the largest hazard of thrombosis at low albumin."""
    where = ("complications", "venous_thrombosis")
    rates = parts.table(*where, "rate_per_year")
    keys = ("knee_g_per_dl", "factor_per_g_per_dl", "flat_below_g_per_dl")
    knee, factor, flat_below = (parts.value(*where, key) for key in keys)
    if rates and _all_known(knee, factor, flat_below):
        rate = max(rates.values()) * factor ** max(knee - flat_below, 0.0)
        others = [(*where, key) for key in keys]
        yield from _too_often((*where, "rate_per_year"), "thromboses", rate, others)


def serious_infections(parts: ValidParts) -> Mismatches:
    """Check the largest hazard of serious infection on steroid and second agents."""
    where = ("complications", "serious_infection")
    low, steroid = (
        parts.value(*where, "low_albumin_factor"),
        parts.value(*where, "steroid_factor_per_mg_per_kg_per_day"),
    )
    if not _all_known(low, steroid):
        return
    agents = sum(math.log(max(regimen["infection_factor"], 1.0)) for regimen in _regimens_named(parts))
    for band in parts.names(*where, "rate_per_year") or []:
        rate, dose = parts.value(*where, "rate_per_year", band), _most_steroid(parts, band)
        if rate and dose is not None:
            log_rate = math.log(rate * low) + math.log(steroid) * dose + agents
            keys = ("low_albumin_factor", "steroid_factor_per_mg_per_kg_per_day")
            others = [*((*where, key) for key in keys), ("care", "regimen", band)]
            path = (*where, "rate_per_year", band)
            yield from _too_often(path, "serious infections", math.exp(min(log_rate, 700.0)), others)


def _most_steroid(parts: ValidParts, band: str) -> float | None:
    """Return the largest dose (mg/kg/day) that the lightest patient of a band may be given."""
    weight = _least_kg(parts)
    needed = parts.value("provoking_factors", "needed_mg_per_m2_per_day", band)
    doses = [parts.table("care", "regimen", band, course, "dose") for course in STEROID_COURSES]
    if weight is None or needed is None or None in doses:
        return None
    surface = body_surface_m2(weight)
    sizes = {"m2": surface, "kg": weight}
    given = [min(max(d["amount"] * sizes.get(d["per"], 1.0), needed * surface), d["cap_mg"]) for d in doses if d]
    return float(max(given)) / weight


def _least_kg(parts: ValidParts) -> float | None:
    inv_boxcox = special_functions().inv_boxcox

    highest = parts.value("population", "growth", "highest_score")
    lightest = math.inf
    for sex in ("male", "female"):
        curves = [parts.numbers("population", "growth", f"{sex}_weight_{key}") for key in ("kg", "power", "spread")]
        if highest is None or not all(curves) or _too_skewed(parts, sex):
            return None
        for median, power, spread in zip(*(curve or [] for curve in curves), strict=False):
            lightest = min(lightest, median * float(inv_boxcox(-spread * highest, power)))
    return lightest


def _too_skewed(parts: ValidParts, sex: str) -> bool:
    """Whether some weight of the highest or lowest score is not finite or not positive."""
    highest = parts.value("population", "growth", "highest_score")
    powers, spreads = (parts.numbers("population", "growth", f"{sex}_weight_{key}") for key in ("power", "spread"))
    pairs = zip(powers or [], spreads or [], strict=False)
    return highest is not None and any(abs(power) * spread * highest > _MOST_SKEW for power, spread in pairs)


def weights(parts: ValidParts) -> Mismatches:
    """Check that the heaviest and the lightest patients have a weight: 1 + L S z stays above 0."""
    for sex in ("male", "female"):
        if _too_skewed(parts, sex):
            path = ("population", "growth", f"{sex}_weight_power")
            expected = f"powers whose size, times {sex}_weight_spread and highest_score, is at most {_MOST_SKEW}"
            yield path, expected, "a larger product"


def doses(parts: ValidParts) -> Mismatches:
    """Check that doses by weight or surface area are not total doses."""
    for band, course in product(parts.names("care", "regimen") or [], STEROID_COURSES):
        path = ("care", "regimen", band, course)
        dose = parts.table(*path, "dose")
        if dose is not None:
            yield from _dose((*path, "dose", "amount"), dose, MOST_STEROID)
        for number, step in enumerate(parts.value(*path, "taper") or []):
            yield from _dose((*path, "taper", str(number), "amount"), step, MOST_STEROID)
    for name in parts.names("second_line", "regimens") or []:
        dose = parts.table("second_line", "regimens", name, "dose")
        if dose is not None:
            yield from _dose(("second_line", "regimens", name, "dose", "amount"), dose, MOST_AGENT)


def _dose(path: Path, dose: dict[str, Any], limits: dict[str, float]) -> Mismatches:
    most = limits.get(dose["per"])
    if most is not None and dose["amount"] > most:
        yield path, f"at most {number_text(most)} (mg/{dose['per']})", number_text(dose["amount"])


CHECKS = (cohort, weights, levels, filtration, infections, exertions, relapses, thromboses, serious_infections, doses)

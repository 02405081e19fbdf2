"""Checks across fields of a scenario. Each considers only values that are valid by the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from nephrosyn.errors import Problem, nearest, number_text
from nephrosyn.scenario.checks import ordering, rates, second_line
from nephrosyn.scenario.checks.partial_tree import Mismatches, ValidParts
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.distributions import Bounds, distribution_problem
from nephrosyn.scenario.tree import Path, dotted, get, is_distribution, leaves

CLOSE = 1e-6
BANDS = ("population", "bands")

Contradictions = Iterator[tuple[Path, Problem]]


def contradictions(parts: ValidParts, changed: Iterable[Path] | None = None) -> Contradictions:
    """Yield path and problem of every contradiction.

    Parameters
    ----------
    parts : View
        The merged scenario with its invalid paths.
    changed : iterable of path, optional
        The only leaves that changed since all distributions were checked.
    """
    yield from _problems(distributions(parts, changed))
    for check in (
        bands,
        band_shares,
        lesion_mixes,
        lesion_ages,
        band_tables,
        lesion_tables,
        complete_tables,
        responses,
        criteria,
        *ordering.CHECKS,
        *second_line.CHECKS,
        *rates.CHECKS,
    ):
        yield from _problems(check(parts))


def _problems(mismatches: Mismatches) -> Contradictions:
    for path, expected, actual in mismatches:
        *words, like = actual if isinstance(actual, tuple) else (actual, "")
        yield path, Problem(dotted(path), expected, words[0], like)


def distributions(parts: ValidParts, only: Iterable[Path] | None = None) -> Mismatches:
    """Check that each distribution exists, has its parameters, and stays within the range of its quantity."""
    for path, value in leaves(parts.tree) if only is None else [(path, get(parts.tree, path)) for path in only]:
        if not is_distribution(value) or not paths.is_distribution(path) or parts.value(*path) is None:
            continue
        node = paths.node(path) or {}
        parameters = {key: float(number) for key, number in value.items() if key != "dist"}
        within = _ages(parts, path) if path[:2] == BANDS and path[3:] == ("age_years",) else None
        bounds = Bounds(node.get("values_from"), node.get("values_to"), node.get("values_mostly_to"), within)
        wrong = distribution_problem(value["dist"], parameters, bounds)
        if wrong:
            unit = f" ({node['unit']})" if "values" in wrong[0] else ""
            yield path, wrong[0] + unit, (wrong[1], wrong[2])


def _ages(parts: ValidParts, path: Path) -> tuple[float, float] | None:
    low, high = parts.value(*path[:3], "from_years"), parts.value(*path[:3], "to_years")
    return (low, high) if low is not None and high is not None else None


def bands(parts: ValidParts) -> Mismatches:
    """Check that there are age bands, each from a lower to a higher age, without overlap."""
    names = parts.names(*BANDS)
    if names == []:
        yield BANDS, "at least one age band", "none"
    ranges: list[tuple[float, float, str]] = []
    for name in names or []:
        low, high = parts.value(*BANDS, name, "from_years"), parts.value(*BANDS, name, "to_years")
        if not name or "." in name:
            yield (*BANDS, name), "a name without a dot", f'"{name}"'
        if low is not None and high is not None:
            if low >= high:
                path = (*BANDS, name, "to_years")
                yield path, f"an age above from_years, {number_text(low)} (years)", number_text(high)
            ranges.append((low, high, name))
    ranges.sort()
    for (_, end, first), (start, _, second) in pairwise(ranges):
        if start < end:
            path = (*BANDS, second, "from_years")
            actual = f"{number_text(start)}, inside {first}, which ends at {number_text(end)}"
            yield path, "age bands that do not overlap (years)", actual


def _sum_of_one(parts: dict[str, float | None]) -> str | None:
    known = {name: part for name, part in parts.items() if part is not None}
    if len(known) < len(parts) or not known or abs(sum(known.values()) - 1) <= CLOSE:
        return None
    return f"{sum(known.values()):.6g} ({', '.join(f'{name} {number_text(part)}' for name, part in known.items())})"


def band_shares(parts: ValidParts) -> Mismatches:
    """Check that the shares of the age bands sum to 1."""
    total = _sum_of_one({name: parts.value(*BANDS, name, "share") for name in parts.names(*BANDS) or []})
    if total:
        yield BANDS, "shares of the age bands that sum to 1", total


def lesion_mixes(parts: ValidParts) -> Mismatches:
    """Check that the lesions of each band sum to 1."""
    for band in parts.names(*BANDS) or []:
        path = (*BANDS, band, "lesion_mix")
        mix = parts.table(*path)
        total = "0 (no lesion)" if mix == {} else _sum_of_one(dict(mix or {}))
        if total:
            yield path, "lesion shares that sum to 1", total


def lesion_ages(parts: ValidParts) -> Mismatches:
    """Check that every lesion can occur in its band, below its upper age."""
    for band in parts.names(*BANDS) or []:
        end = parts.value(*BANDS, band, "to_years")
        for lesion, age in (parts.table(*BANDS, band, "lesion_from_years") or {}).items():
            if end is not None and age >= end:
                path = (*BANDS, band, "lesion_from_years", lesion)
                yield path, f"an age below to_years, {number_text(end)} (years)", number_text(age)


def _tables_by_band(parts: ValidParts) -> Iterator[Path]:
    yield from [
        ("disease", "response"),
        ("disease", "relapse", "bands"),
        ("disease", "genetic", "share"),
        ("disease", "kidney_function", "male_constant"),
        ("disease", "kidney_function", "female_constant"),
        ("care", "blockade", "bands"),
        ("care", "anticoagulation", "bands"),
        ("care", "regimen"),
        ("care", "genetic_test"),
        ("second_line", "policy"),
        ("complications", "serious_infection", "rate_per_year"),
        ("complications", "acute_kidney_injury", "share"),
        ("provoking_factors", "needed_mg_per_m2_per_day"),
    ]
    for condition in parts.names("care", "contraindications") or []:
        yield ("care", "contraindications", condition, "share")
    for toxicity in parts.names("care", "toxicities") or []:
        yield ("care", "toxicities", toxicity, "rate_per_year_at_1_mg_per_kg_per_day")
    for factor in parts.names("provoking_factors", "factors") or []:
        yield ("provoking_factors", "factors", factor, "share")


def band_tables(parts: ValidParts) -> Mismatches:
    """Check that every table by age band has exactly the age bands of the population."""
    wanted = parts.names(*BANDS)
    if not wanted:
        return
    for table in _tables_by_band(parts):
        given = parts.names(*table)
        if given is None:
            continue
        for name in wanted:
            if name not in given:
                yield (*table, name), "an entry for each age band", "nothing: the key is missing"
        for name in given:
            if name not in wanted:
                yield (*table, name), "an age band of population.bands", ("no such band", nearest(name, wanted))


def lesion_tables(parts: ValidParts) -> Mismatches:
    """Check that every table by lesion has each lesion that occurs."""
    occurring: dict[str, None] = {}
    for band in parts.names(*BANDS) or []:
        mix = parts.table(*BANDS, band, "lesion_mix") or {}
        here = [lesion for lesion, share in mix.items() if share > 0]
        occurring |= dict.fromkeys(here)
        yield from _lacking(parts, ("disease", "response", band), here)
        yield from _lacking(parts, ("disease", "genetic", "share", band), here)
    for table in (
        ("spontaneous",),
        ("relapse", "lesion_factor"),
        ("relapse", "lesion_never_relapsing_share"),
        ("relapse", "lesion_threshold_factor"),
        ("kidney_function", "lesion_factor"),
        ("proteinuria", "fall_halving_days"),
        ("proteinuria", "spontaneous_halving_days"),
    ):
        yield from _lacking(parts, ("disease", *table), list(occurring))
    for key in ("rate_per_year", "renal_vein_share"):
        yield from _lacking(parts, ("complications", "venous_thrombosis", key), list(occurring))
    yield from _lacking(parts, ("complications", "kidney_loss", "lesion_factor"), list(occurring))
    for regimen in parts.names("second_line", "regimens") or []:
        yield from _lacking(parts, ("second_line", "regimens", regimen, "resistant_response"), list(occurring))


def _lacking(parts: ValidParts, table: Path, wanted: list[str]) -> Mismatches:
    given = parts.names(*table)
    for name in wanted:
        if given is not None and name not in given:
            yield (*table, name), "an entry for each lesion that occurs", "nothing: the key is missing"


def complete_tables(parts: ValidParts) -> Mismatches:
    """Check that tables by analyte, condition or cause are complete, because there are no defaults."""
    for table in (
        ("readings", "reference"),
        ("chart", "lost_result_probability"),
        ("chart", "decimals"),
        ("care", "contraindications"),
        ("care", "toxicities"),
        ("disease", "relapse", "after_remission_by"),
        ("provoking_factors", "factors"),
    ):
        given = parts.names(*table)
        for name in paths.keys(table):
            if given is not None and name not in given:
                yield (*table, name), paths.expected((*table, name)), "nothing: the key is missing"


def responses(parts: ValidParts) -> Mismatches:
    """Check that the probabilities of complete and partial response sum to at most 1."""
    for band in parts.names("disease", "response") or []:
        for lesion in parts.names("disease", "response", band) or []:
            path = ("disease", "response", band, lesion)
            complete, partial = parts.value(*path, "complete"), parts.value(*path, "partial")
            if complete is not None and partial is not None and complete + partial > 1 + CLOSE:
                yield path, "complete + partial of at most 1", number_text(complete + partial)


def criteria(parts: ValidParts) -> Mismatches:
    """Check that there are definition sets, each named once."""
    names = parts.value("criteria")
    if names is not None and len(set(names)) < max(len(names), 1):
        actual = f"[{', '.join(names)}]" if names else "an empty list"
        yield ("criteria",), "at least one definition set, each named once", actual

"""Laws of the uncertain numbers of a scenario, and checks that they fit the numbers and their limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from nephrosyn.errors import Problem, number_text, value_text
from nephrosyn.scenario.files.uncertainty import MIX, Stated
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.distribution_ranges import DISTRIBUTIONS
from nephrosyn.scenario.schema.uncertainty import Counts, Entry, Fixed, Interval, Posterior
from nephrosyn.scenario.tree import Path, dotted, get, is_distribution, is_number
from nephrosyn.statistics.uncertain_numbers import Beta, Dirichlet, Drawn, Normal, NumberDistribution, Scale, Uniform

NEGLIGIBLE = 0.01
"""Largest share of a law that may lie beyond either limit of a number; the law is truncated there."""
REMOTE = 1e-6
"""Probability beyond which ends of laws are not considered where two numbers must sum to at most 1."""
SCALES: Mapping[str, Scale] = {"lognormal": "logarithm", "logit_normal": "logit", "normal": "number"}
CLOSE = 1e-9
BANDS = ("population", "bands")

Wrong = tuple[str, str]
"""What was expected, and what is there."""


@dataclass(frozen=True)
class Limits:
    """Limits of a number by the schema.

    Attributes
    ----------
    least, most : float
        The limits.
    unit : str
        Its unit.
    is_whole : bool
        Whether it is a whole number.
    """

    least: float
    most: float
    unit: str
    is_whole: bool

    @property
    def law(self) -> str:
        """NumberDistribution of a number that is known by an interval, unless another is named."""
        if self.unit == "fraction" and self.least >= 0.0 and self.most <= 1.0:
            return "logit_normal"
        return "normal" if self.least < 0.0 else "lognormal"


def limits_of(tree: Any, path: Path) -> Limits | None:
    """Return the limits of the number at a path; None if there is no number.

    Parameters
    ----------
    tree : table
        The scenario.
    path : tuple of str
        Key of a number, of an element of a list, or of a parameter of a distribution.
    """
    if not is_number(get(tree, path)):
        return None
    above = get(tree, path[:-1])
    if is_distribution(above):
        return _limits_of_parameter(str(above["dist"]), path[-1])
    return _limits(path)


@cache
def _limits_of_parameter(name: str, parameter: str) -> Limits | None:
    ends = DISTRIBUTIONS.get(name, {}).get(parameter)
    return Limits(*ends, unit="", is_whole=False) if ends else None


@cache
def _limits(path: Path) -> Limits | None:
    here = paths.node(path) or {}
    for member in map(paths.opened, here.get("anyOf", [here])):
        if "maximum" in member:
            return Limits(
                float(member["minimum"]), float(member["maximum"]), paths.unit(path), member["type"] == "integer"
            )
    return None


def is_mix(tree: Any, path: Path) -> bool:
    """Whether the table at a path has members that are parts of a whole."""
    return path[-1] == MIX and isinstance(get(tree, path), Mapping)


def completed(tree: Any, path: Path, entry: Entry) -> Entry:
    """Return an entry with the name of its law, if that is left out."""
    if not isinstance(entry, Interval) or entry.law is not None:
        return entry
    limits = limits_of(tree, path)
    return Interval.model_validate({**entry.model_dump(), "law": limits.law if limits else "normal"})


def distribution_of(tree: Any, path: Path, entry: Entry) -> NumberDistribution | Dirichlet:
    """Return the law of an entry that is not ``fixed``.

    Parameters
    ----------
    tree : table
        The scenario, without problems.
    path : tuple of str
        Key of the entry.
    entry : Counts, Interval, Range or Posterior
        A checked and completed entry.
    """
    value = get(tree, path)
    if isinstance(entry, Counts):
        if isinstance(value, Mapping):
            pairs = zip(value.values(), entry.counts, strict=True)
            return Dirichlet(tuple(entry.counts), tuple(share == 0.0 and count == 0.0 for share, count in pairs))
        return Beta(*entry.counts)
    if isinstance(entry, Interval):
        return Normal(entry.interval[0], float(value), entry.interval[1], SCALES[str(entry.law)])
    if isinstance(entry, Posterior):
        return Drawn(entry.posterior, tuple(entry.draws or ()))
    assert not isinstance(entry, Fixed)
    return Uniform(*entry.range)


def problems_of(tree: Any, stated: Mapping[Path, Stated]) -> Iterator[Problem]:
    """Yield what is wrong with the entries of a valid scenario.

    Parameters
    ----------
    tree : table
        The scenario, without problems.
    stated : mapping of path to Stated
        Its entries.
    """
    distributions: dict[Path, NumberDistribution] = {}
    for path, statement in stated.items():
        if isinstance(statement.entry, Fixed):
            continue
        wrong = _wrong_form(tree, path, statement.entry) or _wrong_mix(path, stated)
        if not wrong:
            law = distribution_of(tree, path, completed(tree, path, statement.entry))
            if isinstance(law, Dirichlet):
                wrong = _wrong_shares(get(tree, path), law)
            else:
                distributions[path] = law
                wrong = _wrong_value(tree, path, law)
        if wrong:
            yield Problem(f"uncertainty.{dotted(path)}", *wrong, file=statement.file)
    together = (*_wrong_together(tree, distributions), *_wrong_lengths(distributions))
    yield from (replace(problem, file=stated[path].file) for path, problem in together)


def _wrong_form(tree: Any, path: Path, entry: Entry) -> Wrong | None:
    if is_mix(tree, path):
        return _wrong_counts_of_mix(get(tree, path), entry)
    limits = limits_of(tree, path)
    if limits is None:
        return "the key of a number or of a mix; fixed for anything else", value_text(get(tree, path))
    if limits.is_whole:
        return "a number that need not be whole; fixed for a whole number", "a whole number"
    if isinstance(entry, Counts):
        return _wrong_counts(limits, entry)
    if isinstance(entry, Posterior):
        return None
    low, high = entry.interval if isinstance(entry, Interval) else entry.range  # type: ignore[union-attr]
    if low >= high:
        return "[low, high] with low below high", f"[{number_text(low)}, {number_text(high)}]"
    if not isinstance(entry, Interval):
        return None
    value = float(get(tree, path))
    if value in (low, high):
        return f"an interval with the value, {number_text(value)}, between its ends (or a range)", _ends(low, high)
    return _off_scale(limits, entry, low, high, value)


def _off_scale(limits: Limits, entry: Interval, low: float, high: float, value: float) -> Wrong | None:
    """Return what is wrong with an interval of which an end, or the value, has no logarithm or logit."""
    law = entry.law or limits.law
    least, most = min(low, value), max(high, value)
    if law == "logit_normal" and not (least > 0.0 and most < 1.0):
        return 'an interval and a value between 0 and 1, both excluded (or law = "normal", or a range)', _ends(
            low, high
        )
    if law == "lognormal" and least <= 0.0:
        return 'an interval and a value above 0 (or law = "normal", or a range)', _ends(low, high)
    return None


def _ends(low: float, high: float) -> str:
    return f"{number_text(low)} to {number_text(high)}"


def _wrong_counts(limits: Limits, entry: Counts) -> Wrong | None:
    if limits.law != "logit_normal":
        return "an interval or a range; counts are for shares and mixes", f"counts of a number in {limits.unit}"
    if len(entry.counts) != 2 or not 0.0 <= entry.counts[0] <= entry.counts[1] or entry.counts[1] == 0.0:
        listed = ", ".join(map(number_text, entry.counts))
        return "counts = [met, of] with met at most of, and of above 0", f"[{listed}]"
    return None


def _wrong_counts_of_mix(mix: Mapping[str, float], entry: Entry) -> Wrong | None:
    if not isinstance(entry, Counts):
        return f"counts of the members of the mix: {', '.join(mix)}", "an entry of another kind"
    if len(entry.counts) != len(mix):
        return f"a count of each of {', '.join(mix)}", f"{len(entry.counts)} counts for {len(mix)} members"
    if not sum(entry.counts):
        return "a count above 0", "none"
    return None


def _wrong_mix(path: Path, stated: Mapping[Path, Stated]) -> Wrong | None:
    """Return what is wrong with a law of a member of a mix that has a law, or of one of several shares."""
    if path[-2:-1] == (MIX,):
        return "counts of the whole mix; its members have no law of their own", "a law of one member"
    if _is_band_share(path):
        others = [dotted(key) for key in stated if key != path and _is_band_share(key) and _is_uncertain(stated[key])]
        if others:
            return "a law of one share only, as the others follow from it", f"another of {', '.join(others)}"
    return None


def _is_uncertain(stated: Stated) -> bool:
    return not isinstance(stated.entry, Fixed)


def _is_band_share(path: Path) -> bool:
    return len(path) == 4 and path[:2] == BANDS and path[3] == "share"


def _wrong_shares(mix: Mapping[str, float], law: Dirichlet) -> Wrong | None:
    whole = math.fsum(mix.values())
    for place, (name, share) in enumerate(mix.items()):
        low, high = law.part(place).interval if not law.absent[place] else (0.0, 0.0)
        if not low - CLOSE <= share / whole <= high + CLOSE:
            return f"counts that agree with the mix: {name} from {low:.3g} to {high:.3g} (95%)", number_text(share)
    return None


def _wrong_value(tree: Any, path: Path, law: NumberDistribution) -> Wrong | None:
    value, limits = float(get(tree, path)), limits_of(tree, path)
    assert limits is not None
    if isinstance(law, Drawn):
        low, high = min(law.values), max(law.values)
        if not limits.least <= low <= high <= limits.most:
            expected = f"draws within the limits of the number, {_ends(limits.least, limits.most)}"
            return expected, f"draws from {low:.4g} to {high:.4g}"
        return _value_outside(value, low, high, "draws around")
    if wrong := _value_outside(value, *law.interval, "an interval or range that holds"):
        return wrong
    beyond = max(law.probability_below(limits.least), 1.0 - law.probability_below(limits.most))
    if beyond > NEGLIGIBLE:
        expected = f"a law within the limits of the number, {_ends(limits.least, limits.most)}"
        return expected, f"{law}, with {100 * beyond:.2g}% beyond them"
    return None


def _value_outside(value: float, low: float, high: float, what: str) -> Wrong | None:
    if low - CLOSE <= value <= high + CLOSE:
        return None
    return f"{what} the value, {number_text(value)}", f"{low:.4g} to {high:.4g}"


def _wrong_together(tree: Any, distributions: Mapping[Path, NumberDistribution]) -> Iterator[tuple[Path, Problem]]:
    """Yield the laws of complete and partial response that may sum to more than 1."""
    for path, law in distributions.items():
        if path[-1] != "complete":
            continue
        beside = (*path[:-1], "partial")
        partial = distributions.get(beside)
        if partial is None and not isinstance(law, Drawn):
            continue  # partial response follows
        most = _most_together(law, partial or float(get(tree, beside)))
        if most > 1.0 + CLOSE:
            key = f"uncertainty.{dotted(path)}"
            yield path, Problem(key, "laws of complete and partial that sum to at most 1", f"up to {most:.3g}")


def _most_together(law: NumberDistribution, partial: NumberDistribution | float) -> float:
    if isinstance(partial, float):
        return law.quantile(1.0 - REMOTE) + partial
    if isinstance(law, Drawn) and isinstance(partial, Drawn) and law.table == partial.table:
        return max(first + second for first, second in zip(law.values, partial.values, strict=False))
    return law.quantile(1.0 - REMOTE) + partial.quantile(1.0 - REMOTE)


def _wrong_lengths(distributions: Mapping[Path, NumberDistribution]) -> Iterator[tuple[Path, Problem]]:
    """Yield draws that are not of the same table as others with its name."""
    first: dict[str, int] = {}
    for path, law in distributions.items():
        if isinstance(law, Drawn) and first.setdefault(law.table, len(law.values)) != len(law.values):
            expected = f"{first[law.table]} draws, as of the other numbers of {law.table}"
            yield path, Problem(f"uncertainty.{dotted(path)}", expected, f"{len(law.values)} draws")


def followers(tree: Any, path: Path, entries: Mapping[str, Entry]) -> list[str]:
    """Return the keys of the rest of the whole that a number is a part of, and that move with it.

    With a share of complete response, that of partial response moves, unless it has an entry of its own, or the other
    was calibrated with partial response as it is; with the share of an age band, those of the other bands.

    Parameters
    ----------
    tree : table
        The scenario.
    path : tuple of str
        Key of the number.
    entries : mapping of str to Entry
        The table ``uncertainty`` of the scenario.
    """
    if _is_band_share(path):
        return [dotted((*BANDS, name, "share")) for name in get(tree, BANDS) if name != path[2]]
    beside = (*path[:-1], "partial")
    is_response = path[-1] == "complete" and is_number(get(tree, beside))
    if isinstance(entries.get(dotted(path)), Posterior):
        return []
    return [dotted(beside)] if is_response and dotted(beside) not in entries else []


def entry_of(entries: Mapping[str, Entry], path: Path) -> tuple[str, Entry] | None:
    """Return the entry that holds for a leaf, with its key: that of the nearest key, or of a parameter of it.

    Parameters
    ----------
    entries : mapping of str to Entry
        The table ``uncertainty`` of a scenario.
    path : tuple of str
        The leaf.
    """
    inner = dotted(path) + "."
    for key, entry in entries.items():
        if key.startswith(inner):
            return key, entry
    for length in range(len(path), 0, -1):
        if (key := dotted(path[:length])) in entries:
            return key, entries[key]
    return None

"""Counts of several parts of a cohort, put together: what is counted in each part adds up to what is counted in all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.pseudo_resistance import Factor, Falsely
from nephrosyn.report.findings.verdicts.course_flags import Named
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import Group
from nephrosyn.statistics.between_replicates import Spread, spread
from nephrosyn.statistics.proportions import Share, wilson

Found = TypeVar("Found")
CELLS = ("hit", "missed", "wrong", "rest")
OfReplicate = Sequence[tuple[int, Found]]
"""What was found in each part, with the replicate that the part belongs to."""


def shares(parts: Iterable[Share]) -> Share:
    """Return a share of all, from the same share of each part."""
    each = list(parts)
    return wilson(sum(one.count for one in each), sum(one.total for one in each))


def _spread(counts: Iterable[tuple[int, int, int]]) -> Spread | None:
    """Spread between replicates of counts out of totals; a replicate with nobody in it has no share."""
    count, total = Counter[int](), Counter[int]()
    for replicate, some, of in counts:
        count[replicate] += some
        total[replicate] += of
    return spread([count[replicate] / total[replicate] for replicate in total if total[replicate]])


def refractory(parts: OfReplicate[Refractory]) -> Refractory:
    """Return the refractory counts of one set and view."""
    first = parts[0][1]

    def added(name: str) -> int:
        return sum(getattr(one, name) for _, one in parts)

    return Refractory(
        first.criteria,
        first.view,
        added("met"),
        added("unmet"),
        added("unknown"),
        added("kind_true"),
        added("kind_false"),
        _spread((replicate, one.met, one.patients) for replicate, one in parts),
        added("outside"),
    )


def categories(parts: OfReplicate[list[Category]]) -> list[Category]:
    """Return the categories of one set and view, in the order in which they are shown."""
    by_name: dict[str, list[tuple[int, Category]]] = defaultdict(list)
    for replicate, each in parts:
        for one in each:
            by_name[one.category].append((replicate, one))
    sizes = [(replicate, each[0].share.total) for replicate, each in parts if each]
    total, found = sum(size for _, size in sizes), []
    for name in (name for name in CATEGORY_ORDER if name in by_name):
        own = [one for _, one in by_name[name]]
        counts = [(replicate, one.share.count, 0) for replicate, one in by_name[name]]
        of = _spread([*counts, *((replicate, 0, size) for replicate, size in sizes)])
        share = wilson(sum(one.share.count for one in own), total)
        met, unjudged = sum(one.refractory for one in own), sum(one.unjudged for one in own)
        found.append(Category(own[0].criteria, own[0].view, name, share, met, unjudged, of))
    return found


def by_name(
    parts: OfReplicate[list[tuple[str, Found]]], order: Sequence[str]
) -> list[tuple[str, list[tuple[int, Found]]]]:
    """Return what was found of each group, groups in the given order, others after, the nameless one last."""
    found: dict[str, list[tuple[int, Found]]] = defaultdict(list)
    for replicate, each in parts:
        for name, one in each:
            found[name].append((replicate, one))
    names = dict.fromkeys([*order, *sorted(set(found) - set(order) - {""}), ""])
    return [(name, found[name]) for name in names if name in found]


def groups(parts: OfReplicate[list[Group]], order: Sequence[str]) -> list[Group]:
    """Return the refractory counts of each group."""
    named = [(replicate, [(one.name, one.refractory) for one in each]) for replicate, each in parts]
    return [Group(name, refractory(own)) for name, own in by_name(named, order)]


def combinations(parts: Iterable[list[Combination]], flags: Sequence[str]) -> list[Combination]:
    """Return the combinations of flags, most frequent first."""
    counts = Counter[tuple[frozenset[str], bool]]()
    for each in parts:
        for one in each:
            counts[one.flags, one.judged] += one.patients
    found = [Combination(carried, n, judged) for (carried, judged), n in counts.items()]
    return sorted(found, key=lambda item: (-item.patients, [name not in item.flags for name in flags], item.judged))


def agreement(parts: Sequence[Agreement | None], patients: Sequence[int]) -> Agreement | None:
    """Return how the two records agree.

    Parameters
    ----------
    parts : sequence of Agreement or None
        None where nobody of a part is in the set by both records.
    patients : sequence of int
        How many each part holds: where nobody is in the set, all are outside.
    """
    some = [one for one in parts if one is not None]
    if not some:
        return None
    counts = Counter[tuple[str, str]]()
    for one in some:
        counts.update(one.counts)
    outside = sum(n if one is None else one.outside for one, n in zip(parts, patients, strict=True))
    lost = sum(one.lost for one in some)
    same, equal = shares(one.same for one in some), shares(one.same_refractory for one in some)
    return Agreement(some[0].criteria, dict(counts), same, equal, lost, outside)


def named(parts: Iterable[list[Named]]) -> list[Named]:
    """Return the courses that sets name, in the order of the first part that has them all."""
    found: dict[tuple[str, str], list[Named]] = defaultdict(list)
    for each in parts:
        for one in each:
            found[one.criteria, one.flag].append(one)
    return [
        Named(criteria, flag, shares(one.share for one in own), sum(one.unknown for one in own))
        for (criteria, flag), own in found.items()
    ]


def falsely(parts: Sequence[list[Falsely]]) -> list[Falsely]:
    """Return truth against record, each view in its turn; empty if the record calls nobody falsely refractory."""
    found = []
    for own in zip(*(each for each in parts if each), strict=True):
        hit, missed, wrong, rest = (sum(getattr(one, name) for one in own) for name in CELLS)
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for factor in (factor for one in own for factor in one.factors):
            for place, n in enumerate((factor.patients, factor.would_answer, factor.said)):
                counts[factor.name][place] += n
        factors = [Factor(name, *counts[name]) for name in vocabulary.PROVOKING_FACTORS if name in counts]
        found.append(Falsely(own[0].criteria, own[0].view, hit, missed, wrong, rest, factors))
    return found if any(one.hit or one.wrong for one in found) else []

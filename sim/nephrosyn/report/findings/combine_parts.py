"""Add up the counts of several parts of a cohort: the sums are the counts of the whole cohort."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.pseudo_resistance import Factor, PseudoRefractory
from nephrosyn.report.findings.verdicts import flag_overlap
from nephrosyn.report.findings.verdicts.by_follow_up import SharesOverTime
from nephrosyn.report.findings.verdicts.course_flags import CourseCount
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group, SharesAtTime
from nephrosyn.statistics.between_replicates import Spread, spread
from nephrosyn.statistics.proportions import Share, wilson

Counts = TypeVar("Counts")
CELLS = ("hit", "missed", "wrong", "rest")
OfReplicate = Sequence[tuple[int, Counts]]
"""Counts of each part, with the replicate that the part belongs to."""


def shares(parts: Iterable[Share]) -> Share:
    """Return a share of the whole cohort, from the same share of each part."""
    part_shares = list(parts)
    return wilson(sum(share.count for share in part_shares), sum(share.total for share in part_shares))


def _spread(counts: Iterable[tuple[int, int, int]]) -> Spread | None:
    """Spread between replicates of counts out of totals; a replicate without patients has no share."""
    count, total = Counter[int](), Counter[int]()
    for replicate, part_count, part_total in counts:
        count[replicate] += part_count
        total[replicate] += part_total
    return spread([count[replicate] / total[replicate] for replicate in total if total[replicate]])


def refractory(parts: OfReplicate[Refractory]) -> Refractory:
    """Return the refractory counts of one set and view."""
    first = parts[0][1]

    def added(name: str) -> int:
        return sum(getattr(part, name) for _, part in parts)

    def added_where_known(name: str) -> int | None:
        """Sum over the parts with patients of the set that have it."""
        of_set = [part for _, part in parts if part.patients] or [part for _, part in parts]
        known = [n for part in of_set if (n := getattr(part, name)) is not None]
        return sum(known) if known else None

    return Refractory(
        first.criteria,
        first.view,
        added("met"),
        added("unmet"),
        added("unknown"),
        added("kind_true"),
        added("kind_false"),
        _spread((replicate, part.met, part.patients) for replicate, part in parts),
        added("outside"),
        added_where_known("treated"),
        added_where_known("treated_met"),
        added_where_known("sparse"),
    )


def categories(parts: OfReplicate[list[Category]]) -> list[Category]:
    """Return the categories of one set and view, in the order in which they are shown."""
    by_name: dict[str, list[tuple[int, Category]]] = defaultdict(list)
    for replicate, of_part in parts:
        for category in of_part:
            by_name[category.category].append((replicate, category))
    sizes = [(replicate, of_part[0].share.total) for replicate, of_part in parts if of_part]
    total, combined = sum(size for _, size in sizes), []
    for name in (name for name in CATEGORY_ORDER if name in by_name):
        of_category = [category for _, category in by_name[name]]
        counts = [(replicate, category.share.count, 0) for replicate, category in by_name[name]]
        between_replicates = _spread([*counts, *((replicate, 0, size) for replicate, size in sizes)])
        share = wilson(sum(category.share.count for category in of_category), total)
        met = sum(category.refractory for category in of_category)
        undetermined = sum(category.undetermined for category in of_category)
        criteria, view = of_category[0].criteria, of_category[0].view
        with_flag = [category.flag.count for category in of_category if category.flag is not None]
        flag = wilson(sum(with_flag), total) if with_flag else None
        combined.append(Category(criteria, view, name, share, met, undetermined, between_replicates, flag))
    return combined


def by_name(
    parts: OfReplicate[list[tuple[str, Counts]]], order: Sequence[str]
) -> list[tuple[str, list[tuple[int, Counts]]]]:
    """Return the counts of each group by part: groups in the given order, then the others, the unnamed one last."""
    groups: dict[str, list[tuple[int, Counts]]] = defaultdict(list)
    for replicate, of_part in parts:
        for name, counts in of_part:
            groups[name].append((replicate, counts))
    names = dict.fromkeys([*order, *sorted(set(groups) - set(order) - {""}), ""])
    return [(name, groups[name]) for name in names if name in groups]


def groups(parts: OfReplicate[list[Group]], order: Sequence[str]) -> list[Group]:
    """Return the refractory counts of each group."""
    named = [(replicate, [(group.name, group.refractory) for group in of_part]) for replicate, of_part in parts]
    return [Group(name, refractory(of_group)) for name, of_group in by_name(named, order)]


def combinations(parts: Iterable[list[Combination]], flags: Sequence[str]) -> list[Combination]:
    """Return the combinations of flags, most frequent first."""
    counts = Counter[tuple[frozenset[str], bool]]()
    for of_part in parts:
        for combination in of_part:
            counts[combination.flags, combination.determined] += combination.patients
    combined = [Combination(carried, n, determined) for (carried, determined), n in counts.items()]
    return flag_overlap.most_frequent_first(combined, flags)


def agreement(parts: Sequence[Agreement | None], patients: Sequence[int]) -> Agreement | None:
    """Return how the two records agree.

    Parameters
    ----------
    parts : sequence of Agreement or None
        None for a part in which no patient is in the set by both records.
    patients : sequence of int
        Number of patients in each part: without anybody in the set, all of them are outside.
    """
    some = [part for part in parts if part is not None]
    if not some:
        return None
    counts = Counter[tuple[str, str]]()
    for part in some:
        counts.update(part.counts)
    outside = sum(n if part is None else part.outside for part, n in zip(parts, patients, strict=True))
    lost = sum(part.lost for part in some)
    same, equal = shares(part.same for part in some), shares(part.same_refractory for part in some)
    return Agreement(some[0].criteria, dict(counts), same, equal, lost, outside)


def named(parts: Iterable[list[CourseCount]]) -> list[CourseCount]:
    """Return the named courses of the definition sets, in the order of the first part that has them all."""
    by_course: dict[tuple[str, str], list[CourseCount]] = defaultdict(list)
    for of_part in parts:
        for course in of_part:
            by_course[course.criteria, course.flag].append(course)
    return [
        CourseCount(
            criteria, flag, shares(course.share for course in of_course), sum(course.unknown for course in of_course)
        )
        for (criteria, flag), of_course in by_course.items()
    ]


def pseudo_refractory(parts: Sequence[list[PseudoRefractory]]) -> list[PseudoRefractory]:
    """Return truth against record for each view; empty if the truth has no cause of apparent resistance."""
    combined = []
    for of_view in zip(*(of_part for of_part in parts if of_part), strict=True):
        hit, missed, wrong, rest = (sum(getattr(part, name) for part in of_view) for name in CELLS)
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for factor in (factor for part in of_view for factor in part.factors):
            for place, n in enumerate((factor.patients, factor.would_answer, factor.said)):
                counts[factor.name][place] += n
        factors = [Factor(name, *counts[name]) for name in vocabulary.PROVOKING_FACTORS if name in counts]
        combined.append(PseudoRefractory(of_view[0].criteria, of_view[0].view, hit, missed, wrong, rest, factors))
    return combined


def follow_up(parts: OfReplicate[FollowUp | None]) -> FollowUp | None:
    """Return the share by length of follow-up, from the parts of which patients were classified again."""
    some = [(replicate, part) for replicate, part in parts if part is not None]
    if not some:
        return None
    moments = [
        SharesAtTime(moment.days, refractory([(replicate, part.moments[place].refractory) for replicate, part in some]))
        for place, moment in enumerate(some[0][1].moments)
    ]
    return FollowUp(moments, some[0][1].reclassified, sum(part.patients for _, part in some))


def shares_over_time(parts: OfReplicate[SharesOverTime | None]) -> SharesOverTime | None:
    """Return the share of each set by length of follow-up, from the parts that were classified again."""
    some = [(replicate, part) for replicate, part in parts if part is not None]
    if not some:
        return None
    first, curves = some[0][1], dict[str, FollowUp]()
    for name in first.sets:
        curve = follow_up([(replicate, part.sets[name]) for replicate, part in some])
        if curve is not None:
            curves[name] = curve
    return SharesOverTime(first.view, curves, sum(part.patients for _, part in some))


def patterns(parts: Iterable[Mapping[str, Mapping[tuple[Any, ...], int]]]) -> dict[str, dict[tuple[Any, ...], int]]:
    """Return the patients by the answers of all definition sets, for each question."""
    together: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for of_part in parts:
        for question, counts in of_part.items():
            together[question].update(counts)
    return {question: dict(counts) for question, counts in together.items()}

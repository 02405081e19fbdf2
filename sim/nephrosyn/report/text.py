"""Findings in words: how the report, the comparisons, the validation and the bench write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nephrosyn.report.findings.verdicts.beyond_chance import BeyondChance
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD, Category, Comparison, Refractory
from nephrosyn.report.formatting import interval, number, patients, percent
from nephrosyn.statistics.nested_variance import LEAST_PATIENTS
from nephrosyn.statistics.proportions import Share, wilson

PLACES = ("below", "around", "above")
FLAG_NAMES = {
    "resistant": "steroid-resistant",
    "dependent": "steroid-dependent",
    "frequent": "frequently relapsing",
    "intolerant": "steroid-intolerant",
    "non_remitting": "persistently non-remitting",
}
COURSE_NAMES = {
    "late_responder": "late responder",
    "secondary_resistant": "secondary steroid resistance",
    "partial_remission": "partial remission",
    "calcineurin_resistant": "calcineurin inhibitor resistance",
    "multidrug_resistant": "multidrug resistance",
}
"""Courses that a definition set names without a category for them."""


def digits_for(share: Share) -> int:
    """Return the number of decimals for the headline: 1 if the interval is narrow or ends near 1/3, else 0."""
    if math.isnan(share.share):
        return 0
    near = min(abs(share.low - ONE_THIRD), abs(share.high - ONE_THIRD)) < 0.01
    return 1 if near or share.high - share.low < 0.03 else 0


def against_third(comparison: Comparison) -> str:
    """Return how a share compares with the often-quoted one third."""
    margin = f"{100 * comparison.margin:.0f} percentage points"
    if comparison.position == "unknown":
        return "there are no patients to compare with one third"
    if comparison.position == "around":
        if comparison.inside:
            return f"about the one third often quoted; the whole interval lies within {margin} of it"
        return "the interval contains the one third often quoted, but is too wide to confirm it"
    side, word = ("more", "above") if comparison.position == "above" else ("less", "below")
    if comparison.inside:
        return f"a little {side} than the one third often quoted, yet within {margin} of it"
    return f"{side} than the one third often quoted; the whole interval lies {word} it"


def undecided(refractory: Refractory) -> str:
    """Return what undetermined patients leave open: the side of one third, or the margin about it."""
    least, most = refractory.comparison, refractory.if_all_refractory
    could = (
        f"if the {number(refractory.unknown)} undetermined patients were refractory too, it would be "
        f"{percent(refractory.most.share, digits_for(refractory.most))}"
    )
    if least.position != most.position:
        sides = PLACES[PLACES.index(least.position) : PLACES.index(most.position) + 1]
        *before, last = ["at" if side == "around" else side for side in sides]
        open_ = f"{', '.join(before)} or {last}"
        return f"{could}, so this record leaves open whether the share lies {open_} the one third often quoted"
    margin = f"{100 * least.margin:.0f} percentage points"
    side = {
        "above": "more than the one third often quoted",
        "below": "less than the one third often quoted",
        "around": "the interval contains the one third often quoted",
    }[least.position]
    return f"{side}; {could}, so this record leaves open whether the share lies within {margin} of one third"


def headline(refractory: Refractory) -> str:
    """Return the main result in one sentence."""
    share, digits = refractory.known, digits_for(refractory.known)
    basis = f"in the {refractory.view} record"
    if not refractory.patients:
        return nobody(refractory)
    who = f"the {number(refractory.patients)} patients" if refractory.patients > 1 else "the only patient"
    if refractory.outside:
        return headline_of_some(refractory, who, basis)
    if not refractory.met + refractory.unmet:
        return (
            f"None of {who} could be judged by the “{refractory.criteria}” criteria {basis}: the record is too short "
            "or too sparse, so no conclusion about one third is possible."
        )
    known = f"{percent(share.share, digits)} ({what_interval(refractory, digits)})"
    are = "are" if refractory.patients > 1 else "is"
    return (
        f"In this simulated cohort, {known} of {who} with nephrotic syndrome {are} refractory under the "
        f"“{refractory.criteria}” criteria {basis}: {answer(refractory)}."
    )


def what_interval(refractory: Refractory, digits: int) -> str:
    """Return the interval of the share in the headline, and what it is of: chance alone, or the scenario's numbers too.

    Examples
    --------
    >>> what_interval(Refractory("source", "observed", 100, 200, 0), 0)
    '95% interval 28 to 39%, of chance alone'
    """
    share = refractory.known
    return f"95% interval {interval(share.low, share.high, digits)}, {interval_of(refractory)}"


def interval_of(refractory: Refractory) -> str:
    """Return what the interval of a share is of, and what is known beyond that.

    Examples
    --------
    >>> known = BeyondChance("shipped", 200, 0.523, 0.689)
    >>> interval_of(Refractory("source", "observed", 100, 200, 0, beyond=known))
    'of chance alone; with the scenario’s numbers 52 to 69% in the shipped analysis of 200 draws'
    """
    if refractory.span is not None:
        return "with the scenario’s uncertain numbers"
    further = beyond_chance(refractory.beyond) if refractory.beyond is not None else ""
    return f"of chance alone; {further}" if further else "of chance alone"


def beyond_chance(beyond: BeyondChance) -> str:
    """Return what is known beyond chance without draws of the run, or why there is nothing."""
    if beyond.status == "shipped":
        known = interval(beyond.low, beyond.high, 0)
        return f"with the scenario’s numbers {known} in the shipped analysis of {number(beyond.draws)} draws"
    if beyond.status == "not shipped":
        return "--uncertainty 200 also gives one with the scenario’s numbers"
    if beyond.status == "all fixed":
        return "no number of the scenario is uncertain"
    if beyond.status == "later set":
        return "the draws of the run were not classified by this set"
    return f"none with the scenario’s numbers, as {too_few(beyond.few, beyond.draws)}"


def too_few(draws: Sequence[int], of: int) -> str:
    """Return in which draws a set applies to too few patients.

    Examples
    --------
    >>> too_few((3, 8, 9, 14), 20)
    'the set applies to fewer than 2 patients in 4 of 20 draws (3, 8, 9 and others)'
    """
    named = ", ".join(map(str, draws[:NAMED_DRAWS])) + (" and others" if len(draws) > NAMED_DRAWS else "")
    which = f"{number(len(draws))} of {number(of)} draws ({named})"
    return f"the set applies to fewer than {LEAST_PATIENTS} patients in {which}"


def two_intervals(refractory: Refractory) -> str:
    """Return the share with its interval of chance and its uncertainty interval; empty for a run without draws."""
    if refractory.span is None:
        return ""
    share, span = refractory.share, refractory.span
    return (
        f"share {percent(share.share)} (chance alone {interval(share.low, share.high)}; with the scenario’s numbers "
        f"{interval(span.low, span.high)})"
    )


def answer(refractory: Refractory) -> str:
    """Return the conclusion about one third, as far as undetermined patients and the shipped analysis allow one."""
    by_chance = undecided(refractory) if refractory.hinges_on_undetermined else against_third(refractory.comparison)
    shipped = refractory.shipped_comparison
    if shipped is None or shipped.position == refractory.comparison.position:
        return by_chance
    lies = {"above": "lies above it", "below": "lies below it"}.get(shipped.position, "contains it")
    return f"{by_chance}; but the interval with the scenario’s numbers {lies}"


def nobody(refractory: Refractory) -> str:
    """Return that there is no share, and why."""
    if not refractory.outside:
        return "This cohort has no patients, so there is no share to compare with one third."
    return (
        f"The “{refractory.criteria}” criteria apply to nobody in this simulated cohort, so there is no share to "
        f"compare with one third: {outside_text(refractory.outside, refractory.cohort)}."
    )


def headline_of_some(refractory: Refractory, who: str, basis: str) -> str:
    """Return the main result for a definition set that does not apply to everybody."""
    rest = f"{outside_text(refractory.outside, refractory.cohort).capitalize()}."
    whom = f"{who} to whom the “{refractory.criteria}” criteria may apply"
    if not refractory.met + refractory.unmet:
        return (
            f"None of {whom} could be judged {basis}: the record is too short or too sparse, so no conclusion "
            f"about one third is possible. {rest}"
        )
    share, digits = refractory.known, digits_for(refractory.known)
    known = f"{percent(share.share, digits)} ({what_interval(refractory, digits)})"
    are = "are" if refractory.patients > 1 else "is"
    return f"In this simulated cohort, {known} of {whom} {are} refractory {basis}: {answer(refractory)}. {rest}"


def outside_text(outside: int, cohort: int) -> str:
    """Return how many patients are outside a set, and why; empty if there are none.

    Examples
    --------
    >>> outside_text(787, 1000)
    '787 of 1,000 patients are outside this set by age or lesion'
    """
    if not outside:
        return ""
    who = "all" if outside == cohort > 1 else f"{number(outside)} of"
    are = "are" if outside > 1 else "is"
    return f"{who} {number(cohort)} patients {are} outside this set by age or lesion"


def outside_sentence(refractory: Refractory) -> str:
    """Return what patients outside a set mean for its shares; empty if there are none."""
    if not refractory.outside:
        return ""
    return (
        f"Patients outside this set ({number(refractory.outside)}) are left out of all its shares and are not counted "
        "as undetermined. Patients whose age or lesion is not known, so that they may belong to it, are."
    )


def of_whom(refractory: Refractory) -> str:
    """Return to how many patients a set may apply, and of how many if not to all.

    Examples
    --------
    >>> of_whom(Refractory("a", "observed", 1, 2, 0)), of_whom(Refractory("a", "observed", 1, 2, 0, outside=4))
    ('3 patients', '3 of 7 patients (4 are outside this set by age or lesion)')
    """
    if not refractory.outside:
        return patients(refractory.patients)
    are = "are" if refractory.outside > 1 else "is"
    inside = f"{number(refractory.patients)} of {number(refractory.cohort)} patients"
    return f"{inside} ({number(refractory.outside)} {are} outside this set by age or lesion)"


ONE_CLINIC = (
    "All patients of a draw share one clinic, so they depend on each other, and their chance cannot be estimated: the "
    "interval with the scenario’s numbers contains it. With more patients there are more clinics."
)
"""What is said where the chance of the patients of a draw is not known."""
NAMED_DRAWS = 3
"""Number of draws that are named."""
WITH_CRITERIA = "meet its criteria"
"""Head of the column of patients who meet the criteria of a category, also those whom an earlier category takes."""


def criteria_met(category: Category) -> str:
    """Return how many patients meet the criteria of a category; empty for one without criteria of its own."""
    return "" if category.flag is None else number(category.flag.count)


def denominators(refractory: Refractory) -> list[tuple[str, Share]]:
    """Return the refractory share of all patients, of those who could be judged, and of those treated adequately."""
    shares = [
        (f"refractory, of all {'in the set' if refractory.outside else 'patients'}", refractory.share),
        ("refractory, of those judged", refractory.determined),
    ]
    if (treated := refractory.adequately_treated) is not None:
        shares.append(("refractory, of those given adequate steroid", treated))
    return shares


def undetermined_and_outside(refractory: Refractory) -> list[tuple[str, Share]]:
    """Return the patients who could not be judged, where known by cause, and those outside the set."""
    rows = [("undetermined", refractory.undetermined)]
    rows += [(f"of these, record {reason}", share) for reason, share in refractory.reasons]
    if refractory.outside:
        rows.append(("outside the set, of all patients", wilson(refractory.outside, refractory.cohort)))
    return rows


def margin_note(refractory: Refractory) -> str:
    """Return how undetermined patients would change the answer about the margin; empty if they would not."""
    if_all_refractory = margin_answer(refractory.if_all_refractory)
    return (
        ""
        if if_all_refractory == margin_answer(refractory.comparison)
        else f"; if all undetermined patients were refractory: {if_all_refractory.partition(': ')[2]}"
    )


def margin_answer(comparison: Comparison) -> str:
    """Return whether the interval lies within the margin of one third."""
    if comparison.position == "unknown":
        return "no patients"
    if comparison.inside:
        return "Yes: the whole 95% interval lies within"
    if comparison.outside:
        return "No: the whole 95% interval lies outside"
    return "In part: the 95% interval lies partly within"


def undetermined_sentence(refractory: Refractory) -> str:
    """Return what undetermined patients mean for the result."""
    if not refractory.patients:
        return ""
    if not refractory.unknown:
        return f"No patient {'in the set ' if refractory.outside else ''}is undetermined."
    are = "are" if refractory.unknown > 1 else "is"
    effect = "would change" if refractory.hinges_on_undetermined else "would not change"
    return (
        f"{patients(refractory.unknown)} ({percent(refractory.undetermined.share)}) {are} undetermined. Such patients "
        "stay in the denominator and count as not shown to be refractory. If all of them were refractory, the share "
        f"would be {percent(refractory.most.share)} and the conclusion about one third {effect}."
    )


def kind_sentence(refractory: Refractory) -> str:
    """Return how many refractory patients are pseudo-refractory by the record; empty if there are none."""
    if not refractory.kind_false:
        return ""
    return (
        f"Of the {number(refractory.met)} refractory patients, the record shows {number(refractory.kind_false)} to be "
        "pseudo-refractory: a cause of apparent steroid resistance was found, and remission followed without another "
        "agent. The record of the others does not show this."
    )

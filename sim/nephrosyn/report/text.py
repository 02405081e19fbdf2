"""Numbers and findings in words: how the report, the comparisons, the validation and the bench write them."""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD, Comparison, Refractory
from nephrosyn.statistics.proportions import Share

MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
PLACES = ("below", "around", "above")
NO_VALUE = "–"
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
    "calcineurin_resistant": "resistance to calcineurin inhibitors",
    "multidrug_resistant": "resistance to several drugs",
}
"""Courses that a definition set names without a category for them."""


def clause_name(name: str) -> str:
    """Return the name of a clause in words."""
    return vocabulary.CLAUSE_NAMES.get(name) or plain(name)


def plain(name: str) -> str:
    """Return the plain name of a vocabulary term; one without a plain name loses its underscores."""
    return vocabulary.PLAIN_NAMES.get(name, name.replace("_", " "))


def number(count: int) -> str:
    """Return a count with thousands separated."""
    return f"{count:,}"


def patients(count: int) -> str:
    """Return a number of patients.

    Examples
    --------
    >>> patients(1), patients(1200)
    ('1 patient', '1,200 patients')
    """
    return f"{number(count)} patient{'' if count == 1 else 's'}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as per cent, halves rounded up; a dash if there is no value.

    Examples
    --------
    >>> percent(0.0625), percent(0.125, 0)
    ('6.3%', '13%')
    """
    return NO_VALUE if fraction is None or math.isnan(fraction) else f"{_percentage(fraction, digits)}%"


def _percentage(fraction: float, digits: int, sign: str = "") -> str:
    """Round a fraction to per cent, halves up, as readers round the numbers of a table."""
    step = Decimal(1).scaleb(-digits)
    return format((100 * Decimal(repr(float(fraction)))).quantize(step, ROUND_HALF_UP), f"{sign}f")


def interval(low: float, high: float, digits: int = 1) -> str:
    """Return an interval of fractions as per cent, halves rounded up; a dash if there is none.

    Examples
    --------
    >>> interval(0.38, 0.4405), interval(0.0625, 0.1875, 1)
    ('38.0 to 44.1%', '6.3 to 18.8%')
    """
    return NO_VALUE if math.isnan(low) else f"{_percentage(low, digits)} to {_percentage(high, digits)}%"


def points(fraction: float | None, digits: int = 1) -> str:
    """Return a signed difference of fractions in percentage points, halves rounded up; a dash if there is none.

    Examples
    --------
    >>> points(0.0625), points(-0.04)
    ('+6.3', '−4.0')
    """
    return NO_VALUE if fraction is None or math.isnan(fraction) else minus(_percentage(fraction, digits, "+"))


def minus(number_text: str) -> str:
    """Return a number with minus signs in place of hyphens."""
    return number_text.replace("-", "−")


def share_with_interval(share: Share, digits: int = 1) -> str:
    """Return a share with its interval; a dash if its total is 0.

    Examples
    --------
    >>> from nephrosyn.statistics.proportions import wilson
    >>> share_with_interval(wilson(100, 300))
    '33.3% (28.2 to 38.8%)'
    """
    return f"{percent(share.share, digits)} ({interval(share.low, share.high, digits)})" if share.total else NO_VALUE


def decimal(value: float | None, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals; a dash if there is no value."""
    return NO_VALUE if value is None or math.isnan(value) else minus(f"{value:.{digits}f}")


def json_text(values: Any, indent: int = 1) -> str:
    """Return values as indented JSON; raises ValueError for infinite and missing floats."""
    return json.dumps(values, indent=indent, ensure_ascii=False, allow_nan=False)


def digits_for(share: Share) -> int:
    """Return the number of decimals for the headline: 1 if the interval is narrow or ends near 1/3, else 0."""
    if math.isnan(share.share):
        return 0
    near = min(abs(share.low - ONE_THIRD), abs(share.high - ONE_THIRD)) < 0.01
    return 1 if near or share.high - share.low < 0.03 else 0


def days(value: float) -> str:
    """Return a number of days; a dash if there is none."""
    return NO_VALUE if math.isnan(value) else f"{value:.0f}"


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
    """Return what patients who could not be judged leave open: the side of one third, or the margin about it."""
    least, most = refractory.comparison, refractory.if_all_refractory
    could = (
        f"if the {number(refractory.unknown)} patients who could not be judged were refractory too, it would be "
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
    share, digits = refractory.share, digits_for(refractory.share)
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
    known = f"{percent(share.share, digits)} (95% interval {interval(share.low, share.high, digits)})"
    are = "are" if refractory.patients > 1 else "is"
    return (
        f"In this simulated cohort, {known} of {who} with nephrotic syndrome {are} refractory under the "
        f"“{refractory.criteria}” criteria {basis}: {answer(refractory)}."
    )


def answer(refractory: Refractory) -> str:
    """Return the conclusion about one third, as far as patients who could not be judged allow one."""
    return undecided(refractory) if refractory.hinges_on_undetermined else against_third(refractory.comparison)


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
    share, digits = refractory.share, digits_for(refractory.share)
    known = f"{percent(share.share, digits)} (95% interval {interval(share.low, share.high, digits)})"
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


def margin_note(refractory: Refractory) -> str:
    """Return how patients who could not be judged would change the answer about the margin; empty if they would not."""
    if_all_refractory = margin_answer(refractory.if_all_refractory)
    return (
        ""
        if if_all_refractory == margin_answer(refractory.comparison)
        else f"; if all not judged were refractory: {if_all_refractory}"
    )


def margin_answer(comparison: Comparison) -> str:
    """Return whether the interval lies within the margin of one third."""
    if comparison.position == "unknown":
        return "no patients"
    if comparison.inside:
        return "yes, all of it"
    return "no, none of it" if comparison.outside else "only part of it"


def undetermined_sentence(refractory: Refractory) -> str:
    """Return what patients who could not be judged mean for the result."""
    if not refractory.patients:
        return ""
    if not refractory.unknown:
        return f"Every patient {'in the set ' if refractory.outside else ''}could be judged."
    effect = "would change" if refractory.hinges_on_undetermined else "would not change"
    return (
        f"{patients(refractory.unknown)} ({percent(refractory.undetermined.share)}) could not be judged. Such patients "
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


def rate_text(rate: Rate) -> str:
    """Return a relapse rate with its interval; a dash if there is none."""
    if math.isnan(rate.per_year):
        return NO_VALUE
    return f"{rate.per_year:.2f} ({rate.low:.2f} to {rate.high:.2f})"


def escape_markup(text: object) -> str:
    r"""Return text on one line, with the special characters of Markdown and HTML escaped.

    Examples
    --------
    >>> escape_markup("a <b> | c")
    'a \\<b\\> \\| c'
    """
    return MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(str(text).split()))

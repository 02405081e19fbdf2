"""Numbers and findings as plain sentences."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD, Comparison, Refractory
from nephrosyn.statistics.proportions import Share

MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
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
    "calcineurin_resistant": "resistance to calcineurin inhibitors",
    "multidrug_resistant": "resistance to several drugs",
}
"""Courses that a set names without making a category of them."""


def clause_name(name: str) -> str:
    """Return a clause in words."""
    return vocabulary.CLAUSE_NAMES.get(name) or plain(name)


def plain(name: str) -> str:
    """Return the plain name of a term; words without one lose their underscores."""
    return vocabulary.PLAIN_NAMES.get(name, name.replace("_", " "))


def number(count: int) -> str:
    """Return a count with thousands separated."""
    return f"{count:,}"


def percent(fraction: float, digits: int = 1) -> str:
    """Return a fraction as per cent; a dash where there is no value."""
    return "–" if math.isnan(fraction) else f"{_rounded(fraction, digits)}%"


def _rounded(fraction: float, digits: int) -> str:
    """Return a fraction as per cent, halves rounded up, as readers of a table round them."""
    step = Decimal(1).scaleb(-digits)
    return str((100 * Decimal(repr(float(fraction)))).quantize(step, ROUND_HALF_UP))


def interval(low: float, high: float, digits: int = 1) -> str:
    """Return an interval of fractions as per cent: ``38.0 to 44.1%``."""
    return "–" if math.isnan(low) else f"{100 * low:.{digits}f} to {100 * high:.{digits}f}%"


def points(fraction: float, digits: int = 1) -> str:
    """Return a signed difference of fractions in percentage points, with a true minus sign."""
    return "–" if math.isnan(fraction) else f"{100 * fraction:+.{digits}f}".replace("-", "−")


def digits_for(share: Share) -> int:
    """Return how many decimals the headline needs: none, or one when the interval is narrow or ends near 1/3."""
    if math.isnan(share.share):
        return 0
    near = min(abs(share.low - ONE_THIRD), abs(share.high - ONE_THIRD)) < 0.01
    return 1 if near or share.high - share.low < 0.03 else 0


def days(value: float) -> str:
    """Return a number of days; a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.0f}"


def against_third(comparison: Comparison) -> str:
    """Return in words how a share compares with the often-quoted third."""
    margin = f"{100 * comparison.margin:.0f} percentage points"
    if comparison.position == "unknown":
        return "there is nobody to compare with one third"
    if comparison.position == "around":
        if comparison.inside:
            return f"about the one third often quoted; the whole interval lies within {margin} of it"
        return "the interval contains the one third often quoted, but is too wide to confirm it"
    side, word = ("more", "above") if comparison.position == "above" else ("less", "below")
    if comparison.inside:
        return f"a little {side} than the one third often quoted, yet within {margin} of it"
    return f"{side} than the one third often quoted; the whole interval lies {word} it"


def undecided(found: Refractory) -> str:
    """Return in words what those who could not be judged leave open: the side of one third, or the margin about it."""
    least, most = found.comparison, found.if_all_refractory
    could = (
        f"counting the {number(found.unknown)} who could not be judged as refractory too it would be "
        f"{percent(found.most.share, digits_for(found.most))}"
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


def headline(found: Refractory) -> str:
    """Return the answer in one sentence."""
    share, digits = found.share, digits_for(found.share)
    basis = "as recorded" if found.view == "observed" else "in the complete record"
    if not found.patients:
        return nobody(found)
    who = f"the {number(found.patients)} patients" if found.patients > 1 else "the one patient"
    if found.outside:
        return headline_of_some(found, who, basis)
    if not found.met + found.unmet:
        return (
            f"None of {who} could be judged under the “{found.criteria}” criteria {basis}: the record is too short "
            "or too sparse, so nothing can be said about one third."
        )
    known = f"{percent(share.share, digits)} (95% interval {interval(share.low, share.high, digits)})"
    verb = "are" if found.patients > 1 else "is"
    return (
        f"In this simulated cohort, {known} of {who} with nephrotic syndrome {verb} refractory under the "
        f"“{found.criteria}” criteria {basis}: {answer(found)}."
    )


def answer(found: Refractory) -> str:
    """Return what is said of one third, as far as those who could not be judged let it be said."""
    return undecided(found) if found.hinges_on_unjudged else against_third(found.comparison)


def nobody(found: Refractory) -> str:
    """Return that nobody was asked, and why."""
    if not found.outside:
        return "This cohort holds no patient, so there is no share to compare with one third."
    return (
        f"The “{found.criteria}” criteria are for nobody in this simulated cohort, so there is no share to compare "
        f"with one third: {outside_text(found.outside, found.cohort)}."
    )


def headline_of_some(found: Refractory, who: str, basis: str) -> str:
    """Return the answer where the set is not for everybody."""
    rest = f"{outside_text(found.outside, found.cohort).capitalize()}."
    whom = f"{who} to whom the “{found.criteria}” criteria may apply"
    if not found.met + found.unmet:
        return (
            f"None of {whom} could be judged under them {basis}: the record is too short or too sparse, so nothing can "
            f"be said about one third. {rest}"
        )
    share, digits = found.share, digits_for(found.share)
    known = f"{percent(share.share, digits)} (95% interval {interval(share.low, share.high, digits)})"
    verb = "are" if found.patients > 1 else "is"
    return f"In this simulated cohort, {known} of {whom} {verb} refractory under them {basis}: {answer(found)}. {rest}"


def outside_text(outside: int, cohort: int) -> str:
    """Return who is outside a set, and by what; nothing if nobody is.

    Examples
    --------
    >>> outside_text(787, 1000)
    '787 of 1,000 patients are outside this set: age or lesion'
    """
    if not outside:
        return ""
    who = "all" if outside == cohort > 1 else f"{number(outside)} of"
    verb = "are" if outside > 1 else "is"
    return f"{who} {number(cohort)} patients {verb} outside this set: age or lesion"


def outside_sentence(found: Refractory) -> str:
    """Return who is outside a set, and what that means for its shares; nothing if nobody is."""
    if not found.outside:
        return ""
    return (
        f"Patients outside this set ({number(found.outside)}) are in none of its shares, and are not counted as "
        "undetermined. Who may be in it, but whose age or lesion is not known, is."
    )


def of_whom(found: Refractory) -> str:
    """Return how many patients a set is asked about: of how many, where it is not for all.

    Examples
    --------
    >>> of_whom(Refractory("a", "observed", 1, 2, 0)), of_whom(Refractory("a", "observed", 1, 2, 0, outside=4))
    ('3 patients', '3 of 7 patients (4 are outside this set: age or lesion)')
    """
    if not found.outside:
        return f"{number(found.patients)} patient{'s' if found.patients != 1 else ''}"
    verb = "are" if found.outside > 1 else "is"
    return (
        f"{number(found.patients)} of {number(found.cohort)} patients ({number(found.outside)} {verb} outside this "
        "set: age or lesion)"
    )


def margin_note(found: Refractory) -> str:
    """Return how those who could not be judged would change the answer about the margin; nothing if they would not."""
    other = margin_answer(found.if_all_refractory)
    return "" if other == margin_answer(found.comparison) else f"; if all not judged were refractory: {other}"


def margin_answer(comparison: Comparison) -> str:
    """Return whether the interval lies within the margin of one third."""
    if comparison.position == "unknown":
        return "no patients"
    if comparison.inside:
        return "yes, all of it"
    return "no, none of it" if comparison.outside else "only part of it"


def unjudged_sentence(found: Refractory) -> str:
    """Return what those who could not be judged mean for the answer."""
    if not found.patients:
        return ""
    if not found.unknown:
        return f"Every patient {'of the set ' if found.outside else ''}could be judged."
    effect = "would change" if found.hinges_on_unjudged else "would not change"
    return (
        f"{number(found.unknown)} patients ({percent(found.unjudged.share)}) could not be judged. They stay in the "
        f"denominator and count as not shown to be refractory. If all of them were refractory the share would be "
        f"{percent(found.most.share)}, and what is said about one third {effect}."
    )


def kind_sentence(found: Refractory) -> str:
    """Return how many refractory patients are truly or falsely so."""
    if not found.kind_false:
        return ""
    return (
        f"Of the {number(found.met)} refractory patients, the record shows {number(found.kind_false)} to be falsely "
        "so: a provoking factor was found, and remission followed without another agent. For the others nothing noted "
        "shows that."
    )


def rate_text(item: Rate) -> str:
    """Return a relapse rate with its interval."""
    if math.isnan(item.per_year):
        return "–"
    return f"{item.per_year:.2f} ({item.low:.2f} to {item.high:.2f})"


def harmless(text: object) -> str:
    r"""Return text on one line with Markdown's and HTML's special characters made harmless.

    Examples
    --------
    >>> harmless("a <b> | c")
    'a \\<b\\> \\| c'
    """
    return MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(str(text).split()))

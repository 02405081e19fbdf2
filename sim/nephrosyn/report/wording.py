"""Numbers and findings as plain sentences."""

from __future__ import annotations

import math
import re

from nephrosyn import terms
from nephrosyn.report.statistics import ONE_THIRD, Comparison, Refractory, Share
from nephrosyn.report.survival import Rate

MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
PLACES = ("below", "around", "above")
FLAG_NAMES = {
    "resistant": "steroid-resistant",
    "dependent": "steroid-dependent",
    "frequent": "frequently relapsing",
    "intolerant": "steroid-intolerant",
    "non_remitting": "persistently non-remitting",
}


def clause_name(name: str) -> str:
    """Return a clause in words."""
    return terms.CLAUSE_NAMES.get(name) or plain(name)


def plain(name: str) -> str:
    """Return the plain name of a term; words without one lose their underscores."""
    return terms.PLAIN_NAMES.get(name, name.replace("_", " "))


def number(count: int) -> str:
    """Return a count with thousands separated."""
    return f"{count:,}"


def percent(fraction: float, digits: int = 1) -> str:
    """Return a fraction as per cent; a dash where there is no value."""
    return "–" if math.isnan(fraction) else f"{100 * fraction:.{digits}f}%"


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
        return "This cohort holds no patient, so there is no share to compare with one third."
    who = f"the {number(found.patients)} patients" if found.patients > 1 else "the one patient"
    if not found.met + found.unmet:
        return (
            f"None of {who} could be judged under the “{found.criteria}” criteria {basis}: the record is too short "
            "or too sparse, so nothing can be said about one third."
        )
    known = f"{percent(share.share, digits)} (95% interval {interval(share.low, share.high, digits)})"
    verb = "are" if found.patients > 1 else "is"
    answer = undecided(found) if found.hinges_on_unjudged else against_third(found.comparison)
    return (
        f"In this simulated cohort, {known} of {who} with nephrotic syndrome {verb} refractory under the "
        f"“{found.criteria}” criteria {basis}: {answer}."
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
    if not found.unknown:
        return "Every patient could be judged."
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

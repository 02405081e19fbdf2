"""A definition set in words: what each clause requires, and the grade and source of each threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nephrosyn import vocabulary
from nephrosyn.criteria.definition.definition import DefinitionSet
from nephrosyn.criteria.definition.sections import Frequency
from nephrosyn.criteria.definition.thresholds import Section, Threshold

GRADES = {
    "R": "read in an abstract or a published table",
    "R2": "read in a page that restates the source",
    "D": "derived by arithmetic",
    "G": "general knowledge, not verified",
}
LIMITS = {"at_most": "at most", "below": "below", "at_least": "at least", "above": "above"}
ANCHORS = {
    "remission": "the first remission",
    "presentation": "the first dose of steroid",
    "course_end": "the end of the first steroid treatment",
}
COUNTED = ("days", "weeks", "relapses", "years", "readings", "classes")
RULES = {"six_months": "frequent_n6", "twelve_months": "frequent_n12", "any_six_months": "frequent_any6"}


class ClauseText(NamedTuple):
    """A clause, what it requires, and the key, value, grade and citation of each of its thresholds."""

    clause: str
    sentence: str
    thresholds: list[tuple[str, str, str, str]]


def in_words(definition: DefinitionSet) -> list[ClauseText]:
    """Describe each part of a definition set.

    Parameters
    ----------
    definition : DefinitionSet
        What `load` returned.

    Returns
    -------
    list of ClauseText
        The population, urine and steroid, then the clauses that the set defines.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> next(text for text in in_words(load("source")) if text.clause == "dependence").sentence[:9]
    '1 relapse'
    """
    parts = (_record_rules, _resistance, _relapses, _intolerance, _other_drugs, _verdict)
    return [text for part in parts for text in part(definition)]


def value(threshold: Threshold[Any]) -> str:
    """Return a threshold's value with its unit, separately for children and adults where they differ.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> value(load("source").urine.remission_upcr)
    '0.2 mg/mg (adults 0.3 mg/mg)'
    """
    child, adult = _value_for(threshold, True), _value_for(threshold, False)
    return child if child == adult else f"{child} (adults {adult})"


def _value_for(threshold: Threshold[Any], child: bool) -> str:
    here = threshold.of(child)
    if here == "off":
        return "off"
    if threshold.unit == "names":
        return ", ".join(vocabulary.PLAIN_NAMES.get(name, name.replace("_", " ")) for name in here) or "none"
    if threshold.unit in ("name", "dipstick band"):
        return str(here).replace("_", " ")
    unit = threshold.unit[:-1] if here == 1 and threshold.unit in COUNTED else threshold.unit
    return f"{here:g} {unit}"


def _rows(section: Section, prefix: str = "", skip: tuple[str, ...] = ()) -> list[tuple[str, str, str, str]]:
    """Return key, value, grade and citation of each threshold that is on."""
    rows: list[tuple[str, str, str, str]] = []
    for key in type(section).model_fields:
        threshold = getattr(section, key)
        if isinstance(threshold, Threshold) and key not in skip and value(threshold) != "off":
            rows.append((f"{prefix}{key}", value(threshold), threshold.grade, threshold.citation))
    return rows


def _on(threshold: Threshold[Any]) -> bool:
    return any(threshold.of(child) not in ("off", 0, []) for child in (True, False))


def _is(threshold: Threshold[Any], name: str) -> bool:
    return any(threshold.of(child) == name for child in (True, False))


def _none(response: Threshold[Any]) -> str:
    return "Neither complete nor partial remission" if _is(response, "partial") else "No complete remission"


def _in_a_row(count: Threshold[Any]) -> str:
    return "" if all(count.of(child) == 1 for child in (True, False)) else " in a row"


def _either(names: Threshold[Any]) -> str:
    return " or ".join(value(names).rsplit(", ", 1))


def _lowest(amounts: Sequence[Threshold[Any]]) -> str:
    """Return one amount, or the lowest of several."""
    said = [value(amount) for amount in amounts]
    return said[0] if len(said) == 1 else f"the lowest of {', '.join(said)}"


def _record_rules(d: DefinitionSet) -> Iterator[ClauseText]:
    who, urine, partial, steroid = d.population, d.urine, d.partial, d.steroid
    unknown = "also applies without a biopsy" if _is(who.unknown_lesion, "applies") else "needs a biopsy"
    ages = f"aged {value(who.age_from)} to below {value(who.age_below)} at onset"
    yield ClauseText(
        "population", f"The set applies to patients {ages}; lesions: {value(who.lesions)}; it {unknown}.", _rows(who)
    )
    low, high = LIMITS[urine.remission_limit.of(True)], LIMITS[urine.relapse_limit.of(True)]
    albumin = f" with albumin of at least {value(urine.remission_albumin)}" if _on(urine.remission_albumin) else ""
    yield ClauseText(
        "urine",
        f"Remission: UPCR {low} {value(urine.remission_upcr)} or dipstick at most {value(urine.remission_band)}"
        f"{albumin}. "
        f"Relapse: UPCR {high} {value(urine.relapse_upcr)} or dipstick at least {value(urine.relapse_band)}. "
        f"Each is confirmed by {value(urine.home_days)}{_in_a_row(urine.home_days)} or by "
        f"{value(urine.clinic_readings)} at the clinic{_in_a_row(urine.clinic_readings)}. "
        "On a day with both, the ratio counts.",
        _rows(urine),
    )
    if _on(partial.upcr_below):
        share = value(partial.fall).replace(" fraction", "")
        fall = f", lower than before by at least {share} of it" if _on(partial.fall) else ""
        band = f" or dipstick below {value(partial.band_below)}" if _on(partial.band_below) else ""
        least = f", with albumin of at least {value(partial.albumin)}" if _on(partial.albumin) else ""
        sentence = f"Partial remission: not remission, UPCR below {value(partial.upcr_below)}{band}{fall}{least}."
        yield ClauseText("partial remission", sentence, _rows(partial))
    amounts = [a for a in (steroid.adequate_per_kg, steroid.adequate_per_m2, steroid.adequate_cap) if _on(a)]
    doses = [a for a in (steroid.alternate_per_kg, steroid.alternate_per_m2, steroid.alternate_cap) if _on(a)]
    alternate = f"; on alternate days {_lowest(doses)}" if doses else ""
    if doses and _on(steroid.alternate_after):
        alternate += f", once a course has lasted {value(steroid.alternate_after)}"
    yield ClauseText(
        "steroid",
        f"A dose is adequate from {steroid.adequate_tolerance.of(True):g} times {_lowest(amounts)}{alternate}.",
        _rows(steroid),
    )


def _resistance(d: DefinitionSet) -> Iterator[ClauseText]:
    r, flags = d.resistance, d.course_flags
    if not _on(r.course):
        return
    words = [f"{_none(r.response)} after {value(r.course)} of adequate steroid in the first episode"]
    words += [f"or {value(r.relapse_course)} in a relapse"] if _on(r.relapse_course) else ["; relapses do not count"]
    if _on(r.slow_lesions):
        words.append(f"({value(r.slow_course)} in {value(r.slow_lesions)})")
    if _on(r.umbrella):
        words.append(f"or {value(r.umbrella)}, if steroid was then reduced without remission")
    if _on(r.confirmation):
        partial = _is(r.confirmation_for, "partial")
        who, has = ("patients in partial remission then", "have") if partial else ("everybody", "has")
        words.append(f"; {who} {has} until {value(r.confirmation)} of the first episode to respond")
    sentence = " ".join(words).replace(" ;", ";") + "."
    yield ClauseText("resistance", sentence, _rows(r))
    shown = _rows(flags)
    if shown:
        weeks = value(flags.secondary_course)
        said = {
            "late_responder": "patients who remit during the time of confirmation are late responders",
            "secondary_course": f"secondary resistance is a relapse without remission in {weeks} of adequate steroid",
            "partial_remission": "partial remission at the end of a course is reported",
        }
        sentence = "; ".join(said[key] for key, *_ in shown)
        yield ClauseText("course flags", sentence[0].upper() + sentence[1:] + ".", shown)


def _relapses(d: DefinitionSet) -> Iterator[ClauseText]:
    dependence, frequent = d.dependence, d.frequent
    if _is(dependence.rule, "raise_clears"):
        sentence = (
            f"{value(dependence.relapses)} in the taper, above the maintenance dose, followed by a higher dose within "
            f"{value(dependence.raise_within)} and cleared within {value(dependence.effective_within)} of it."
        )
        yield ClauseText("dependence", sentence, _rows(dependence, skip=("off_days", "consecutive")))
    elif _is(dependence.rule, "on_steroid"):
        row = " in a row" if _is(dependence.consecutive, "consecutive") else ""
        after = f"at most {value(dependence.off_days)} after its last dose"
        sentence = f"{value(dependence.relapses)}{row} on steroid, or {after}."
        yield ClauseText("dependence", sentence, _rows(dependence, skip=("raise_within", "effective_within")))
    for key, clause in RULES.items():
        rule: Frequency = getattr(frequent, key)
        if _on(rule.count):
            yield ClauseText(clause, _frequency(rule, d), [*_rows(rule, f"{key}."), *_rows(frequent)])


def _frequency(rule: Frequency, d: DefinitionSet) -> str:
    anchor = ANCHORS[d.frequent.anchor.of(True)]
    since = f" from {value(rule.begins)} after {anchor}" if _on(rule.begins) else f" from {anchor}"
    where = {
        "first": f"the {value(rule.length)}{since} on",
        "sliding": f"any {value(rule.length)}{since} on",
        "blocks": f"one of the successive periods of {value(rule.length)}{since} on",
    }[rule.window.of(True)]
    presenting = ", including the first episode" if _is(d.frequent.presenting, "counts") else ""
    return f"At least {value(rule.count)}{presenting}, in {where}."


def _intolerance(d: DefinitionSet) -> Iterator[ClauseText]:
    intolerance = d.intolerance
    pairs = (("contraindication", "contraindications"), ("toxicity", "toxicities"))
    for clause, key in pairs:
        names, actions = getattr(intolerance, key), getattr(intolerance, f"{clause}_actions")
        if _on(names):
            sentence = f"One of {value(names)}, because of which steroid was {_either(actions)}."
            rows = [row for row in _rows(intolerance) if row[0] in (key, f"{clause}_actions")]
            yield ClauseText(clause, sentence, rows)


def _other_drugs(d: DefinitionSet) -> Iterator[ClauseText]:
    persistence, agents = d.persistence, d.other_agents
    if _on(persistence.length):
        agent = " that included a drug other than steroid" if _is(persistence.other_agent, "required") else ""
        where = "any episode" if _is(persistence.episodes, "any") else "the first episode"
        response, length = _none(persistence.response), value(persistence.length)
        sentence = f"{response} {length} after treatment began{agent}, in {where}."
        yield ClauseText("persistence", sentence, _rows(persistence))
    rows = _rows(agents)
    if _on(agents.calcineurin_course):
        sentence = (
            f"{_none(agents.calcineurin_response)} after {value(agents.calcineurin_course)} of "
            f"{value(agents.calcineurin_inhibitors).replace(', ', ' or ')}."
        )
        yield ClauseText("calcineurin resistance", sentence, [r for r in rows if not r[0].startswith("multidrug")])
    if _on(agents.multidrug_course):
        sentence = (
            f"{_none(agents.multidrug_response)} after {value(agents.multidrug_course)} of drugs "
            f"other than steroid, {value(agents.multidrug_classes)} of them for at least "
            f"{value(agents.multidrug_each)} each."
        )
        yield ClauseText("multidrug resistance", sentence, [r for r in rows if not r[0].startswith("calcineurin")])


def _verdict(d: DefinitionSet) -> Iterator[ClauseText]:
    refractory, order = value(d.verdict.refractory), value(d.verdict.precedence)
    yield ClauseText(
        "verdict",
        f"Refractory: {refractory.replace(', ', ' or ')}. The category is that of the first flag met of: {order}.",
        _rows(d.verdict),
    )

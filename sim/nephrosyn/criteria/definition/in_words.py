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
HIGHEST_AGE_YEARS = 120
BANDS_UP_TO = {"negative": "negative", "trace": "negative or trace"}
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
    'At least '
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
        return ", ".join(_plain(name) for name in here) or "none"
    if threshold.unit in ("name", "dipstick band"):
        return str(here).replace("_", " ")
    unit = threshold.unit[:-1] if here == 1 and threshold.unit in COUNTED else threshold.unit
    return f"{here:g} {unit}"


def _plain(name: str) -> str:
    return vocabulary.ACTION_NAMES.get(name) or vocabulary.PLAIN_NAMES.get(name, name.replace("_", " "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


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


def _consecutive(count: Threshold[Any], name: str) -> str:
    """Return a number of things in succession, or one of them.

    Readings and days are counted in words of their own, because the unit of the threshold stands in the middle.
    """
    child, adult = count.of(True), count.of(False)
    texts = [f"1 {name}" if number == 1 else f"{number:g} consecutive {name}s" for number in (child, adult)]
    return texts[0] if child == adult else f"{texts[0]} (adults {texts[1]})"


def _either(names: Threshold[Any]) -> str:
    return " or ".join(value(names).rsplit(", ", 1))


def lowest(amounts: Sequence[str]) -> str:
    """Return one amount, or the lowest of several, in words.

    Examples
    --------
    >>> lowest(["1 mg/kg/day"]), lowest(["1 mg/kg/day", "60 mg/day"]), lowest(["a", "b", "c"])
    ('1 mg/kg/day', 'the lower of 1 mg/kg/day and 60 mg/day', 'the lowest of a, b and c')
    """
    if len(amounts) == 1:
        return amounts[0]
    return f"the {'lower' if len(amounts) == 2 else 'lowest'} of {', '.join(amounts[:-1])} and {amounts[-1]}"


def _at_most_band(band: Threshold[Any]) -> str:
    """Return the dipstick bands up to a limit."""
    child, adult = (BANDS_UP_TO.get(band.of(child), f"at most {band.of(child)}") for child in (True, False))
    return child if child == adult else f"{child} (adults {adult})"


def _percent(fraction: Threshold[Any]) -> str:
    child, adult = (f"{fraction.of(child):.0%}" if _number(fraction.of(child)) else "off" for child in (True, False))
    return child if child == adult else f"{child} (adults {adult})"


def _number(here: object) -> bool:
    return isinstance(here, int | float)


def _record_rules(d: DefinitionSet) -> Iterator[ClauseText]:
    who, urine, partial, steroid = d.population, d.urine, d.partial, d.steroid
    biopsy = "not required" if _is(who.unknown_lesion, "applies") else "required"
    every = set(who.lesions.of(True)) == set(vocabulary.LESIONS)
    lesions = "with any lesion" if every else f"with {_either(who.lesions)}"
    sentence = f"The set applies to patients {_ages(d)} {lesions}; a biopsy is {biopsy}."
    yield ClauseText("population", sentence, _rows(who))
    low, high = LIMITS[urine.remission_limit.of(True)], LIMITS[urine.relapse_limit.of(True)]
    clear = f"UPCR {low} {value(urine.remission_upcr)}, or dipstick {_at_most_band(urine.remission_band)}"
    if _on(urine.remission_albumin):
        clear = f"({clear}), and albumin at least {value(urine.remission_albumin)}"
    yield ClauseText(
        "urine",
        f"Remission: {clear}. "
        f"Relapse: UPCR {high} {value(urine.relapse_upcr)}, or dipstick at least {value(urine.relapse_band)}. "
        f"Either requires home dipsticks on {_consecutive(urine.home_days, 'day')}, or "
        f"{_consecutive(urine.clinic_readings, 'clinic reading')}. "
        "If a day has both a ratio and a dipstick, the ratio counts.",
        _rows(urine),
    )
    if _on(partial.upcr_below):
        fall = f" and at least {_percent(partial.fall)} below baseline" if _on(partial.fall) else ""
        band = f", or dipstick below {value(partial.band_below)}" if _on(partial.band_below) and not fall else ""
        reached = f"UPCR below {value(partial.upcr_below)}{fall}{band}"
        if _on(partial.albumin):
            reached = f"({reached})" if band else reached
            reached += f", and albumin at least {value(partial.albumin)}"
        baseline = " The baseline is the highest ratio since the last remission." if fall else ""
        sentence = f"Partial remission: not in remission, but {reached}.{baseline}"
        yield ClauseText("partial remission", sentence, _rows(partial))
    amounts = [a for a in (steroid.adequate_per_kg, steroid.adequate_per_m2, steroid.adequate_cap) if _on(a)]
    doses = [a for a in (steroid.alternate_per_kg, steroid.alternate_per_m2, steroid.alternate_cap) if _on(a)]
    least = f"at least {_percent(steroid.adequate_tolerance)} of"
    sentence = f"A dose is adequate if it is {least} {lowest(list(map(value, amounts)))}."
    if doses:
        sentence += f" A dose on alternate days is adequate if it is {least} {lowest(list(map(value, doses)))}"
        after = f", after {value(steroid.alternate_after)} of treatment" if _on(steroid.alternate_after) else ""
        sentence += f"{after}."
    yield ClauseText("steroid", sentence, _rows(steroid))


def _ages(d: DefinitionSet) -> str:
    """Return the ages to which a set applies."""
    low, high = d.population.age_from, d.population.age_below
    if low.of(True) <= 0 and high.of(True) >= HIGHEST_AGE_YEARS:
        return "of any age"
    if low.of(True) <= 0:
        return f"below {value(high)} of age at onset"
    if high.of(True) >= HIGHEST_AGE_YEARS:
        return f"aged {value(low)} or more at onset"
    return f"aged {value(low)} to below {value(high)} at onset"


def _resistance(d: DefinitionSet) -> Iterator[ClauseText]:
    r, flags = d.resistance, d.course_flags
    if not _on(r.course):
        return
    slow = f" ({value(r.slow_course)} in {_either(r.slow_lesions)})" if _on(r.slow_lesions) else ""
    sentence = f"{_none(r.response)} after {value(r.course)}{slow} of adequate steroid"
    if not _on(r.relapse_course):
        sentence += " in the first episode; relapses do not count"
    elif value(r.relapse_course) == value(r.course):
        sentence += ", in the first episode or a relapse"
    else:
        sentence += f" in the first episode, or after {value(r.relapse_course)}{slow} in a relapse"
    if _on(r.umbrella):
        sentence += f"; or after {value(r.umbrella)}, if steroid was then reduced"
    sentence += "."
    if _on(r.confirmation):
        who = "patients in partial remission at that time" if _is(r.confirmation_for, "partial") else "all patients"
        sentence += (
            f" In the first episode, {who} have a confirmation period, which ends {value(r.confirmation)} "
            "after the start of the course."
        )
    yield ClauseText("resistance", sentence, _rows(r))
    shown = _rows(flags)
    if shown:
        weeks = value(flags.secondary_course)
        texts = {
            "late_responder": "patients who remit in the confirmation period are late responders",
            "secondary_course": f"secondary resistance is a relapse without remission in {weeks} of adequate steroid",
            "partial_remission": "partial remission at the end of a course is reported",
        }
        sentence = "; ".join(texts[key] for key, *_ in shown)
        yield ClauseText("course flags", sentence[0].upper() + sentence[1:] + ".", shown)


def _relapses(d: DefinitionSet) -> Iterator[ClauseText]:
    dependence, frequent = d.dependence, d.frequent
    if _is(dependence.rule, "raise_clears"):
        sentence = (
            f"At least {value(dependence.relapses)} during the taper, at a dose above maintenance, treated with a "
            f"higher dose within {value(dependence.raise_within)} and in remission within "
            f"{value(dependence.effective_within)} of the increase."
        )
        yield ClauseText("dependence", sentence, _rows(dependence, skip=("off_days", "consecutive")))
    elif _is(dependence.rule, "on_steroid"):
        consecutive = _is(dependence.consecutive, "consecutive")
        relapses = _consecutive(dependence.relapses, "relapse") if consecutive else value(dependence.relapses)
        sentence = f"{relapses} during steroid therapy or within {value(dependence.off_days)} of stopping it."
        yield ClauseText("dependence", sentence, _rows(dependence, skip=("raise_within", "effective_within")))
    for key, clause in RULES.items():
        rule: Frequency = getattr(frequent, key)
        if _on(rule.count):
            yield ClauseText(clause, _frequency(rule, d), [*_rows(rule, f"{key}."), *_rows(frequent)])


def _frequency(rule: Frequency, d: DefinitionSet) -> str:
    anchor = ANCHORS[d.frequent.anchor.of(True)]
    since = f", counted from {value(rule.begins)} after {anchor}" if _on(rule.begins) else ""
    where = {
        "first": f"within {value(rule.length)}{since or f' of {anchor}'}",
        "sliding": f"in any {value(rule.length)}{since or f' after {anchor}'}",
        "blocks": f"in one of the successive periods of {value(rule.length)}{since or f' after {anchor}'}",
    }[rule.window.of(True)]
    presenting = " (the first episode included)" if _is(d.frequent.presenting, "counts") else ""
    return f"At least {value(rule.count)}{presenting} {where}."


def _intolerance(d: DefinitionSet) -> Iterator[ClauseText]:
    intolerance = d.intolerance
    pairs = (("contraindication", "contraindications"), ("toxicity", "toxicities"))
    for clause, key in pairs:
        names, actions = getattr(intolerance, key), getattr(intolerance, f"{clause}_actions")
        if _on(names):
            because = f"because of which steroid was {_either(actions)}"
            if _is(actions, "none") or "none" in actions.of(True):
                because = "whether or not steroid was changed because of it"
            sentence = f"{_capital(_either(names))}, {because}."
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
    order = value(d.verdict.precedence)
    first = f" If several apply, the category is the first of: {order}." if ", " in order else ""
    refractory = value(d.verdict.refractory).replace(", ", " or ")
    yield ClauseText("verdict", f"Refractory: {refractory}.{first}", _rows(d.verdict))

"""A definition set in words: what each clause requires, and the grade and source of each threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nephrosyn import vocabulary
from nephrosyn.criteria.definition.definition import DefinitionSet
from nephrosyn.criteria.definition.omitted_sections import NOT_STATED
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
SCHEDULES = {"daily": "every day", "alternate_day": "on alternate days", "single": "in single doses"}
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
    """Return key, value, grade and citation of each threshold that is on, and that the set states."""
    rows: list[tuple[str, str, str, str]] = []
    for key in type(section).model_fields:
        threshold = getattr(section, key)
        if not isinstance(threshold, Threshold) or threshold.citation == NOT_STATED:
            continue
        if key not in skip and value(threshold) != "off":
            rows.append((f"{prefix}{key}", value(threshold), threshold.grade, threshold.citation))
    return rows


def _on(threshold: Threshold[Any]) -> bool:
    return any(threshold.of(child) not in ("off", 0, []) for child in (True, False))


def _is(threshold: Threshold[Any], name: str) -> bool:
    return any(threshold.of(child) == name for child in (True, False))


def _none(response: Threshold[Any]) -> str:
    if _is(response, "lesser"):
        return "No remission or sufficient fall of proteinuria"
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
    precedence = (
        " If both the clinic and the diary have a day, the diary counts." if _is(urine.same_day, "diary") else ""
    )
    days = _consecutive(urine.home_days, "day")
    home = f"home dipsticks on {days}"
    if _on(urine.relapse_window):
        window = f"{urine.home_days.of(True):g} of {urine.relapse_window.of(True):g} consecutive days"
        home = f"home dipsticks on {days} (relapse: on {window})"
    yield ClauseText(
        "urine",
        f"Remission: {clear}. "
        f"Relapse: UPCR {high} {value(urine.relapse_upcr)}, or dipstick at least {value(urine.relapse_band)}. "
        f"Either requires {home}, or {_consecutive(urine.clinic_readings, 'clinic reading')}. "
        f"If a day has both a ratio and a dipstick, the ratio counts.{precedence}",
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
    yield from _lesser_response(d)
    amounts = [a for a in (steroid.adequate_per_kg, steroid.adequate_per_m2, steroid.adequate_cap) if _on(a)]
    doses = [a for a in (steroid.alternate_per_kg, steroid.alternate_per_m2, steroid.alternate_cap) if _on(a)]
    least = f"at least {_percent(steroid.adequate_tolerance)} of"
    sentence = f"A dose is adequate if it is {least} {lowest(list(map(value, amounts)))}."
    if doses:
        sentence += f" A dose on alternate days is adequate if it is {least} {lowest(list(map(value, doses)))}"
        after = f", after {value(steroid.alternate_after)} of treatment" if _on(steroid.alternate_after) else ""
        sentence += f"{after}."
    if steroid.longest_break.of(True) > 1 or steroid.longest_break.of(False) > 1:
        sentence += f" Doses at most {value(steroid.longest_break)} apart are one course."
    yield ClauseText("steroid", sentence, _rows(steroid))


def _lesser_response(d: DefinitionSet) -> Iterator[ClauseText]:
    lesser = d.lesser_response
    if not any(d.accepts("lesser", child) for child in (True, False)):
        return
    ways = []
    if _on(lesser.upcr):
        ways.append(f"UPCR {LIMITS[lesser.limit.of(True)]} {value(lesser.upcr)}")
    if _on(lesser.fall):
        ways.append(f"UPCR at least {_percent(lesser.fall)} below the highest since the last remission")
    if _on(lesser.band_below):
        ways.append(f"dipstick below {value(lesser.band_below)}")
    yield ClauseText("lesser response", f"Sufficient fall of proteinuria: {', or '.join(ways)}.", _rows(lesser))


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
    if _is(r.after_other_agent, "not_counted"):
        sentence += " A response after another drug was added in the course does not count."
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
        partial = _is(dependence.response, "partial")
        sentence = (
            f"At least {value(dependence.relapses)}{' after complete or partial remission,' if partial else ''} during "
            "the taper, at a dose above maintenance, treated with a higher dose within "
            f"{value(dependence.raise_within)} and in {'complete or partial ' if partial else ''}remission within "
            f"{value(dependence.effective_within)} of the increase. A relapse at the maintenance dose or a lower one "
            "does not count."
        )
        skip = ("off_days", "consecutive", "schedules", "days_before")
        yield ClauseText("dependence", sentence, _rows(dependence, skip=skip))
    elif _is(dependence.rule, "on_steroid"):
        consecutive = _is(dependence.consecutive, "consecutive")
        relapses = _consecutive(dependence.relapses, "relapse") if consecutive else value(dependence.relapses)
        every = set(dependence.schedules.of(True)) == set(vocabulary.SCHEDULES)
        schedules = "" if every else f" {' or '.join(SCHEDULES[name] for name in dependence.schedules.of(True))}"
        days = value(dependence.days_before)
        since = f", begun at least {days} before," if dependence.days_before.of(True) > 1 else ""
        off = f"or within {value(dependence.off_days)} of stopping it"
        sentence = f"{relapses} during steroid therapy{schedules}{since} {off}."
        yield ClauseText(
            "dependence", sentence, _rows(dependence, skip=("raise_within", "effective_within", "response"))
        )
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
        agent = ""
        if _is(persistence.other_agent, "required"):
            days = value(persistence.other_agent_days)
            agent = f" that included {'' if days == '1 day' else f'{days} of '}a drug other than steroid"
        if _on(persistence.adequate_days):
            agent += f"{' and' if agent else ' that included'} {value(persistence.adequate_days)} of adequate steroid"
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
        if _is(agents.calcineurin_relapses, "counts"):
            sentence += " A relapse under the drug is judged in the same way, from its first day."
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

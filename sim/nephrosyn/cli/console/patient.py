"""One patient: description, course, record, and the verdict clause by clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table
from nephrosyn.vocabulary import STEROID, clause_name, plain_name

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.criteria import Evidence, Verdict

SHOWN = {"upcr": "UPCR mg/mg", "dipstick": "dipstick", "albumin": "albumin g/dL", "creatinine": "creatinine mg/dL"}
NUMBERS = range(3, 3 + len(SHOWN))
REFRACTORY = {
    (True, True): "refractory",
    (True, False): "pseudo-refractory",
    (True, None): "refractory, true or pseudo-refractory undetermined",
    (False, None): "not refractory",
    (None, None): "undetermined whether refractory",
}
OUTSIDE = {"other_age": "outside the set (age)", "other_lesion": "outside the set (lesion)"}
"""Reasons why a set does not apply to a patient, who then has no category."""
COURSE_GAP_DAYS = 100
"""Infusions further apart than this belong to different courses."""
WORDS = {
    "biopsy": vocabulary.LESIONS,
    "steroid_toxicity": vocabulary.TOXICITIES,
    "agent_toxicity": vocabulary.AGENT_TOXICITIES,
    "complication_treated": vocabulary.CONDITIONS,
    "genetic_result": ("no genetic form", "genetic form"),
    "contraindication_treated": vocabulary.CONTRAINDICATIONS,
    "death": vocabulary.CONDITIONS,
    **dict.fromkeys(("provoking_factor_found", "provoking_factor_removed"), vocabulary.PROVOKING_FACTORS),
    **dict.fromkeys(
        ("agent_started", "agent_in_effect", "agent_effect_ends", "agent_stopped", "agent_failed"), vocabulary.DRUGS
    ),
}
"""The vocabulary that the value of an event is a code of."""
Rows = Mapping[str, "pl.DataFrame"]


def case(tables: Rows, verdict: Verdict) -> None:
    """Print one patient.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        The patient's rows of each table.
    verdict : Verdict
        The verdict to print.
    """
    say(vocabulary.NOTICE)
    say()
    prose(person(tables))
    say()
    heading("course: what happened")
    table(("day", "event", ""), course(tables), right=(0,))
    say()
    heading("record: what was recorded")
    table(("day", "visit", "steroid", *SHOWN.values()), record(tables), right=(0, *NUMBERS))
    others = (("other drugs", agents(tables)), ("home diary", diary(tables)), ("conditions noted", conditions(tables)))
    for title, lines in others:
        if lines:
            say()
            heading(title)
            table(("", "", ""), lines, right=(0,))
    say()
    print_verdict(verdict)


def person(tables: Rows) -> str:
    """Return a one-line description of the patient."""
    row = tables["patients"].row(0, named=True)
    lesion = f"{plain_name(row['lesion'])} (biopsy day {row['biopsy_days']})" if row["lesion"] else "not biopsied"
    truth = tables["truth/traits"].row(0, named=True).get("lesion")
    known = f"; in truth {plain_name(truth)}" if truth and truth != row["lesion"] else ""
    end = tables["follow_up"].row(0, named=True)
    return (
        f"patient {row['patient']}, replicate {row['replicate']}: {row['sex']}, "
        f"{row['age_at_onset_years']:.1f} years at onset, {row['weight_kg']:.0f} kg, "
        f"{row['height_cm']:.0f} cm; {lesion}{known}; record ends on day {end['end_days']} "
        f"({plain_name(end['reason'])})"
    )


def course(tables: Rows) -> list[tuple[str, ...]]:
    """Return a row for each event: day, name and value."""
    rows = tables["truth/events"].iter_rows(named=True)
    return [
        (f"{row['time_days']:.1f}", plain_name(row["event"]), event_value(row["event"], row["value"]))
        for row in rows
        if not row["event"].endswith("window_ends")
    ]


def event_value(event: str, value: float | None) -> str:
    """Return the value of an event in words: the reading or albumin, or the term that its code stands for."""
    if value is None:
        return ""
    if event.startswith("declared"):
        return f"UPCR {value:.3g} mg/mg"
    if event in vocabulary.COMPLICATIONS:
        return f"albumin {value:.1f} g/dL"
    return plain_name(WORDS[event][int(value)]) if event in WORDS else ""


def record(tables: Rows) -> list[tuple[str, ...]]:
    """Return a row for each visit: day, kind, steroid dose, and readings."""
    readings = {(row["visit"], row["analyte"]): row for row in tables["readings"].iter_rows(named=True)}
    rows = []
    for visit in tables["visits"].iter_rows(named=True):
        if visit["missed"]:
            rows.append((str(visit["planned_days"]), f"{visit['kind']}, missed", *("" for _ in range(1 + len(SHOWN)))))
            continue
        shown = (reading(readings.get((visit["visit"], analyte))) for analyte in SHOWN)
        rows.append((str(visit["actual_days"]), visit["kind"], steroid(tables["doses"], visit["actual_days"]), *shown))
    return rows


def reading(row: Mapping[str, Any] | None) -> str:
    """Return a result as text."""
    if row is None:
        return "-"
    if row["analyte"] == "dipstick":
        return vocabulary.DIPSTICK_BANDS[int(row["value"])]
    return f"{'<' if row['below_limit'] else ''}{row['value']:g}"


def steroid(doses: pl.DataFrame, day: int) -> str:
    """Return the dose of steroid prescribed on a day."""
    for row in doses.iter_rows(named=True):
        if row["drug"] == STEROID and row["first_days"] <= day <= row["last_days"]:
            every = "" if row["schedule"] == "daily" else " on alternate days"
            return f"{row['dose_mg']:g} mg{every}"
    return "none"


def agents(tables: Rows) -> list[tuple[str, ...]]:
    """Return a row for each course of a drug other than steroid; infusions that follow each other are one course."""
    end = tables["follow_up"].row(0, named=True)["end_days"]
    courses: list[list[dict[str, Any]]] = []
    for row in tables["doses"].iter_rows(named=True):
        if row["drug"] == STEROID:
            continue
        same = [course for course in courses if course[-1]["drug"] == row["drug"]][-1:]
        if same and goes_on(same[0][-1], row):
            same[0].append(row)
        else:
            courses.append([row])
    return [described_course(course, end) for course in courses]


def goes_on(before: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether an infusion belongs to the course of the one before it."""
    near: bool = row["first_days"] - before["last_days"] <= COURSE_GAP_DAYS
    return near and before["schedule"] == row["schedule"] == "single"


def described_course(course: Sequence[Mapping[str, Any]], end: int) -> tuple[str, str, str]:
    """Return a course of a drug: first day, last day, drug and doses."""
    first, last = course[0]["first_days"], course[-1]["last_days"]
    until = "" if first == last else f"to {last}"
    doses = sorted({float(row["dose_mg"]) for row in course})
    amount = f"{doses[0]:g} mg" if len(doses) == 1 else f"{doses[0]:g} to {doses[-1]:g} mg"
    if course[0]["schedule"] == "single":
        given = f"{len(course)} infusion{'s' if len(course) > 1 else ''} of {amount}"
    else:
        given = f"{amount} {'on alternate days' if course[0]['schedule'] == 'alternate_day' else course[0]['schedule']}"
        given += ", ongoing at the end of the record" if last >= end else ""
    return f"day {first}", until, f"{plain_name(course[0]['drug'])}, {given}"


def diary(tables: Rows) -> list[tuple[str, ...]]:
    """Return a row for each interval with the same home dipstick grade."""
    rows = tables["diary"].iter_rows(named=True)
    return [(f"day {row['first_days']}", f"to {row['last_days']}", row["grade"]) for row in rows]


def conditions(tables: Rows) -> list[tuple[str, ...]]:
    """Return a row for each condition noted: day, name, kind, and the action on steroid."""
    rows = tables["conditions"].iter_rows(named=True)
    return [
        (f"day {row['noted_days']}", plain_name(row["condition"]), condition_kind(row["kind"], row["action"]))
        for row in rows
    ]


def condition_kind(kind: str, action: str) -> str:
    """Return the kind of a condition, and the action on steroid, if any."""
    named = "" if kind == "infection" else vocabulary.KIND_NAMES[kind]
    return ", ".join(filter(None, (named, "" if action == "none" else f"steroid {vocabulary.ACTION_NAMES[action]}")))


def print_verdict(verdict: Verdict) -> None:
    """Print the verdict: category, refractory or not, and each clause with the rows of the record that support it."""
    heading(f"verdict: {verdict.criteria} criteria, {verdict.view} record")
    since = "" if verdict.first_met_days is None else f", first met on day {verdict.first_met_days}"
    refractory = REFRACTORY[verdict.refractory, verdict.refractory_kind]
    say(outside(verdict) or f"{plain_name(verdict.category)}; {refractory}{since}{refractory_kind(verdict)}")
    if verdict.provoking:
        table(
            ("", "", ""), [(days(row), f"reversible cause: {row.text}", f"({row.table})") for row in verdict.provoking]
        )
    if why := not_for(verdict):
        say()
        prose(why)
        return
    for clause in verdict.clauses:
        if clause.status == "not defined":
            continue
        say()
        day = "" if clause.days is None else f" on day {clause.days}"
        heading(f"{clause_name(clause.name)}: {clause.status}{day}")
        prose(clause.sentence)
        if clause.evidence:
            table(("", "", ""), [(days(row), row.text, f"({row.table})") for row in clause.evidence])


def not_for(verdict: Verdict) -> str:
    """Return why a set cannot classify a patient at all; empty if it can."""
    from nephrosyn.criteria.explanation.verdict import NOT_CLASSIFIED

    clauses = [clause for clause in verdict.clauses if clause.status != "not defined"]
    return clauses[0].sentence if clauses and all(clause.reason in NOT_CLASSIFIED for clause in clauses) else ""


def outside(verdict: Verdict) -> str:
    """Return that a set does not apply to a patient, as a run counts such patients; empty if it may apply."""
    clauses = [clause for clause in verdict.clauses if clause.status != "not defined"]
    return OUTSIDE.get(clauses[0].reason, "") if not_for(verdict) else ""


def refractory_kind(verdict: Verdict) -> str:
    """Return whether the record shows refractory disease to be pseudo-refractory; no record can exclude it."""
    if verdict.refractory_kind is None:
        return ""
    if verdict.refractory_kind:
        return "; the record gives no evidence of pseudo-refractory disease"
    return (
        f"; a reversible cause of apparent resistance was noted, and remission followed on day {verdict.answered_days}"
    )


def days(row: Evidence) -> str:
    """Return the days of a row of evidence."""
    return f"  day {row.first_days}" + (f" to {row.last_days}" if row.last_days != row.first_days else "")

"""One patient in full: who, what happened, what was written down, and the verdict clause by clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table
from nephrosyn.vocabulary import STEROID

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.criteria import Evidence, Verdict

SHOWN = {"upcr": "UPCR mg/mg", "dipstick": "dipstick", "albumin": "albumin g/dL", "creatinine": "creatinine mg/dL"}
NUMBERS = range(3, 3 + len(SHOWN))
REFRACTORY = {
    (True, True): "refractory",
    (True, False): "falsely refractory",
    (True, None): "refractory, truly or falsely cannot be judged",
    (False, None): "not refractory",
    (None, None): "whether refractory cannot be judged",
}
NOT_JUDGED = ("other_age", "other_lesion", "age_not_known", "lesion_not_known", "impossible")
COURSE_GAP_DAYS = 100
"""Infusions further apart than this are told as courses of their own."""
WORDS = {
    "biopsy": vocabulary.LESIONS,
    "steroid_toxicity": vocabulary.TOXICITIES,
    "agent_toxicity": vocabulary.AGENT_TOXICITIES,
    "complication_treated": vocabulary.CONDITIONS,
    **dict.fromkeys(("provoking_factor_found", "provoking_factor_removed"), vocabulary.PROVOKING_FACTORS),
    **dict.fromkeys(
        ("agent_started", "agent_in_effect", "agent_effect_ends", "agent_stopped", "agent_failed"), vocabulary.DRUGS
    ),
}
"""The vocabulary that the number of an event stands in."""
Rows = Mapping[str, "pl.DataFrame"]


def case(mine: Rows, verdict: Verdict) -> None:
    """Print one patient.

    Parameters
    ----------
    mine : mapping of str to polars.DataFrame
        The patient's rows of each table.
    verdict : Verdict
        The judgement to print.
    """
    say(vocabulary.NOTICE)
    say()
    prose(person(mine))
    say()
    heading("course: what happened")
    table(("day", "event", ""), course(mine), right=(0,))
    say()
    heading("record: what was written down")
    table(("day", "visit", "steroid", *SHOWN.values()), record(mine), right=(0, *NUMBERS))
    others = (("other drugs", agents(mine)), ("home diary", diary(mine)), ("conditions noted", conditions(mine)))
    for title, lines in others:
        if lines:
            say()
            heading(title)
            table(("", "", ""), lines, right=(0,))
    say()
    judgement(verdict)


def plain(name: str | None) -> str:
    """Return a term as it is spoken."""
    return vocabulary.PLAIN_NAMES.get(name or "", (name or "").replace("_", " "))


def clause_name(name: str) -> str:
    """Return a clause in words."""
    return vocabulary.CLAUSE_NAMES.get(name) or plain(name)


def person(mine: Rows) -> str:
    """Return who the patient is, in one line."""
    row = mine["patients"].row(0, named=True)
    lesion = f"{plain(row['lesion'])} (biopsy day {row['biopsy_days']})" if row["lesion"] else "not biopsied"
    truth = mine["truth/traits"].row(0, named=True).get("lesion")
    known = f"; in truth {plain(truth)}" if truth and truth != row["lesion"] else ""
    end = mine["follow_up"].row(0, named=True)
    return (
        f"patient {row['patient']}, replicate {row['replicate']}: {row['sex']}, "
        f"{row['age_at_onset_years']:.1f} years at onset, {row['weight_kg']:.0f} kg, "
        f"{row['height_cm']:.0f} cm; {lesion}{known}; record ends on day {end['end_days']} ({plain(end['reason'])})"
    )


def course(mine: Rows) -> list[tuple[str, ...]]:
    """Return a row for each thing that happened: day, event, and what the event says."""
    rows = mine["truth/events"].iter_rows(named=True)
    return [
        (f"{row['time_days']:.1f}", plain(row["event"]), said(row["event"], row["value"]))
        for row in rows
        if not row["event"].endswith("window_ends")
    ]


def said(event: str, value: float | None) -> str:
    """Return what an event says beyond its name: the reading or albumin with it, or the word its number stands for."""
    if value is None:
        return ""
    if event.startswith("declared"):
        return f"UPCR {value:.3g} mg/mg"
    if event in vocabulary.COMPLICATIONS:
        return f"albumin {value:.1f} g/dL"
    return plain(WORDS[event][int(value)]) if event in WORDS else ""


def record(mine: Rows) -> list[tuple[str, ...]]:
    """Return a row for each visit: day, kind, steroid of that day, and the readings."""
    readings = {(row["visit"], row["analyte"]): row for row in mine["readings"].iter_rows(named=True)}
    found = []
    for visit in mine["visits"].iter_rows(named=True):
        if visit["missed"]:
            found.append((str(visit["planned_days"]), f"{visit['kind']}, missed", *("" for _ in range(1 + len(SHOWN)))))
            continue
        shown = (reading(readings.get((visit["visit"], analyte))) for analyte in SHOWN)
        found.append((str(visit["actual_days"]), visit["kind"], steroid(mine["doses"], visit["actual_days"]), *shown))
    return found


def reading(row: Mapping[str, Any] | None) -> str:
    """Return a result as it would stand in a letter."""
    if row is None:
        return "-"
    if row["analyte"] == "dipstick":
        return vocabulary.DIPSTICK_BANDS[int(row["value"])]
    return f"{'<' if row['below_limit'] else ''}{row['value']:g}"


def steroid(doses: pl.DataFrame, day: int) -> str:
    """Return the dose of steroid prescribed on a day."""
    for row in doses.iter_rows(named=True):
        if row["drug"] == STEROID and row["first_days"] <= day <= row["last_days"]:
            every = "" if row["schedule"] == "daily" else " alternate days"
            return f"{row['dose_mg']:g} mg{every}"
    return "none"


def agents(mine: Rows) -> list[tuple[str, ...]]:
    """Return a row for each run of tablets of a drug other than steroid, and for each course of infusions."""
    end = mine["follow_up"].row(0, named=True)["end_days"]
    courses: list[list[dict[str, Any]]] = []
    for row in mine["doses"].iter_rows(named=True):
        if row["drug"] == STEROID:
            continue
        same = [course for course in courses if course[-1]["drug"] == row["drug"]][-1:]
        if same and goes_on(same[0][-1], row):
            same[0].append(row)
        else:
            courses.append([row])
    return [told(course, end) for course in courses]


def goes_on(before: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether an infusion belongs to the course of the one before it."""
    near: bool = row["first_days"] - before["last_days"] <= COURSE_GAP_DAYS
    return near and before["schedule"] == row["schedule"] == "single"


def told(course: Sequence[Mapping[str, Any]], end: int) -> tuple[str, str, str]:
    """Return a course of a drug: first day, last day, the drug with its doses."""
    first, last = course[0]["first_days"], course[-1]["last_days"]
    until = "" if first == last else f"to {last}"
    doses = sorted({float(row["dose_mg"]) for row in course})
    amount = f"{doses[0]:g} mg" if len(doses) == 1 else f"{doses[0]:g} to {doses[-1]:g} mg"
    if course[0]["schedule"] == "single":
        given = f"{len(course)} infusion{'s' if len(course) > 1 else ''} of {amount}"
    else:
        given = f"{amount} {course[0]['schedule'].replace('_', ' ')}"
        given += ", still taken at the end of the record" if last >= end else ""
    return f"day {first}", until, f"{plain(course[0]['drug'])}, {given}"


def diary(mine: Rows) -> list[tuple[str, ...]]:
    """Return a row for each run of days with the same home dipstick."""
    rows = mine["diary"].iter_rows(named=True)
    return [(f"day {row['first_days']}", f"to {row['last_days']}", row["grade"]) for row in rows]


def conditions(mine: Rows) -> list[tuple[str, ...]]:
    """Return a row for each condition noted: day, name, of what kind it is and what it did to the steroid."""
    rows = mine["conditions"].iter_rows(named=True)
    return [(f"day {row['noted_days']}", plain(row["condition"]), meant(row["kind"], row["action"])) for row in rows]


def meant(kind: str, action: str) -> str:
    """Return of what kind a condition is, and what it did to the steroid if it did anything."""
    named = "" if kind == "infection" else vocabulary.KIND_NAMES[kind]
    return ", ".join(filter(None, (named, "" if action == "none" else f"steroid {action}")))


def judgement(verdict: Verdict) -> None:
    """Print the verdict: category, whether refractory, and each clause with the dated rows it rests on."""
    heading(f"verdict: {verdict.criteria} criteria, {verdict.view} record")
    since = "" if verdict.first_met_days is None else f", first met on day {verdict.first_met_days}"
    say(f"{plain(verdict.category)}; {REFRACTORY[verdict.refractory, verdict.refractory_kind]}{since}{truly(verdict)}")
    if verdict.provoking:
        table(
            ("", "", ""), [(days(row), f"provoking factor: {row.text}", f"({row.table})") for row in verdict.provoking]
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
    """Return why a set cannot judge a patient at all, in words; nothing if it can."""
    clauses = [clause for clause in verdict.clauses if clause.status != "not defined"]
    return clauses[0].sentence if clauses and all(clause.reason in NOT_JUDGED for clause in clauses) else ""


def truly(verdict: Verdict) -> str:
    """Return whether the record shows refractory disease to be falsely so; that it is not, no record can show."""
    if verdict.refractory_kind is None:
        return ""
    if verdict.refractory_kind:
        return "; nothing noted shows it to be falsely so"
    return f"; a provoking factor was noted, and remission followed on day {verdict.answered_days}"


def days(row: Evidence) -> str:
    """Return the days a row of evidence speaks of."""
    return f"  day {row.first_days}" + (f" to {row.last_days}" if row.last_days != row.first_days else "")

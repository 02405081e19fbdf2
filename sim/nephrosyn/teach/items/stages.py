"""A case in stages: onset, weeks of treatment, the first relapse, the end; each asked on what has been shown so far."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.criteria import DefinitionSet
from nephrosyn.teach.display import record_tables
from nephrosyn.teach.display.spelling import spelled
from nephrosyn.teach.items import case, questions
from nephrosyn.teach.items.feedback import Judgement
from nephrosyn.teach.model import Case, Question, Section, Stage, Table

STAGE_DAYS = (28, 56, 84)
"""Days of treatment after which a staged case stops and asks."""
FEWEST_DAYS_BETWEEN = 14


def stops(judged: Judgement) -> list[int]:
    """Return the days at which a staged case stops: first visit, weeks of treatment, first relapse, the end."""
    frames = judged.frames
    first, end = record_tables.first_day(frames), judged.end
    start = min(frames["doses"]["first_days"].to_list(), default=first)
    days = {first, *(start + after for after in STAGE_DAYS), *judged.relapses[:1]}
    kept = [first]
    for day in sorted(days):
        if kept[-1] + FEWEST_DAYS_BETWEEN <= day <= end - FEWEST_DAYS_BETWEEN:
            kept.append(day)
    return [*kept, end]


def staged(record: case.Frames, definition: DefinitionSet, ident: str, look: case.Look) -> Case | None:
    """Make a case in stages, each asked on what has been shown up to then."""
    shown = case.show(record, definition, ident, look)
    days = stops(shown.judged)
    if len(days) < 3 or not shown.judged.verdict.episodes:
        return None
    found = look.margin(ident, shown.judged)
    stages: list[Stage] = []
    before: list[Section] = []
    for place, day in enumerate(days):
        now = case.show(record_tables.until(shown.judged.frames, day), definition, ident, look).sections
        fresh = list(now) if place == 0 else _fresh(before, now, day, look)
        before += fresh
        judged = case.judge(before, definition, look.units)
        last = place == len(days) - 1
        extra = [case.definition_section(definition, judged, look)] if place == 0 else []
        if last and look.figures:
            extra = [*extra, case.timeline(judged, ident, look)]
        asked = _asked(judged, ident, place, last, case.near_of(found))
        stages.append(Stage(title=f"Up to day {day}", sections=(*fresh, *extra), questions=tuple(asked)))
    return case.case_of("staged", shown, found, stages, ident, look)


def _asked(judged: Judgement, ident: str, place: int, last: bool, near: list[str]) -> list[Question]:
    name = f"stage-{place + 1}"
    if last:
        return [questions.category(judged, ident, near, name)]
    if place % 2 and judged.verdict.episodes:
        return [questions.state(judged, ident, name)]
    dose = questions.per_kg(judged, ident, name) if place == 0 else None
    return [dose or questions.clause(judged, questions.pivotal(judged, near), ident, name)]


def _fresh(before: Sequence[Section], now: Sequence[Section], day: int, look: case.Look) -> list[Section]:
    """Return what has been added since: new rows, and rows that say something else."""
    old = {row for one in before for table in one.tables for row in _tagged(table)}
    made: list[Section] = []
    for section in now:
        tables = []
        for table in section.tables:
            rows = tuple(row for row in table.rows if (table.caption, *row) not in old)
            if rows:
                tables.append(table.model_copy(update={"rows": rows}))
        if section.heading == "Patient":
            words = f"The record goes on to day {day}. What is new or has changed is shown."
            made.append(Section(heading="Patient", paragraphs=(spelled(words, look.spelling),), tables=tuple(tables)))
        elif tables:
            made.append(Section(heading=section.heading, tables=tuple(tables), distractor=section.distractor))
    return made


def _tagged(table: Table) -> list[tuple[str, ...]]:
    return [(table.caption, *row) for row in table.rows]

"""A case in stages: onset, weeks of treatment, first relapse, end; each has a question on the record so far."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.criteria import DefinitionSet
from nephrosyn.teach.display import record_tables
from nephrosyn.teach.display.spelling import spelled
from nephrosyn.teach.items import case, questions
from nephrosyn.teach.items.feedback import ClassifiedRecord
from nephrosyn.teach.model import Case, Question, Section, Stage, Table

STAGE_DAYS = (28, 56, 84)
"""Days after the start of treatment at which a staged case asks a question."""
FEWEST_DAYS_BETWEEN = 14


def stops(classified: ClassifiedRecord) -> list[int]:
    """Return the last day of each stage: first visit, weeks of treatment, first relapse, end of the record."""
    frames = classified.frames
    first, end = record_tables.first_day(frames), classified.end
    start = min(frames["doses"]["first_days"].to_list(), default=first)
    days = {first, *(start + after for after in STAGE_DAYS), *classified.relapses[:1]}
    selected = [first]
    for day in sorted(days):
        if selected[-1] + FEWEST_DAYS_BETWEEN <= day <= end - FEWEST_DAYS_BETWEEN:
            selected.append(day)
    return [*selected, end]


def staged(
    record: record_tables.Frames, definition: DefinitionSet, ident: str, display: case.DisplayOptions
) -> Case | None:
    """Build a case in stages; None if the record is too short or without an episode."""
    shown = case.show(record, definition, ident, display)
    days = stops(shown.classified)
    if len(days) < 3 or not shown.classified.verdict.episodes:
        return None
    distance = display.margin(ident, shown.classified)
    stages: list[Stage] = []
    before: list[Section] = []
    for place, day in enumerate(days):
        now = case.show(record_tables.until(shown.classified.frames, day), definition, ident, display).sections
        fresh = list(now) if place == 0 else _fresh(before, now, day, display)
        before += fresh
        classified = case.classify_displayed(before, definition, display.units)
        last = place == len(days) - 1
        extra = [case.definition_section(definition, classified, display)] if place == 0 else []
        if last and display.figures:
            extra = [*extra, case.timeline(classified, ident, display)]
        stage_questions = _questions(classified, ident, place, last, case.nearest_categories(distance))
        stages.append(Stage(title=f"Up to day {day}", sections=(*fresh, *extra), questions=tuple(stage_questions)))
    return case.assemble_case("staged", shown, distance, stages, ident, display)


def _questions(classified: ClassifiedRecord, ident: str, place: int, last: bool, near: list[str]) -> list[Question]:
    name = f"stage-{place + 1}"
    if last:
        return [questions.category(classified, ident, near, name)]
    if place % 2 and classified.verdict.episodes:
        return [questions.state(classified, ident, name)]
    dose = questions.per_kg(classified, ident, name) if place == 0 else None
    return [dose or questions.clause(classified, questions.pivotal(classified, near), ident, name)]


def _fresh(before: Sequence[Section], now: Sequence[Section], day: int, display: case.DisplayOptions) -> list[Section]:
    """Return what is new since the last stage: new rows and rows that have changed."""
    old = {row for section in before for table in section.tables for row in _tagged(table)}
    sections: list[Section] = []
    for section in now:
        tables = []
        for table in section.tables:
            rows = tuple(row for row in table.rows if (table.caption, *row) not in old)
            if rows:
                tables.append(table.model_copy(update={"rows": rows}))
        if section.heading == "Patient":
            words = f"The record now runs to day {day}. Only new and changed entries are shown."
            sections.append(
                Section(heading="Patient", paragraphs=(spelled(words, display.spelling),), tables=tuple(tables))
            )
        elif tables:
            sections.append(Section(heading=section.heading, tables=tuple(tables), distractor=section.distractor))
    return sections


def _tagged(table: Table) -> list[tuple[str, ...]]:
    return [(table.caption, *row) for row in table.rows]

"""Rules on one case: whether what it shows is sufficient and needed, and whether it gives the key away."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.teach.display import record_tables
from nephrosyn.teach.display.sections import DEFINITION, HEADINGS
from nephrosyn.teach.display.units import unit_of
from nephrosyn.teach.lint.grammar import slips
from nephrosyn.teach.lint.png import text_chunks
from nephrosyn.teach.lint.solver import expected_keys
from nephrosyn.teach.model import Case, Figure, UnitSystem, keys_of

WORDS_OF_A_LABEL = re.compile(
    r"resistan|dependen|relaps|intoleran|undetermined|remitting|refractory|" + "|".join(vocabulary.CATEGORIES)
)
NEEDED = (record_tables.PERSON, record_tables.URINE, record_tables.DIARY, record_tables.DOSES, record_tables.NOTED)
"""Tables that clauses read; all others must be marked as distractors."""
Rule = Callable[[Case, UnitSystem, Mapping[str, DefinitionSet]], Iterator[str]]


def key_on_record(case: Case, units: UnitSystem, sets: Mapping[str, DefinitionSet]) -> Iterator[str]:
    """At every stage, the key is the answer of the definition set on the displayed record."""
    missing = [name for name in case.criteria.split(", ") if name not in sets]
    if missing:
        yield f"unknown definition set {', '.join(missing)}; name its file (criteria)"
        return
    try:
        expected = expected_keys(case, units, sets)
    except (KeyError, ValueError, IndexError, StopIteration) as error:
        yield f"the displayed record cannot be read back: {error!r}"
        return
    for place, (key, right) in enumerate(zip(keys_of(case), expected, strict=True)):
        if key != right:
            yield f"question {place + 1}: the key is {_key_text(key)}, the record says {_key_text(right)}"


def _key_text(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def used(case: Case, units: UnitSystem, sets: Mapping[str, DefinitionSet]) -> Iterator[str]:
    """Everything shown is needed by a clause or marked as a distractor."""
    for stage in case.stages:
        for section in stage.sections:
            if section.heading not in HEADINGS:
                yield f"unknown section: {section.heading}"
            for table in section.tables:
                if table.caption not in NEEDED and not section.distractor:
                    yield f"table “{table.caption}” is not needed by any clause and not marked as a distractor"
                if table.caption in NEEDED and section.distractor:
                    yield f"table “{table.caption}” is marked as a distractor, but clauses read it"


def units_present(case: Case, units: UnitSystem, sets: Mapping[str, DefinitionSet]) -> Iterator[str]:
    """Results have the units of the system and reference ranges; every row has one cell for each column."""
    unit_by_name = {name: unit_of(analyte, units) for analyte, name in record_tables.NAMES.items()}
    for stage in case.stages:
        for table in (table for section in stage.sections for table in section.tables):
            if any(len(row) != len(table.columns) for row in table.rows):
                yield f"table “{table.caption}”: a row of the wrong length"
                continue
            for place, column in enumerate(table.columns):
                if column.name not in unit_by_name:
                    continue
                if column.unit != unit_by_name[column.name]:
                    yield f"{column.name}: expected {unit_by_name[column.name] or 'no unit'}, got {column.unit!r}"
                # The range of creatinine in children depends on their age, and is not shown.
                needed = column.name != record_tables.NAMES["creatinine"]
                if needed and not column.reference and any(row[place] for row in table.rows):
                    yield f"{column.name}: no reference range"


def no_leak(case: Case, units: UnitSystem, sets: Mapping[str, DefinitionSet]) -> Iterator[str]:
    """Nothing outside the record gives the category away: ids, titles, tags, names, texts and metadata of pictures."""
    figures = [figure for stage in case.stages for section in stage.sections for figure in section.figures]
    around = {"id": case.id, "title": case.title, "tag": " ".join(tag for tag in case.tags if tag != case.kind)}
    around |= {f"stage {k + 1}": stage.title for k, stage in enumerate(case.stages)}
    for number, figure in enumerate(figures, 1):
        around[f"name of picture {number}"] = figure.name
        around[f"alternative text of picture {number}"] = figure.alt
        around[f"text of picture {number}"] = " ".join(re.findall(r">([^<]+)<", _svg(figure)))
        yield from _metadata(figure)
    for where, text in around.items():
        if hit := WORDS_OF_A_LABEL.search(text.lower()):
            yield f"“{hit[0]}” in the {where}"
    prose = [
        text
        for stage in case.stages
        for section in stage.sections
        if section.heading != DEFINITION
        for text in section.paragraphs
    ]
    for text in prose:
        if hit := WORDS_OF_A_LABEL.search(text.lower()):
            yield f"“{hit[0]}” in the text: {text[:40]!r}"
    if not re.fullmatch(r"c[0-9a-f]{12}", case.id):
        yield f"the id is not blinded: {case.id}"


def _svg(figure: Figure) -> str:
    return base64.b64decode(figure.svg_base64).decode()


def _metadata(figure: Figure) -> Iterator[str]:
    try:
        chunks = text_chunks(base64.b64decode(figure.png_base64))
    except ValueError as error:
        yield f"the picture is {error}"
    else:
        if chunks:
            yield f"the picture contains metadata: {', '.join(chunks)}"
    if "<metadata" in _svg(figure) and re.search(r"<dc:(date|creator)>", _svg(figure)):
        yield "the picture contains its date or creator"


def definition_shown(case: Case, units: UnitSystem, sets: Mapping[str, DefinitionSet]) -> Iterator[str]:
    """Each definition set is shown in words."""
    texts = [section.paragraphs for stage in case.stages for section in stage.sections if section.heading == DEFINITION]
    for name in case.criteria.split(", "):
        if not any(f"“{name}”" in paragraph[0] for paragraph in texts if paragraph):
            yield f"definition set “{name}” is not shown in words"


def language(case: Case, units: UnitSystem, sets: Mapping[str, DefinitionSet]) -> Iterator[str]:
    """Paragraphs, summary and margin have no mechanical slips of language."""
    for stage in case.stages:
        for section in stage.sections:
            for text in section.paragraphs:
                yield from slips(text)
    yield from slips(case.summary)
    yield from slips(case.margin)


RECORD_RULES: dict[str, Rule] = {
    "key-on-record": key_on_record,
    "shown-is-used": used,
    "units-and-ranges": units_present,
    "no-leak": no_leak,
    "definition-shown": definition_shown,
    "prose": language,
}
"""Rules on one case, by id."""

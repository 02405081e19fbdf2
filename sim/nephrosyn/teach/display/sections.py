"""A record as sections in the order of a clinician's letter."""

from __future__ import annotations

from nephrosyn.criteria import DefinitionSet
from nephrosyn.teach.display import record_tables
from nephrosyn.teach.display.definition_text import paragraphs
from nephrosyn.teach.display.narrative import at_first_visit, facts, first_results, wording
from nephrosyn.teach.display.spelling import listed, sentence, spelled, to_words
from nephrosyn.teach.model import Section, Spelling, Table, UnitSystem

DEFINITION = "Definition set"
HEADINGS = (
    "Patient",
    "Presenting complaint",
    "History",
    "Examination",
    "Urine tests",
    "Other blood tests",
    "Home diary",
    "Treatment",
    "Later course",
    "Timeline",
    DEFINITION,
)
"""Headings of the sections, in order."""

SIMULATED = "Day 0 is the onset of the disease. Symptoms, oedema and blood pressure are not simulated."


def sections(frames: record_tables.Frames, ident: str, units: UnitSystem) -> list[Section]:
    """Return a record as sections, without picture and definition sets.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        A patient's observed tables.
    ident : str
        Id of the case, which decides the wordings.
    units : {"conventional", "si"}
        System of units.
    """
    fill = facts(frames)
    urine = record_tables.urine(frames, units)
    first = first_results(urine)
    complaint = wording("complaint", ident, first_results=first) if first else wording("complaint_unknown", ident)
    known = at_first_visit(frames)
    history = wording("history", ident, conditions=listed([to_words(name) for name in known])) if known else ""
    shown = [
        Section(
            heading="Patient",
            paragraphs=(wording("patient", ident, **fill), SIMULATED),
            tables=(record_tables.person(frames),),
        ),
        Section(heading="Presenting complaint", paragraphs=(complaint,)),
        Section(heading="History", paragraphs=(history or wording("history_none", ident),)),
        Section(heading="Examination", paragraphs=(wording("examination", ident, **fill),), distractor=True),
    ]
    if urine.rows:
        shown.append(Section(heading="Urine tests", paragraphs=(wording("tests", ident),), tables=(urine,)))
    blood = record_tables.blood(frames, units)
    if blood.rows:
        paragraph = wording("blood", ident)
        shown.append(Section(heading="Other blood tests", paragraphs=(paragraph,), tables=(blood,), distractor=True))
    diary = record_tables.diary(frames)
    if diary.rows:
        shown.append(Section(heading="Home diary", paragraphs=(wording("diary", ident),), tables=(diary,)))
    return [*shown, _treatment(frames, ident), _course(frames, ident, fill)]


def _treatment(frames: record_tables.Frames, ident: str) -> Section:
    table = record_tables.doses(frames)
    if not table.rows:
        return Section(heading="Treatment", paragraphs=(wording("treatment_none", ident),))
    day, _, drug, dose, schedule, _ = table.rows[0]
    filled = {"started": day, "drug": drug, "Drug": sentence(drug), "dose": dose, "schedule": schedule}
    return Section(heading="Treatment", paragraphs=(wording("treatment", ident, **filled),), tables=(table,))


def _course(frames: record_tables.Frames, ident: str, fill: dict[str, object]) -> Section:
    table = record_tables.noted(frames)
    ending = wording("ending", ident, **fill)
    if not table.rows:
        return Section(heading="Later course", paragraphs=(f"{wording('noted_none', ident)} {ending}",))
    return Section(heading="Later course", paragraphs=(ending, wording("noted", ident)), tables=(table,))


def definition_section(definition: DefinitionSet, units: UnitSystem, *, child: bool) -> Section:
    """Return a definition set in words, as a section."""
    name = f"The definition set “{definition.name}” reads as follows."
    return Section(heading=DEFINITION, paragraphs=(name, *paragraphs(definition, units, child=child)))


def in_spelling(section: Section, spelling: Spelling) -> Section:
    """Return a section in a spelling: its prose and the cells of its tables."""

    def table(content: Table) -> Table:
        rows = tuple(tuple(spelled(text, spelling) for text in row) for row in content.rows)
        return content.model_copy(update={"rows": rows})

    return section.model_copy(
        update={
            "paragraphs": tuple(spelled(text, spelling) for text in section.paragraphs),
            "tables": tuple(table(content) for content in section.tables),
        }
    )

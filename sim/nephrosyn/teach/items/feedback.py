"""Feedback on answers: the clauses that are met or not, with the dated rows of the displayed record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria import Clause, DefinitionSet, Evidence, Verdict
from nephrosyn.teach.display import units as scales
from nephrosyn.teach.display.definition_text import clause_name, in_units
from nephrosyn.teach.display.record_tables import Frames
from nephrosyn.teach.display.spelling import listed, sentence, to_words
from nephrosyn.teach.model import UnitSystem
from nephrosyn.vocabulary import UNDETERMINED

FLAG_OF_CATEGORY = {
    "steroid_resistant": "resistant",
    "steroid_dependent": "dependent",
    "frequently_relapsing": "frequent",
    "steroid_intolerant": "intolerant",
    "non_remitting": "non_remitting",
}
NOT_DEFINED = "not defined"
MOST_EVIDENCE = 8
STATUS_WORDS = {"met": "is met", "not met": "is not met", "cannot be judged": "cannot be judged"}


@dataclass(frozen=True)
class ClassifiedRecord:
    """A displayed record with its verdict by one definition set.

    Attributes
    ----------
    frames : mapping of str to polars.DataFrame
        Tables parsed from the displayed record.
    verdict : Verdict
        Verdict of the definition set.
    definition : DefinitionSet
        The definition set.
    units : {"conventional", "si"}
        System of units of the display.
    """

    frames: Frames
    verdict: Verdict
    definition: DefinitionSet
    units: UnitSystem

    @property
    def end(self) -> int:
        """Last day of the record."""
        return int(self.frames["follow_up"]["end_days"][0])

    @property
    def clauses(self) -> list[Clause]:
        """The clauses that the set defines and that can decide the category."""
        flags = self.definition.verdict.precedence.of(child=False)
        return [clause for clause in self.verdict.clauses if clause.status != NOT_DEFINED and clause.flag in flags]

    @property
    def categories(self) -> list[str]:
        """The categories that the set can assign."""
        flags = self.definition.verdict.precedence.of(child=False)
        return [name for name in vocabulary.CATEGORIES if FLAG_OF_CATEGORY.get(name) in (None, *flags)]

    @property
    def relapses(self) -> list[int]:
        """First day of each relapse."""
        return [episode.start_days for episode in self.verdict.episodes if episode.start_days is not None]

    def span(self) -> str:
        """The days of the record, in words."""
        first = min(self.frames["readings"]["taken_days"].to_list(), default=0)
        return f"from day {first} to day {self.end}"


def for_category(category: str, record: ClassifiedRecord) -> str:
    """Return the feedback on one category.

    Parameters
    ----------
    category : str
        One of `vocabulary.CATEGORIES`.
    record : ClassifiedRecord
        The classified record.

    Returns
    -------
    str
        Sentences that cite days of the record.
    """
    key = record.verdict.category
    right = category == key
    begin = "Correct. " if right else "Not correct. "
    flag = FLAG_OF_CATEGORY.get(category)
    if flag:
        return begin + _of_flag(flag, record, right)
    return begin + {"undetermined": _undetermined, "infrequently_relapsing": _relapses, "non_relapsing": _relapses}[
        category
    ](record, category)


def _of_flag(flag: str, record: ClassifiedRecord, right: bool) -> str:
    clauses = [clause for clause in record.clauses if clause.flag == flag]
    met = [clause for clause in clauses if clause.status == "met"]
    if right:
        return " ".join(clause_answer(clause, record) for clause in met)
    if met:
        precedence = f"But {named(record.verdict.category)} takes precedence in this set: {because(record)}."
        return f"{clause_answer(met[0], record)} {precedence}"
    return " ".join(clause_answer(clause, record) for clause in clauses)


def _relapses(record: ClassifiedRecord, category: str) -> str:
    days = record.relapses
    seen = f"{_there_were(len(days))}, on {on_days(days)}" if days else f"there was no relapse {record.span()}"
    key = record.verdict.category
    if key == category:
        return f"{sentence(seen)}, and no clause of the set is met {record.span()}. {_relapse_clauses(record)}"
    if key in ("infrequently_relapsing", "non_relapsing"):
        return f"{sentence(seen)}."
    return f"{sentence(seen)}; but {because(record)}."


def _undetermined(record: ClassifiedRecord, category: str) -> str:
    unknown = [clause for clause in record.clauses if clause.status == "cannot be judged"]
    if record.verdict.category == category:
        return f"No clause is met {record.span()}, and at least one clause cannot be judged. " + " ".join(
            clause_answer(clause, record) for clause in unknown
        )
    if FLAG_OF_CATEGORY.get(record.verdict.category):
        return f"The record is sufficient: {because(record)}."
    return f"Every clause can be judged on the record {record.span()}, and none is met."


def because(record: ClassifiedRecord) -> str:
    """Return why the record has its category, as a clause of a sentence."""
    flag = FLAG_OF_CATEGORY.get(record.verdict.category)
    if flag:
        met = next(clause for clause in record.clauses if clause.flag == flag and clause.status == "met")
        return f"the clause {quoted(met.name)} is met on day {met.days}"
    if record.verdict.category == UNDETERMINED:
        return f"not every clause can be judged on the record {record.span()}"
    return f"no clause is met on the record {record.span()}"


def named(category: str) -> str:
    """Return a category in quotation marks."""
    return f"“{to_words(category)}”"


def clause_answer(clause: Clause, record: ClassifiedRecord) -> str:
    """Return whether a clause is met, why, and the rows of the record that support it."""
    day = f" on day {clause.days}" if clause.days is not None else ""
    words = f"The clause {quoted(clause.name)} {STATUS_WORDS[clause.status]}{day}: {lowered(clause.sentence)}"
    words = in_units(words, record.units)
    rows = evidence(clause, record)
    if rows:
        return f"{words} In the record: {'; '.join(rows)}."
    return words if re.search(r"\bdays? \d", words) else f"{words[:-1]}, {record.span()}."


def quoted(name: str) -> str:
    """Return the name of a clause in quotation marks.

    Examples
    --------
    >>> quoted("frequent_n6")
    '“relapses in 6 months”'
    """
    return f"“{lowered(clause_name(name))}”"


def lowered(text: str) -> str:
    """Return a sentence with a small first letter, unless it begins with an abbreviation."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def evidence(clause: Clause, record: ClassifiedRecord) -> list[str]:
    """Return the displayed rows that support a clause, one text a day for urine; of many the first and the last."""
    together: dict[tuple[str, str], list[str]] = {}
    for number, row in enumerate(clause.evidence):
        days = f"day {row.first_days}" + (f" to {row.last_days}" if row.last_days != row.first_days else "")
        texts = together.setdefault((days, row.table if row.table == "readings" else str(number)), [])
        if (text := _row(row, record)) not in texts:
            texts.append(text)
    rows = list(dict.fromkeys(f"{days}, {' and '.join(texts)}" for (days, _), texts in together.items()))
    if len(rows) <= MOST_EVIDENCE:
        return rows
    return [*rows[: MOST_EVIDENCE - 3], *rows[-3:]]


def _row(row: Evidence, record: ClassifiedRecord) -> str:
    if row.table == "readings" and row.text.startswith("UPCR"):
        rows = record.frames["readings"].filter(
            pl.col("taken_days") == row.first_days, pl.col("analyte").cast(pl.String) == "upcr"
        )
        text = scales.displayed_value("upcr", rows["value"][0], record.units, below=bool(rows["below_limit"][0]))
        return f"UPCR {text} {scales.unit_of('upcr', record.units)}"
    return row.text


def _there_were(count: int) -> str:
    return "there was 1 relapse" if count == 1 else f"there were {count} relapses"


def on_days(days: Sequence[int]) -> str:
    """Return some days in words.

    Examples
    --------
    >>> on_days([255]), on_days([255, 422, 625])
    ('day 255', 'days 255, 422 and 625')
    """
    return f"day{'s' if len(days) > 1 else ''} {listed([str(day) for day in days])}"


def _relapse_clauses(record: ClassifiedRecord) -> str:
    """Return the answers of the first two clauses on relapses."""
    clauses = [clause for clause in record.clauses if clause.flag in ("frequent", "dependent")]
    return " ".join(clause_answer(clause, record) for clause in clauses[:2])

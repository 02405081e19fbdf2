"""Why an answer is right or wrong: the clause it meets or fails, and the dated rows as displayed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria import Clause, DefinitionSet, Evidence, Verdict
from nephrosyn.teach.display import units as scales
from nephrosyn.teach.display.definition_text import clause_name, in_units
from nephrosyn.teach.display.record_tables import Frames
from nephrosyn.teach.display.spelling import listed, sentence, spoken
from nephrosyn.teach.model import UnitSystem

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
class Judgement:
    """A displayed record with its verdict.

    Attributes
    ----------
    frames : mapping of str to polars.DataFrame
        What was parsed from the display.
    verdict : Verdict
        Of the definition set on it.
    definition : DefinitionSet
        The set.
    units : {"conventional", "si"}
        As displayed.
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
        """The clauses the set defines and that can name a category."""
        flags = self.definition.verdict.precedence.of(child=False)
        return [one for one in self.verdict.clauses if one.status != NOT_DEFINED and one.flag in flags]

    @property
    def categories(self) -> list[str]:
        """The categories the set can give."""
        flags = self.definition.verdict.precedence.of(child=False)
        return [name for name in vocabulary.CATEGORIES if FLAG_OF_CATEGORY.get(name) in (None, *flags)]

    @property
    def relapses(self) -> list[int]:
        """First day of each relapse."""
        return [one.start_days for one in self.verdict.episodes if one.start_days is not None]

    def span(self) -> str:
        """The days of the urine record."""
        first = min(self.frames["readings"]["taken_days"].to_list(), default=0)
        return f"from day {first} to day {self.end}"


def for_category(category: str, case: Judgement) -> str:
    """Return the feedback on one category.

    Parameters
    ----------
    category : str
        One of `vocabulary.CATEGORIES`.
    case : Judgement
        The record judged.

    Returns
    -------
    str
        Sentences that cite days of the record.
    """
    key = case.verdict.category
    right = category == key
    begin = "Correct. " if right else "Not correct. "
    flag = FLAG_OF_CATEGORY.get(category)
    if flag:
        return begin + _of_flag(flag, case, right)
    return begin + {"undetermined": _undetermined, "infrequently_relapsing": _relapses, "non_relapsing": _relapses}[
        category
    ](case, category)


def _of_flag(flag: str, case: Judgement, right: bool) -> str:
    mine = [one for one in case.clauses if one.flag == flag]
    met = [one for one in mine if one.status == "met"]
    if right:
        return " ".join(told(one, case) for one in met)
    if met:
        return f"{told(met[0], case)} But the set names {named(case.verdict.category)} first, {because(case)}."
    return " ".join(told(one, case) for one in mine)


def _relapses(case: Judgement, category: str) -> str:
    days = case.relapses
    seen = (
        f"{_count(len(days))} began, on {listed([f'day {day}' for day in days])}"
        if days
        else f"no relapse is seen {case.span()}"
    )
    key = case.verdict.category
    if key == category:
        return f"{sentence(seen)}, and no clause of the set is met {case.span()}. {_short(case)}"
    if key in ("infrequently_relapsing", "non_relapsing"):
        return f"{sentence(seen)}."
    return f"{sentence(seen)}; but {because(case)}."


def _undetermined(case: Judgement, category: str) -> str:
    unknown = [one for one in case.clauses if one.status == "cannot be judged"]
    if case.verdict.category == category:
        return f"No clause is met {case.span()}, and something stays open. " + " ".join(
            told(one, case) for one in unknown
        )
    if FLAG_OF_CATEGORY.get(case.verdict.category):
        return f"The record is enough: {because(case)}."
    return f"Every clause can be answered on the record {case.span()}: none is met."


def because(case: Judgement) -> str:
    """Return in half a sentence why the key is the key."""
    flag = FLAG_OF_CATEGORY.get(case.verdict.category)
    if flag:
        met = next(one for one in case.clauses if one.flag == flag and one.status == "met")
        return f"the clause {quoted(met.name)} is met on day {met.days}"
    if case.verdict.category == "undetermined":
        return f"not every clause can be judged on the record {case.span()}"
    return f"no clause is met on the record {case.span()}"


def named(category: str) -> str:
    """Return a category in a sentence."""
    return f"“{spoken(category)}”"


def told(clause: Clause, case: Judgement) -> str:
    """Return the answer of a clause, why, and the rows it rests on."""
    day = f" on day {clause.days}" if clause.days is not None else ""
    words = f"The clause {quoted(clause.name)} {STATUS_WORDS[clause.status]}{day}: {lowered(clause.sentence)}"
    words = in_units(words, case.units)
    rows = evidence(clause, case)
    if rows:
        return f"{words} In the record: {'; '.join(rows)}."
    return words if re.search(r"\bday \d", words) else f"{words[:-1]}, {case.span()}."


def quoted(name: str) -> str:
    """Return a clause within a sentence.

    Examples
    --------
    >>> quoted("frequent_n6")
    '“relapses in 6 months”'
    """
    return f"“{lowered(clause_name(name))}”"


def lowered(text: str) -> str:
    """Return a sentence to stand after a colon; abbreviations keep their capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def evidence(clause: Clause, case: Judgement) -> list[str]:
    """Return what a clause rests on, as displayed, one text for the urine of a day; of many the first and last ones."""
    together: dict[tuple[str, str], list[str]] = {}
    for number, one in enumerate(clause.evidence):
        days = f"day {one.first_days}" + (f" to {one.last_days}" if one.last_days != one.first_days else "")
        mine = together.setdefault((days, one.table if one.table == "readings" else str(number)), [])
        if (text := _row(one, case)) not in mine:
            mine.append(text)
    rows = list(dict.fromkeys(f"{days}, {' and '.join(texts)}" for (days, _), texts in together.items()))
    if len(rows) <= MOST_EVIDENCE:
        return rows
    return [*rows[: MOST_EVIDENCE - 3], *rows[-3:]]


def _row(one: Evidence, case: Judgement) -> str:
    if one.table == "readings" and one.text.startswith("UPCR"):
        rows = case.frames["readings"].filter(
            pl.col("taken_days") == one.first_days, pl.col("analyte").cast(pl.String) == "upcr"
        )
        text = scales.shown("upcr", rows["value"][0], case.units, below=bool(rows["below_limit"][0]))
        return f"UPCR {text} {scales.unit_of('upcr', case.units)}"
    return one.text


def _count(count: int) -> str:
    return "1 relapse" if count == 1 else f"{count} relapses"


def _short(case: Judgement) -> str:
    """Return the answers of the clauses on relapses, in short."""
    mine = [one for one in case.clauses if one.flag in ("frequent", "dependent")]
    return " ".join(told(one, case) for one in mine[:2])

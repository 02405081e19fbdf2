"""Questions on a classified record, each with its key and feedback on every option."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.teach.display.definition_text import clause_name
from nephrosyn.teach.display.narrative import wording
from nephrosyn.teach.display.spelling import sentence, to_words
from nephrosyn.teach.items.feedback import (
    FLAG_OF_CATEGORY,
    ClassifiedRecord,
    clause_answer,
    for_category,
    on_days,
    quoted,
)
from nephrosyn.teach.keyed_choice import choose, shuffled
from nephrosyn.teach.model import Choice, Matching, Numeric, Option, Pair

OPTIONS = 5
STATUSES = {"met": "Met", "not met": "Not met", "cannot be judged": "Cannot be judged"}
STATES = (
    "First episode, not yet in remission",
    "In remission, no relapse so far",
    "In relapse",
    "In remission after relapse",
)
DOSE_TOLERANCE_MG_PER_KG = 0.03


def options(texts: Sequence[tuple[str, str]], right: set[str], ident: str, question: str) -> tuple[Option, ...]:
    """Return options in an order that depends on the case only; the right ones share the credit.

    Parameters
    ----------
    texts : sequence of (str, str)
        Text and feedback of each option.
    right : set of str
        Texts of the right options.
    ident, question : str
        Ids of case and question.
    """
    credit = 1 / len(right)
    order = shuffled(texts, ident, question, "order")
    return tuple(
        Option(id="abcdefghij"[place], text=text, credit=credit if text in right else 0.0, feedback=why)
        for place, (text, why) in enumerate(order)
    )


def category(record: ClassifiedRecord, ident: str, near: Sequence[str] = (), question: str = "category") -> Choice:
    """Ask for the category.

    Parameters
    ----------
    record : ClassifiedRecord
        The record.
    ident : str
        Id of the case.
    near : sequence of str
        Categories that a small edit would lead to; the first is always among the options.
    question : str
        Id of the question.
    """
    key = record.verdict.category
    others = [name for name in record.categories if name != key]
    first = [name for name in near if name in others][:1]
    rest = shuffled((name for name in others if name not in first), ident, question)
    offered = [key, *first, *rest][:OPTIONS]
    offered = [name for name in record.categories if name in offered]
    texts = [(sentence(to_words(name)), for_category(name, record)) for name in offered]
    stem = wording("category", ident, set=record.definition.name)
    return Choice(
        kind="single", id=question, stem=stem, options=options(texts, {sentence(to_words(key))}, ident, question)
    )


def state_of(record: ClassifiedRecord) -> str:
    """Return the state of the disease at the end of a record."""
    episodes = record.verdict.episodes
    active = episodes[-1].remission_days is None
    if len(episodes) == 1:
        return STATES[0] if active else STATES[1]
    return STATES[2] if active else STATES[3]


def state(record: ClassifiedRecord, ident: str, question: str) -> Choice:
    """Ask for the state of the disease at the end of a record."""
    key = state_of(record)
    why = episodes_text(record)
    # Without a remission the patient is still in the first episode.
    before = {STATES[2]: " A relapse can only begin after a remission, and none is seen."} if key == STATES[0] else {}
    texts = [(text, f"{'Correct' if text == key else 'Not correct'}. {why}{before.get(text, '')}") for text in STATES]
    stem = wording("state", ident, set=record.definition.name, day=record.end)
    return Choice(kind="single", id=question, stem=stem, options=options(texts, {key}, ident, question))


def episodes_text(record: ClassifiedRecord) -> str:
    """Return the episodes of the disease in words, with their days."""
    parts = []
    for episode in record.verdict.episodes:
        begun = "The first episode" if episode.start_days is None else f"The relapse of day {episode.start_days}"
        if episode.remission_days is not None:
            parts.append(f"{begun} ended in remission on day {episode.remission_days}.")
        else:
            seen = (
                f" and was last seen to be active on day {episode.last_ill_days}"
                if episode.last_ill_days is not None
                else ""
            )
            parts.append(f"{begun} had not ended by day {record.end}{seen}.")
    if state_of(record) == STATES[1]:
        parts.append("No relapse is seen after it.")
    return " ".join(parts)


def _verdict(text: str, key: str) -> str:
    if text == key:
        return "Correct."
    return (
        "Not correct: the record is sufficient to decide." if text == STATUSES["cannot be judged"] else "Not correct."
    )


def clause(record: ClassifiedRecord, name: str, ident: str, question: str) -> Choice:
    """Ask whether one clause is met on the record so far."""
    asked_clause = next(clause for clause in record.clauses if clause.name == name)
    key = STATUSES[asked_clause.status]
    why = clause_answer(asked_clause, record)
    texts = [(text, f"{_verdict(text, key)} {why}") for text in STATUSES.values()]
    stem = wording("clause", ident, set=record.definition.name, day=record.end, clause=quoted(name))
    return Choice(kind="single", id=question, stem=stem, options=options(texts, {key}, ident, question))


def numeric(record: ClassifiedRecord, ident: str) -> Numeric | None:
    """Ask for the number of relapses, the day a clause is met, or a dose per kilogram; None if none of them exists."""
    candidates = [
        candidate
        for candidate in (_relapses(record, ident), _met_day(record, ident), per_kg(record, ident))
        if candidate is not None
    ]
    return choose(candidates, ident, "numeric") if candidates else None


def numeric_answer(question: Numeric) -> str:
    """Return the full answer to a numeric question."""
    unit = f" {question.unit}" if question.unit else ""
    return f"The answer is {question.value:g}{unit}. {question.feedback_right.removeprefix('Correct. ')}"


def _relapses(record: ClassifiedRecord, ident: str) -> Numeric | None:
    episodes = record.verdict.episodes
    if not episodes or episodes[0].remission_days is None:
        return None
    first = episodes[0].remission_days
    last = min(first + 365, record.end)
    days = [day for day in record.relapses if first <= day <= last]
    begun = "The relapse" if len(days) == 1 else "The relapses"
    relapse_days = f"{begun} began on {on_days(days)}." if days else "There was no relapse."
    why = f"The first remission was on day {first}. {relapse_days}"
    return Numeric(
        id="relapses",
        stem=wording("relapses", ident, set=record.definition.name, first=first, last=last),
        value=len(days),
        tolerance=0,
        feedback_right=f"Correct. {why}",
        feedback_wrong=f"Not correct: the number is {len(days)}. {why}",
    )


def _met_day(record: ClassifiedRecord, ident: str) -> Numeric | None:
    met = [clause for clause in record.clauses if clause.status == "met" and clause.days is not None]
    if not met:
        return None
    clause = choose(met, ident, "clause")
    why = clause_answer(clause, record)
    return Numeric(
        id="met-day",
        stem=wording("met_day", ident, set=record.definition.name, clause=quoted(clause.name)),
        value=float(clause.days or 0),
        tolerance=0,
        feedback_right=f"Correct. {why}",
        feedback_wrong=f"Not correct. {why}",
    )


def per_kg(record: ClassifiedRecord, ident: str, question: str = "dose") -> Numeric | None:
    """Ask for the dose per kilogram in one dosing period; None if there is no dose with a weight."""
    rows = [row for row in record.frames["doses"].iter_rows(named=True) if row["dosing_weight_kg"]]
    if not rows:
        return None
    run = choose(rows, ident, "run")
    dose, weight = run["dose_mg"], run["dosing_weight_kg"]
    dosing_day = "" if run["schedule"] == "daily" else " (a dosing day)"
    first, last = run["first_days"], run["last_days"]
    days = f"day {first}" if first == last else f"day {first} to {last}"
    why = f"From {days}: {dose:g} mg / {weight:g} kg = {dose / weight:.2f} mg/kg."
    return Numeric(
        id=question,
        stem=wording("per_kg", ident, drug=to_words(run["drug"]), day=first, dosing_day=dosing_day),
        value=round(dose / weight, 2),
        tolerance=DOSE_TOLERANCE_MG_PER_KG,
        unit="mg/kg",
        feedback_right=f"Correct. {why}",
        feedback_wrong=f"Not correct. {why}",
    )


def matching(record: ClassifiedRecord, ident: str) -> Matching | None:
    """Ask for the answer of each clause; None if all clauses have the same answer."""
    pairs = tuple(
        Pair(premise=clause_name(clause.name), answer=STATUSES[clause.status], feedback=clause_answer(clause, record))
        for clause in shuffled(record.clauses, ident, "matching")
    )
    given = {pair.answer for pair in pairs}
    if len(given) < 2:
        return None
    spare = tuple(text for text in STATUSES.values() if text not in given)
    return Matching(
        id="matching", stem=wording("matching", ident, set=record.definition.name), pairs=pairs, spare=spare
    )


def pivotal(record: ClassifiedRecord, near: Sequence[str]) -> str:
    """Return the decisive clause: of the category, or else of the nearest category; one that is met comes first."""
    for name in (record.verdict.category, *near):
        flag = FLAG_OF_CATEGORY.get(name)
        clauses = [clause for clause in record.clauses if clause.flag == flag]
        if clauses:
            return next((clause.name for clause in clauses if clause.status == "met"), clauses[0].name)
    return record.clauses[0].name


def disagreement(records: Sequence[ClassifiedRecord], ident: str) -> Choice:
    """Ask by which definition sets the disease is refractory."""
    texts, right = [], set()
    for record in records:
        name = record.definition.name
        refractory = record.verdict.refractory
        counted = record.definition.verdict.refractory.of(child=False)
        counting = [clause for clause in record.clauses if clause.flag in counted]
        met = [clause for clause in counting if clause.status == "met"]
        why = " ".join(clause_answer(clause, record) for clause in (met or counting))
        verdict = "The disease is refractory." if refractory else "The disease is not refractory."
        texts.append((name, f"{verdict} {why}"))
        if refractory:
            right.add(name)
    shown_options = options(texts, right, ident, "sets")
    return Choice(kind="multiple", id="sets", stem=wording("disagreement", ident), options=shown_options)

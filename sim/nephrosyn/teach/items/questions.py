"""Questions on one judged record, each with its key and the reasons of every option."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.teach.display.definition_text import clause_name
from nephrosyn.teach.display.narrative import said
from nephrosyn.teach.display.spelling import listed, sentence, spoken
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY, Judgement, for_category, quoted, told
from nephrosyn.teach.keyed_choice import choose, shuffled
from nephrosyn.teach.model import Choice, Matching, Numeric, Option, Pair

OPTIONS = 5
STATUSES = {"met": "Met", "not met": "Not met", "cannot be judged": "Not yet clear"}
STATES = (
    "First episode, no remission seen",
    "In remission, no relapse so far",
    "In relapse",
    "In remission after relapse",
)
DOSE_TOLERANCE_MG_PER_KG = 0.03


def options(texts: Sequence[tuple[str, str]], right: set[str], ident: str, question: str) -> tuple[Option, ...]:
    """Return options in an order that depends on the case alone; right ones share the credit.

    Parameters
    ----------
    texts : sequence of (str, str)
        Text and feedback.
    right : set of str
        Texts that are right.
    ident, question : str
        Ids of case and question.
    """
    credit = 1 / len(right)
    order = shuffled(texts, ident, question, "order")
    return tuple(
        Option(id="abcdefghij"[place], text=text, credit=credit if text in right else 0.0, feedback=why)
        for place, (text, why) in enumerate(order)
    )


def category(case: Judgement, ident: str, near: Sequence[str] = (), question: str = "category") -> Choice:
    """Ask for the category.

    Parameters
    ----------
    case : Judgement
        The record.
    ident : str
        Id of the case.
    near : sequence of str
        Categories that a small edit would give: the first is offered.
    question : str
        Id of the question.
    """
    key = case.verdict.category
    others = [name for name in case.categories if name != key]
    first = [name for name in near if name in others][:1]
    rest = shuffled((name for name in others if name not in first), ident, question)
    offered = [key, *first, *rest][:OPTIONS]
    offered = [name for name in case.categories if name in offered]
    texts = [(sentence(spoken(name)), for_category(name, case)) for name in offered]
    stem = said("category", ident, set=case.definition.name)
    return Choice(
        kind="single", id=question, stem=stem, options=options(texts, {sentence(spoken(key))}, ident, question)
    )


def state_of(case: Judgement) -> str:
    """Return the state of the urine at the end of a record."""
    episodes = case.verdict.episodes
    ill = episodes[-1].remission_days is None
    if len(episodes) == 1:
        return STATES[0] if ill else STATES[1]
    return STATES[2] if ill else STATES[3]


def state(case: Judgement, ident: str, question: str) -> Choice:
    """Ask for the state of the urine at the end of a record."""
    key = state_of(case)
    why = episodes_told(case)
    # A relapse needs a remission before it: who is ill without one is in the first episode.
    before = {STATES[2]: " A relapse begins after a remission, and none is seen."} if key == STATES[0] else {}
    texts = [(text, f"{'Correct' if text == key else 'Not correct'}. {why}{before.get(text, '')}") for text in STATES]
    stem = said("state", ident, set=case.definition.name, day=case.end)
    return Choice(kind="single", id=question, stem=stem, options=options(texts, {key}, ident, question))


def episodes_told(case: Judgement) -> str:
    """Return the course in episodes, with days."""
    parts = []
    for one in case.verdict.episodes:
        begun = "The first episode" if one.start_days is None else f"The relapse of day {one.start_days}"
        if one.remission_days is not None:
            parts.append(f"{begun} ended with remission on day {one.remission_days}.")
        else:
            seen = f", last seen ill on day {one.last_ill_days}" if one.last_ill_days is not None else ""
            parts.append(f"{begun} had not ended by day {case.end}{seen}.")
    if state_of(case) == STATES[1]:
        parts.append("No relapse is seen after it.")
    return " ".join(parts)


def _verdict(text: str, key: str) -> str:
    if text == key:
        return "Correct."
    return "Not correct: the record is enough to say." if text == STATUSES["cannot be judged"] else "Not correct."


def clause(case: Judgement, name: str, ident: str, question: str) -> Choice:
    """Ask what the set says of one clause on the record so far."""
    mine = next(one for one in case.clauses if one.name == name)
    key = STATUSES[mine.status]
    why = told(mine, case)
    texts = [(text, f"{_verdict(text, key)} {why}") for text in STATUSES.values()]
    stem = said("clause", ident, set=case.definition.name, day=case.end, clause=quoted(name))
    return Choice(kind="single", id=question, stem=stem, options=options(texts, {key}, ident, question))


def numeric(case: Judgement, ident: str) -> Numeric | None:
    """Ask for a number: relapses, the day a clause is met, or a dose per kilogram; None where there is none to ask."""
    asked = [one for one in (_relapses(case, ident), _met_day(case, ident), per_kg(case, ident)) if one is not None]
    return choose(asked, ident, "numeric") if asked else None


def _relapses(case: Judgement, ident: str) -> Numeric | None:
    episodes = case.verdict.episodes
    if not episodes or episodes[0].remission_days is None:
        return None
    first = episodes[0].remission_days
    last = min(first + 365, case.end)
    days = [day for day in case.relapses if first <= day <= last]
    begun = "The relapse" if len(days) == 1 else "The relapses"
    told_days = f"{begun} began on {listed([f'day {day}' for day in days])}." if days else "No relapse is seen."
    why = f"The first remission is seen on day {first}. {told_days}"
    return Numeric(
        id="relapses",
        stem=said("relapses", ident, set=case.definition.name, first=first, last=last),
        value=len(days),
        tolerance=0,
        feedback_right=f"Correct. {why}",
        feedback_wrong=f"Not correct: {len(days)}. {why}",
    )


def _met_day(case: Judgement, ident: str) -> Numeric | None:
    met = [one for one in case.clauses if one.status == "met" and one.days is not None]
    if not met:
        return None
    one = choose(met, ident, "clause")
    why = told(one, case)
    return Numeric(
        id="met-day",
        stem=said("met_day", ident, set=case.definition.name, clause=quoted(one.name)),
        value=float(one.days or 0),
        tolerance=0,
        feedback_right=f"Correct. {why}",
        feedback_wrong=f"Not correct. {why}",
    )


def per_kg(case: Judgement, ident: str, question: str = "dose") -> Numeric | None:
    """Ask for the dose per kilogram of one run; None without a dose."""
    rows = [row for row in case.frames["doses"].iter_rows(named=True) if row["dosing_weight_kg"]]
    if not rows:
        return None
    run = choose(rows, ident, "run")
    dose, weight = run["dose_mg"], run["dosing_weight_kg"]
    each = "" if run["schedule"] == "daily" else " (a dosing day)"
    first, last = run["first_days"], run["last_days"]
    days = f"day {first}" if first == last else f"day {first} to {last}"
    why = f"From {days}: {dose:g} mg / {weight:g} kg = {dose / weight:.2f} mg/kg."
    return Numeric(
        id=question,
        stem=said("per_kg", ident, drug=spoken(run["drug"]), day=run["first_days"], each=each),
        value=round(dose / weight, 2),
        tolerance=DOSE_TOLERANCE_MG_PER_KG,
        unit="mg/kg",
        feedback_right=f"Correct. {why}",
        feedback_wrong=f"Not correct. {why}",
    )


def matching(case: Judgement, ident: str) -> Matching | None:
    """Ask which answer each clause has; None where all have the same."""
    pairs = tuple(
        Pair(premise=clause_name(one.name), answer=STATUSES[one.status], feedback=told(one, case))
        for one in shuffled(case.clauses, ident, "matching")
    )
    given = {pair.answer for pair in pairs}
    if len(given) < 2:
        return None
    spare = tuple(text for text in STATUSES.values() if text not in given)
    return Matching(id="matching", stem=said("matching", ident, set=case.definition.name), pairs=pairs, spare=spare)


def pivotal(case: Judgement, near: Sequence[str]) -> str:
    """Return the clause the key hangs on: the one met first in precedence, else one that a small edit would turn."""
    for name in (case.verdict.category, *near):
        flag = FLAG_OF_CATEGORY.get(name)
        found = [one for one in case.clauses if one.flag == flag]
        if found:
            return next((one.name for one in found if one.status == "met"), found[0].name)
    return case.clauses[0].name


def disagreement(cases: Sequence[Judgement], ident: str) -> Choice:
    """Ask which definition sets call a record refractory."""
    texts, right = [], set()
    for case in cases:
        name = case.definition.name
        refractory = case.verdict.refractory
        counted = case.definition.verdict.refractory.of(child=False)
        mine = [one for one in case.clauses if one.flag in counted]
        met = [one for one in mine if one.status == "met"]
        why = " ".join(told(one, case) for one in (met or mine))
        verdict = "It calls it refractory." if refractory else "It does not call it refractory."
        texts.append((name, f"{verdict} {why}"))
        if refractory:
            right.add(name)
    chosen = options(texts, right, ident, "sets")
    return Choice(kind="multiple", id="sets", stem=said("disagreement", ident), options=chosen)

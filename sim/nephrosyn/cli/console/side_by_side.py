"""One patient by several definition sets: the verdicts side by side, and the clauses on which they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nephrosyn.cli.console.patient import REFRACTORY, days, not_for, outside
from nephrosyn.cli.console.terminal import heading, prose, say, table
from nephrosyn.vocabulary import clause_name, plain_name

if TYPE_CHECKING:
    from nephrosyn.criteria import Clause, Verdict

SYMBOLS = {"met": "met", "not met": "no", "cannot be judged": "?", "not defined": "-"}
UNDEFINED = "not defined"


def side_by_side(verdicts: Sequence[Verdict]) -> None:
    """Print the verdicts of several sets on one patient, and the clauses on which they disagree.

    Parameters
    ----------
    verdicts : sequence of Verdict
        One for each set, all of the same view.
    """
    heading(f"{len(verdicts)} definition sets side by side, {verdicts[0].view} record")
    table(
        ("set", "category", "refractory", "first met"),
        [(v.criteria, outside(v) or plain_name(v.category), _refractory(v), _day(v.first_met_days)) for v in verdicts],
        right=(3,),
    )
    say()
    heading("answers by clause: day met; no: not met; ?: cannot be judged; -: not defined, or outside the set")
    rows = [row for row in _by_clause(verdicts) if set(row[1:]) != {"-"}]
    numbers = [str(index) for index in range(1, len(verdicts) + 1)]
    table(("clause", *numbers), rows, right=range(1, len(verdicts) + 1))
    prose("Sets: " + ", ".join(f"{n} {v.criteria}" for n, v in zip(numbers, verdicts, strict=True)) + ".")
    for verdict in verdicts:
        if why := not_for(verdict):
            prose(f"{verdict.criteria}: {why}")
    able = [verdict for verdict in verdicts if not not_for(verdict)]
    for name in [clause.name for clause in verdicts[0].clauses]:
        _disagreement(name, able)


def disagree(clauses: Sequence[Clause]) -> bool:
    """Whether sets that define a clause give it different answers."""
    return len({clause.status for clause in clauses if clause.status != UNDEFINED}) > 1


def _refractory(verdict: Verdict) -> str:
    if outside(verdict):
        return "-"
    return REFRACTORY[verdict.refractory, None if verdict.refractory is not True else verdict.refractory_kind].replace(
        "undetermined whether refractory", "undetermined"
    )


def _day(day: int | None) -> str:
    return "" if day is None else f"day {day}"


def _by_clause(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    return [
        (clause_name(clause.name), *("-" if outside(v) else _mark(v.clauses[index]) for v in verdicts))
        for index, clause in enumerate(verdicts[0].clauses)
    ]


def _mark(clause: Clause) -> str:
    return SYMBOLS[clause.status] if clause.days is None else str(clause.days)


def _disagreement(name: str, verdicts: Sequence[Verdict]) -> None:
    """Print the answers to a clause on which sets disagree, each with its reason and supporting rows."""
    answers = [(v.criteria, clause) for v in verdicts for clause in v.clauses if clause.name == name]
    if not disagree([clause for _, clause in answers]):
        return
    groups: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Clause] = {}
    for criteria, clause in answers:
        if clause.status != UNDEFINED:
            key = clause.status, clause.sentence
            groups.setdefault(key, []).append(criteria)
            first.setdefault(key, clause)
    say()
    heading(f"{clause_name(name)}: the sets disagree")
    for key, sets in groups.items():
        status, sentence = key
        prose(f"{status} by {', '.join(sets)}: {sentence}")
        evidence = first[key].evidence
        if evidence:
            table(("", "", ""), [(days(row), row.text, f"({row.table})") for row in evidence])

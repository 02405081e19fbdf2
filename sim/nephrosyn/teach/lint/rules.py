"""Hold cases against the rules of good items; every rule has an id, and says what it found."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from nephrosyn.criteria import DefinitionSet, load, sets
from nephrosyn.errors import CasesError
from nephrosyn.teach.items.answer_keys import keys_of
from nephrosyn.teach.lint.finding import Finding
from nephrosyn.teach.lint.item_rules import ITEM_RULES
from nephrosyn.teach.lint.record_rules import RECORD_RULES
from nephrosyn.teach.model import Case, CaseSet, Choice, UnitSystem

FEWEST_FOR_POSITIONS = 40
POSITION_LEVEL = 1e-4
"""Chance that the position rule speaks of a fair set; at 1,000 items it sees a key that stands in one of five places
in 28 of 100 items instead of 20 nearly always."""
FEWEST_FOR_BALANCE = 20
MOST_OF_ONE_KEY = 0.75
SET_RULES = ("key-position", "order", "balance", "near-duplicate", "duplicate-id", "rounding", "pair")
"""Ids of the rules on a whole set."""


def lint(cases: CaseSet, definitions: Mapping[str, DefinitionSet] | None = None) -> list[Finding]:
    """Return what is wrong with a set of cases.

    Parameters
    ----------
    cases : CaseSet
        In one system of units.
    definitions : mapping of str to DefinitionSet, optional
        The sets by name; shipped ones are found without.

    Returns
    -------
    list of Finding
        Empty for a clean set.
    """
    known = {**_shipped(cases), **(definitions or {})}
    findings: list[Finding] = []
    for case in cases.cases:
        findings += lint_case(case, cases.units, known)
    return [*findings, *_of_set(cases.cases)]


def lint_case(case: Case, units: UnitSystem, definitions: Mapping[str, DefinitionSet]) -> list[Finding]:
    """Return what is wrong with one case."""
    findings = [
        Finding(rule, case.id, text) for rule, check in RECORD_RULES.items() for text in check(case, units, definitions)
    ]
    for question in (question for stage in case.stages for question in stage.questions):
        findings += [
            Finding(rule, case.id, text) for rule, check in ITEM_RULES.items() for text in check(case, question)
        ]
    return findings


def lint_both(
    sets: Mapping[UnitSystem, CaseSet], definitions: Mapping[str, DefinitionSet] | None = None
) -> list[Finding]:
    """Return what is wrong with the same cases in both systems of units, and where the units change a key."""
    findings = [finding for cases in sets.values() for finding in lint(cases, definitions)]
    keys = [{case.id: keys_of(case) for case in by_id.cases} for by_id in sets.values()]
    differ = [
        ident
        for ident in sorted({ident for by_id in keys for ident in by_id})
        if any(by_id.get(ident) != keys[0].get(ident) for by_id in keys)
    ]
    findings += [Finding("rounding", ident, "the key is another one in the other units") for ident in differ]
    return list(dict.fromkeys(findings))


def _shipped(cases: CaseSet) -> dict[str, DefinitionSet]:
    definitions, shipped = {}, sets()
    for name in {name for case in cases.cases for name in case.criteria.split(", ")}:
        if name in shipped:
            definitions[name] = load(name)
    return definitions


def _of_set(cases: Sequence[Case]) -> list[Finding]:
    return [*_positions(cases), *_order(cases), *_balance(cases), *_duplicates(cases), *_pairs(cases)]


def _positions(cases: Sequence[Case]) -> list[Finding]:
    """The key stands in each place as often as in any other."""
    from scipy.stats import chisquare

    counts: dict[int, Counter[int]] = {}
    for question in (question for case in cases for stage in case.stages for question in stage.questions):
        if isinstance(question, Choice) and question.kind == "single":
            place = next((k for k, option in enumerate(question.options) if option.credit > 0), None)
            if place is not None:
                counts.setdefault(len(question.options), Counter())[place] += 1
    findings = []
    for size, seen in sorted(counts.items()):
        total = sum(seen.values())
        if total >= FEWEST_FOR_POSITIONS:
            chance = float(chisquare([seen[place] for place in range(size)]).pvalue)
            if chance < POSITION_LEVEL:
                places = ", ".join(str(seen[place]) for place in range(size))
                findings.append(
                    Finding("key-position", "", f"of {total} keys among {size} options stand in place: {places}")
                )
    return findings


def _order(cases: Sequence[Case]) -> list[Finding]:
    """Cases stand in the order of their blinded ids, which no label can shine through."""
    places = [(min(case.id, case.pair or case.id), case.id) for case in cases]
    return (
        [] if places == sorted(places) else [Finding("order", "", "the cases do not stand in the order of their ids")]
    )


def _balance(cases: Sequence[Case]) -> list[Finding]:
    """No answer can be guessed by answering the same each time."""
    keys = Counter(str(keys_of(case)[-1]) for case in cases if case.kind in ("single", "near-miss"))
    total = sum(keys.values())
    if total < FEWEST_FOR_BALANCE:
        return []
    key, most = keys.most_common(1)[0]
    if most <= MOST_OF_ONE_KEY * total:
        return []
    return [Finding("balance", "", f"{key} is the key of {most} of {total} cases")]


def _duplicates(cases: Sequence[Case]) -> list[Finding]:
    """No id twice, and no record twice among the cases of a kind."""
    findings = [
        Finding("duplicate-id", ident, f"{count} cases have this id")
        for ident, count in Counter(case.id for case in cases).items()
        if count > 1
    ]
    seen: dict[tuple[str, str], str] = {}
    for case in cases:
        tables = [table.rows for stage in case.stages for section in stage.sections for table in section.tables]
        mark = (case.kind, hashlib.sha256(repr(tables).encode()).hexdigest())
        if mark in seen:
            findings.append(Finding("near-duplicate", case.id, f"shows the same record as {seen[mark]}"))
        seen[mark] = case.id
    return findings


def _pairs(cases: Sequence[Case]) -> list[Finding]:
    """The two of a pair are both there, and have different keys."""
    by_id = {case.id: case for case in cases}
    findings = []
    for case in cases:
        if case.pair is None or len(cases) == 1:
            continue
        partner = by_id.get(case.pair)
        if partner is None:
            findings.append(Finding("pair", case.id, "the other one of its pair is missing"))
        elif keys_of(partner) == keys_of(case):
            findings.append(Finding("pair", case.id, "the other one of its pair has the same key"))
    return findings


def refuse(findings: Sequence[Finding]) -> None:
    """Refuse a set with findings.

    Raises
    ------
    CasesError
        With all of them.
    """
    if findings:
        raise CasesError("\n".join(f"{finding.rule} {finding.case or 'set'}: {finding.text}" for finding in findings))

"""Checks of cases by the rules of good items: the rules on a set, and the entry to all of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nephrosyn.criteria import DefinitionSet, load, sets
from nephrosyn.errors import CasesError
from nephrosyn.teach.lint.item_rules import ITEM_RULES
from nephrosyn.teach.lint.record_rules import RECORD_RULES
from nephrosyn.teach.model import Case, CaseSet, Choice, UnitSystem, keys_of

FEWEST_FOR_POSITIONS = 40
POSITION_LEVEL = 1e-4
"""Significance level of the position rule. At 1,000 items the rule nearly always finds a place, one of five, that holds
the key of 28% of the items instead of 20%."""
FEWEST_FOR_BALANCE = 20
MOST_OF_ONE_KEY = 0.75
SET_RULES = ("key-position", "order", "balance", "near-duplicate", "duplicate-id", "rounding", "pair")
"""Ids of the rules on a whole set."""


@dataclass(frozen=True, order=True)
class Finding:
    """A violation of a rule.

    Attributes
    ----------
    rule : str
        Id of the rule.
    case : str
        Id of the case; empty for the whole set.
    text : str
        What is wrong.
    """

    rule: str
    case: str
    text: str


def lint(cases: CaseSet, definitions: Mapping[str, DefinitionSet] | None = None) -> list[Finding]:
    """Return the findings on a set of cases.

    Parameters
    ----------
    cases : CaseSet
        The cases in one system of units.
    definitions : mapping of str to DefinitionSet, optional
        Definition sets by name; shipped sets need not be given.

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
    """Return the findings on one case."""
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
    """Return the findings on the same cases in both systems of units, and where the units change a key."""
    findings = [finding for cases in sets.values() for finding in lint(cases, definitions)]
    keys = [{case.id: keys_of(case) for case in by_id.cases} for by_id in sets.values()]
    differ = [
        ident
        for ident in sorted({ident for by_id in keys for ident in by_id})
        if any(by_id.get(ident) != keys[0].get(ident) for by_id in keys)
    ]
    findings += [Finding("rounding", ident, "the key differs between the systems of units") for ident in differ]
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
    """The key is in each place equally often."""
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
                    Finding(
                        "key-position", "", f"of {total} keys among {size} options, the numbers by place are {places}"
                    )
                )
    return findings


def _order(cases: Sequence[Case]) -> list[Finding]:
    """Cases are in the order of their blinded ids, so that their order gives no category away."""
    places = [(min(case.id, case.pair or case.id), case.id) for case in cases]
    return [] if places == sorted(places) else [Finding("order", "", "the cases are not in the order of their ids")]


def _balance(cases: Sequence[Case]) -> list[Finding]:
    """No single answer is right for most cases."""
    keys = Counter(str(keys_of(case)[-1]) for case in cases if case.kind in ("single", "near-miss"))
    total = sum(keys.values())
    if total < FEWEST_FOR_BALANCE:
        return []
    key, most = keys.most_common(1)[0]
    if most <= MOST_OF_ONE_KEY * total:
        return []
    return [Finding("balance", "", f"{key} is the key of {most} of {total} cases")]


def _duplicates(cases: Sequence[Case]) -> list[Finding]:
    """No id occurs twice, and no record occurs twice among the cases of a kind."""
    findings = [
        Finding("duplicate-id", ident, f"{count} cases have this id")
        for ident, count in Counter(case.id for case in cases).items()
        if count > 1
    ]
    seen: dict[tuple[str, str], str] = {}
    for case in cases:
        tables = [table.rows for stage in case.stages for section in stage.sections for table in section.tables]
        fingerprint = (case.kind, hashlib.sha256(repr(tables).encode()).hexdigest())
        if fingerprint in seen:
            findings.append(Finding("near-duplicate", case.id, f"shows the same record as {seen[fingerprint]}"))
        seen[fingerprint] = case.id
    return findings


def _pairs(cases: Sequence[Case]) -> list[Finding]:
    """Both cases of a pair are in the set and have different keys."""
    by_id = {case.id: case for case in cases}
    findings = []
    for case in cases:
        if case.pair is None or len(cases) == 1:
            continue
        partner = by_id.get(case.pair)
        if partner is None:
            findings.append(Finding("pair", case.id, "the other case of its pair is missing"))
        elif keys_of(partner) == keys_of(case):
            findings.append(Finding("pair", case.id, "the other case of its pair has the same key"))
    return findings


def refuse(findings: Sequence[Finding]) -> None:
    """Raise an error if there are findings.

    Raises
    ------
    CasesError
        If there is any finding; the message lists all of them.
    """
    if findings:
        raise CasesError("\n".join(f"{finding.rule} {finding.case or 'set'}: {finding.text}" for finding in findings))

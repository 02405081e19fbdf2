"""Moves and agreement as plain sentences and short texts."""

from __future__ import annotations

import shlex

from nephrosyn.comparison.definitions.deciding_clauses import Reason
from nephrosyn.comparison.definitions.definition_pair import Chosen
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.findings.verdicts.cross_classification import EVERYBODY
from nephrosyn.report.findings.verdicts.refractory_share import Refractory
from nephrosyn.report.page.definition_sections import aside_sentence
from nephrosyn.report.page.tables import kappa_text
from nephrosyn.report.text import clause_name, interval, number, percent, plain

OTHER_FLAGS = "which flags count as refractory"
OTHER_RULE = "no clause: order of the categories, or relapses counted"


def because(reason: Reason) -> str:
    """Return which clause is responsible for a move, with its answer under the first set and under the second."""
    if not reason.clauses:
        return OTHER_FLAGS if reason.before == reason.after else OTHER_RULE
    return "; ".join(f"{clause_name(name)}: {before} → {after}" for name, before, after in reason.clauses)


def sentence(found: Findings) -> str:
    """Return the answer in a few sentences."""
    return " ".join(filter(None, (_moved(found), _aside(found), _most(found), _agree(found), _refractory(found))))


def _moved(found: Findings) -> str:
    moved, before, after = found.moves.moved, found.before.name, found.after.name
    when = f"when “{after}” takes the place of “{before}” ({found.view} record)"
    if not moved.total:
        return f"Nobody can change category {when}: no patient is in both sets."
    if moved.total == 1:
        return f"The one patient {'changes' if moved.count else 'keeps the'} category {when}."
    if not moved.count:
        return f"None of the {number(moved.total)} patients changes category {when}."
    span = f"{percent(moved.share)}, 95% interval {interval(moved.low, moved.high)}"
    verb = "changes" if moved.count == 1 else "change"
    return f"{number(moved.count)} of the same {number(moved.total)} patients ({span}) {verb} category {when}."


def _aside(found: Findings) -> str:
    return aside_sentence(found.moves.aside, found.moves.patients, found.before.name, found.after.name)


def _most(found: Findings) -> str:
    if not found.moves.largest or found.moves.patients == 1:
        return ""
    flow = found.moves.largest[0]
    reason = next(one for one in found.reasons if (one.before, one.after) == (flow.before, flow.after))
    many = number(flow.of_all.count)
    return f"Most often from {plain(flow.before)} to {plain(flow.after)} ({many}; {because(reason)})."


def _agree(found: Findings) -> str:
    kappa = found.moves.kappas["category", EVERYBODY]
    return f"Cohen's kappa of the categories is {kappa_text(kappa)}." if kappa.patients else ""


def _refractory(found: Findings) -> str:
    """Compare the refractory shares among the same patients; then give each set's share among its own patients."""
    if not found.moves.patients:
        return f"The refractory shares are of different patients and cannot be compared: {_each(found)}."
    before, after = found.moves.refractory
    shares = (
        f"{percent(before.share)} under “{found.before.name}” and {percent(after.share)} under “{found.after.name}”"
    )
    many = found.moves.patients > 1
    who = f"the {number(found.moves.patients)} patients" if many else "the one patient"
    if not found.moves.aside.patients:
        return f"The refractory share of {who} is {shares}; one third is 33.3%."
    common = f"Of {who} to whom both sets may apply, {shares} {'are' if many else 'is'} refractory; one third is 33.3%."
    if found.moves.aside.patients == found.moves.aside.neither:
        return common
    return f"{common} Among the patients of each set, who are not the same: {_each(found)}."


def _each(found: Findings) -> str:
    return " and ".join(_share(one) for one in found.refractory[:2])


def _share(one: Refractory) -> str:
    if not one.patients:
        return f"nobody is in the set “{one.criteria}”"
    return f"{percent(one.share.share)} of {number(one.patients)} are refractory under “{one.criteria}”"


def explain_command(found: Findings, reason: Reason, chosen: Chosen) -> str:
    """Return the command that explains the example of a move under one of the sets."""
    words = ["nephrosyn", "explain", found.place or "RUN", str(reason.patient), "--criteria", chosen.asked]
    words += ["--replicate", str(reason.replicate)] if reason.replicate else []
    words += ["--view", found.view] if found.view != "observed" else []
    return shlex.join(words)

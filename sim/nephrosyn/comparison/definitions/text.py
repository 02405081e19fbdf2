"""Changes of category and agreement in words."""

from __future__ import annotations

import shlex

from nephrosyn.comparison.definitions.deciding_clauses import Reason
from nephrosyn.comparison.definitions.definition_pair import SelectedSet
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.findings.verdicts.cross_classification import EVERYBODY
from nephrosyn.report.findings.verdicts.refractory_share import Refractory
from nephrosyn.report.formatting import interval, number, percent
from nephrosyn.report.page.definition_sections import excluded_sentence
from nephrosyn.report.page.tables import kappa_text
from nephrosyn.vocabulary import clause_name, plain_name

OTHER_FLAGS = "which flags count as refractory"
OTHER_RULE = "no clause: order of the categories, or relapses counted"


def because(reason: Reason) -> str:
    """Return the clauses responsible for a change, with their answers under the first and the second set."""
    if not reason.clauses:
        return OTHER_FLAGS if reason.before == reason.after else OTHER_RULE
    return "; ".join(f"{clause_name(name)}: {before} → {after}" for name, before, after in reason.clauses)


def sentence(findings: Findings) -> str:
    """Return the result in a few sentences."""
    return " ".join(
        filter(None, (_moved(findings), _excluded(findings), _most(findings), _agree(findings), _refractory(findings)))
    )


def _moved(findings: Findings) -> str:
    moved, before, after = findings.moves.moved, findings.before.name, findings.after.name
    when = f"when “{after}” replaces “{before}” ({findings.view} record)"
    if not moved.total:
        return f"Nobody can change category {when}: no patient is in both sets."
    if moved.total == 1:
        return f"The only patient {'changes' if moved.count else 'keeps the same'} category {when}."
    if not moved.count:
        return f"None of the {number(moved.total)} patients changes category {when}."
    span = f"{percent(moved.share)}, 95% interval {interval(moved.low, moved.high)}"
    changes = "changes" if moved.count == 1 else "change"
    return f"{number(moved.count)} of the same {number(moved.total)} patients ({span}) {changes} category {when}."


def _excluded(findings: Findings) -> str:
    return excluded_sentence(
        findings.moves.excluded, findings.moves.patients, findings.before.name, findings.after.name
    )


def _most(findings: Findings) -> str:
    if not findings.moves.largest or findings.moves.patients == 1:
        return ""
    flow = findings.moves.largest[0]
    reason = next(reason for reason in findings.reasons if (reason.before, reason.after) == (flow.before, flow.after))
    many = number(flow.of_all.count)
    before, after = plain_name(flow.before), plain_name(flow.after)
    return f"The most frequent change is from {before} to {after} ({many}; {because(reason)})."


def _agree(findings: Findings) -> str:
    kappa = findings.moves.kappas["category", EVERYBODY]
    return f"Cohen's kappa of the categories is {kappa_text(kappa)}." if kappa.patients else ""


def _refractory(findings: Findings) -> str:
    """Compare the refractory shares among the same patients, then add each set's share among its own patients."""
    if not findings.moves.patients:
        shares = _shares_of_both(findings)
        return f"The refractory shares are of different patients and cannot be compared: {shares}."
    names = (findings.before.name, findings.after.name)
    pairs = zip(findings.moves.refractory, names, strict=True)
    shares = " and ".join(f"{percent(share.share)} under “{name}”" for share, name in pairs)
    many = findings.moves.patients > 1
    who = f"the {number(findings.moves.patients)} patients" if many else "the only patient"
    if not findings.moves.excluded.patients:
        return f"The refractory share of {who} is {shares}; one third is 33.3%."
    common = f"Of {who} to whom both sets may apply, {shares} {'are' if many else 'is'} refractory; one third is 33.3%."
    if findings.moves.excluded.patients == findings.moves.excluded.neither:
        return common
    return f"{common} Among each set's own patients: {_shares_of_both(findings)}."


def _shares_of_both(findings: Findings) -> str:
    return " and ".join(_share(verdict) for verdict in findings.refractory[:2])


def _share(verdict: Refractory) -> str:
    if not verdict.patients:
        return f"no patient is in the set “{verdict.criteria}”"
    return f"{percent(verdict.share.share)} of {number(verdict.patients)} are refractory under “{verdict.criteria}”"


def explain_command(findings: Findings, reason: Reason, selected: SelectedSet) -> str:
    """Return the command that explains the example patient of a change under one of the sets."""
    words = ["nephrosyn", "explain", findings.place or "RUN", str(reason.patient), "--criteria", selected.requested]
    words += ["--replicate", str(reason.replicate)] if reason.replicate else []
    words += ["--view", findings.view] if findings.view != "observed" else []
    return shlex.join(words)

"""Changes of category and agreement in words."""

from __future__ import annotations

import math
import shlex

from nephrosyn.comparison.definitions import draws
from nephrosyn.comparison.definitions.deciding_clauses import Reason
from nephrosyn.comparison.definitions.definition_pair import SelectedSet
from nephrosyn.comparison.definitions.draws import Quantity
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.findings.verdicts.cross_classification import EVERYBODY
from nephrosyn.report.findings.verdicts.refractory_share import Refractory
from nephrosyn.report.formatting import NO_VALUE, decimal, interval, number, percent, points
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


def quantity(of: Quantity) -> str:
    """Return what is estimated.

    Examples
    --------
    >>> quantity(("flow", "steroid_resistant", "undetermined")), quantity(("kappa", "category", "all in both sets"))
    ('steroid-resistant → undetermined', 'Cohen’s kappa of category, all in both sets')
    """
    kind, first, second = of
    return {
        draws.MOVED: "change category",
        draws.DIFFERENCE: "refractory: second set minus first (points)",
        draws.SHARE: f"refractory under “{first}”",
        draws.KAPPA: f"Cohen’s kappa of {first}, {second}",
        draws.FLOW: f"{plain_name(first)} → {plain_name(second)}",
    }[kind]


def estimate(of: Quantity, value: float) -> str:
    """Return an estimate: a share in per cent, a difference in percentage points, kappa as a decimal."""
    if of[0] == draws.KAPPA:
        return decimal(value)
    return points(value) if of[0] == draws.DIFFERENCE else percent(value)


def span(of: Quantity, low: float, high: float) -> str:
    """Return the interval of an estimate; a dash if there is none.

    Examples
    --------
    >>> span(("refractory_difference", "", ""), -0.02, 0.01), span(("moved", "", ""), 0.1, 0.2)
    ('−2.0 to +1.0', '10.0 to 20.0%')
    """
    if math.isnan(low):
        return NO_VALUE
    if of[0] in (draws.KAPPA, draws.DIFFERENCE):
        return f"{estimate(of, low)} to {estimate(of, high)}"
    return interval(low, high)


def _moved(findings: Findings) -> str:
    moved, before, after = findings.moves.moved, findings.before.name, findings.after.name
    when = f"when “{after}” replaces “{before}” ({findings.view} record)"
    if not moved.total:
        return f"Nobody can change category {when}: no patient is in both sets."
    if moved.total == 1:
        return f"The only patient {'changes' if moved.count else 'keeps the same'} category {when}."
    if not moved.count:
        return f"None of the {number(moved.total)} patients changes category {when}."
    ends = f"{percent(moved.share)}, 95% interval {_both_intervals(findings, draws.MOVED, moved.low, moved.high)}"
    changes = "changes" if moved.count == 1 else "change"
    return f"{number(moved.count)} of the same {number(moved.total)} patients ({ends}) {changes} category {when}."


def _both_intervals(findings: Findings, kind: str, low: float, high: float) -> str:
    """Return the interval of a share by chance alone and, if there is one, with the uncertain numbers."""
    of = (kind, "", "")
    numbers = findings.uncertainty.of(kind).numbers if findings.uncertainty else None
    if numbers is None:
        return span(of, low, high)
    return f"{span(of, low, high)} by chance alone; with the scenario’s numbers {span(of, numbers.low, numbers.high)}"


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
        return f"The refractory share of {who} is {shares}{_difference(findings)}; one third is 33.3%."
    common = f"Of {who} to whom both sets may apply, {shares} {'are' if many else 'is'} refractory"
    common += f"{_difference(findings)}; one third is 33.3%."
    if findings.moves.excluded.patients == findings.moves.excluded.neither:
        return common
    return f"{common} Among each set's own patients: {_shares_of_both(findings)}."


def _difference(findings: Findings) -> str:
    """Return the difference of the two shares with both intervals; empty without draws."""
    if findings.uncertainty is None:
        return ""
    estimated = findings.uncertainty.of(draws.DIFFERENCE)
    ends = _both_intervals(findings, draws.DIFFERENCE, estimated.low, estimated.high)
    return f" (difference {estimate(estimated.of, estimated.value)} points, 95% interval {ends})"


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

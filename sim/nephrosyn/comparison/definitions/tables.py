"""The tables of a reclassification: the same for the console, the page and the text."""

from __future__ import annotations

import math

from nephrosyn.comparison.definitions import text
from nephrosyn.comparison.definitions.draws import Interval
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD, Refractory
from nephrosyn.report.formatting import number, patients, percent, points, share_with_interval
from nephrosyn.report.page.definition_sections import shares_over_time_table
from nephrosyn.report.page.tables import IN_THE_SET, Table, cross_table, in_the_set, kappa_text
from nephrosyn.vocabulary import clause_name, plain_name

REASONS_SHOWN = 12
DISTANCE = "distance to 1/3 (points)"
OF_CHANGED = "of all who change (95%)"


def flows(findings: Findings) -> Table:
    """Return every pair of categories with patients, as shares of the first category and of all."""
    rows = []
    for flow in findings.moves.flows:
        stays = "the same" if flow.before == flow.after else plain_name(flow.after)
        shares = (share_with_interval(flow.of_before), share_with_interval(flow.of_all))
        rows.append((plain_name(flow.before), stays, number(flow.of_all.count), *shares))
    before, after = findings.before.name, findings.after.name
    head = (before, after, "patients", f"of the category under {before} (95% interval)", "of all (95% interval)")
    caption = f"From “{before}” to “{after}”, {findings.view} record, {patients(findings.moves.patients)}"
    excluded = findings.moves.excluded.patients
    caption += f" in both sets; {number(excluded)} excluded" if excluded else ""
    return Table(caption, head, rows, words=2)


def matrix(findings: Findings) -> Table:
    """Return patients by category under the first set (rows) and under the second (columns)."""
    counts = findings.moves.categories
    return cross_table("Patients by category under both sets", findings.before.name, findings.after.name, counts)


def agreement(findings: Findings) -> Table:
    """Return Cohen's kappa by question (category or refractory) and by patients included."""
    rows = [
        (question, among, number(kappa.patients), percent(kappa.observed), percent(kappa.expected), kappa_text(kappa))
        for (question, among), kappa in findings.moves.kappas.items()
    ]
    head = ("answer", "among", "patients", "agree", "by chance", "Cohen's kappa (95% interval)")
    return Table("Agreement of the two sets", head, rows, words=2)


def reasons(findings: Findings) -> Table:
    """Return the changes of category by the clauses responsible, most patients first, with an example patient."""
    repeats = int(findings.manifest["replicates"]) > 1
    rows = []
    for reason in findings.reasons[:REASONS_SHOWN]:
        who = f"{reason.patient} ({reason.replicate})" if repeats else str(reason.patient)
        share = (number(reason.share.count), share_with_interval(reason.share))
        rows.append((text.because(reason), plain_name(reason.before), plain_name(reason.after), *share, who))
    left = findings.reasons[REASONS_SHOWN:]
    if left:
        count = sum(reason.share.count for reason in left)
        total = left[0].share.total
        rows.append((f"{number(len(left))} other ways", "", "", number(count), percent(count / total), ""))
    before, after = findings.before.name, findings.after.name
    example = "for example patient (replicate)" if repeats else "for example patient"
    head = (f"clause: under {before} → under {after}", "from", "to", "patients", OF_CHANGED, example)
    total = sum(reason.share.count for reason in findings.reasons)
    caption = f"The clauses responsible for a change of category, or of refractory or not, in {patients(total)}"
    return Table(caption, head, rows, words=3)


def differences(findings: Findings) -> Table:
    """Return every clause whose answer differs, among patients who change category."""
    rows = []
    for difference in findings.differences:
        share = (number(difference.share.count), share_with_interval(difference.share))
        rows.append((clause_name(difference.clause), difference.before, difference.after, *share))
    head = ("clause", f"under {findings.before.name}", f"under {findings.after.name}", "patients", OF_CHANGED)
    caption = "Clauses with different answers, among patients who change; one patient may count in several"
    return Table(caption, head, rows, words=3)


def refractory(findings: Findings) -> Table:
    """Return the refractory share of every set compared with one third."""
    some = any(verdict.outside for verdict in findings.refractory)
    rows = [_refractory(verdict, in_set=some) for verdict in findings.refractory]
    head = ("definition set", *[IN_THE_SET] * some, "refractory", "share (95% interval)", "undetermined", DISTANCE)
    caption = f"Refractory share compared with one third (33.3%), {findings.view} record"
    return Table(f"{caption}; each share is of the patients in its set" if some else caption, head, rows)


def in_common(findings: Findings) -> Table | None:
    """Return the refractory share of both sets among the patients in both; None if everybody is in both."""
    if not findings.moves.patients or not findings.moves.excluded.patients:
        return None
    names = (findings.before.name, findings.after.name)
    rows = [
        (
            name,
            f"{number(share.count)} of {number(share.total)}",
            share_with_interval(share),
            points(share.share - ONE_THIRD),
        )
        for name, share in zip(names, findings.moves.refractory, strict=True)
    ]
    head = ("definition set", "refractory", "share (95% interval)", DISTANCE)
    caption = f"Refractory among the patients in both sets ({number(findings.moves.patients)})"
    return Table(f"{caption}, {findings.view} record", head, rows)


def with_numbers(findings: Findings) -> Table | None:
    """Return what is estimated with its interval by chance alone and with the uncertain numbers; None if undrawn."""
    if findings.uncertainty is None:
        return None
    rows = [_interval(interval) for interval in findings.uncertainty.intervals]
    about = findings.uncertainty.about
    caption = f"With the scenario’s {number(len(about.quantities))} uncertain numbers, {about.size}"
    return Table(caption, ("estimate", "in the run", "chance alone (95%)", "with the numbers (95%)"), rows)


def _interval(estimated: Interval) -> tuple[str, ...]:
    wide = estimated.numbers
    ends = ((estimated.low, estimated.high), (wide.low, wide.high) if wide is not None else (math.nan, math.nan))
    return (
        text.quantity(estimated.of),
        text.estimate(estimated.of, estimated.value),
        *(text.span(estimated.of, *end) for end in ends),
    )


def shares(findings: Findings) -> list[Table]:
    """Return the tables of refractory shares: among the same patients, of each set, and by length of follow-up."""
    return [
        table for table in (in_common(findings), refractory(findings), shares_over_time(findings)) if table is not None
    ]


def _refractory(verdict: Refractory, *, in_set: bool) -> tuple[str, ...]:
    low, high = (points(end - verdict.comparison.target) for end in (verdict.share.low, verdict.share.high))
    return (
        verdict.criteria,
        *[in_the_set(verdict)] * in_set,
        number(verdict.met),
        share_with_interval(verdict.share),
        percent(verdict.undetermined.share),
        f"{points(verdict.comparison.distance)} ({low} to {high})",
    )


def shares_over_time(findings: Findings) -> Table:
    """Return the refractory share of both sets by length of follow-up."""
    return shares_over_time_table(findings.shares_over_time)

"""The tables of a reclassification: the same rows for the console, the page and the text."""

from __future__ import annotations

from nephrosyn.comparison.definitions import text
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD, Refractory
from nephrosyn.report.page.definition_sections import growth_table, with_interval
from nephrosyn.report.page.tables import IN_THE_SET, Table, in_the_set, kappa_text
from nephrosyn.report.text import clause_name, number, percent, plain, points

REASONS_SHOWN = 12
DISTANCE = "distance to 1/3 (points)"


def flows(found: Findings) -> Table:
    """Return every pair of categories that anybody has, with shares of the first category and of all."""
    rows = []
    for flow in found.moves.flows:
        stays = "the same" if flow.before == flow.after else plain(flow.after)
        shares = (with_interval(flow.of_before), with_interval(flow.of_all))
        rows.append((plain(flow.before), stays, number(flow.of_all.count), *shares))
    before, after = found.before.name, found.after.name
    head = (before, after, "patients", f"of those in it under {before} (95% interval)", "of all (95% interval)")
    caption = f"From “{before}” to “{after}”, {found.view} record, {number(found.moves.patients)} patients"
    aside = found.moves.aside.patients
    caption += f" in both sets; {number(aside)} are left aside" * bool(aside)
    return Table(caption, head, rows, words=2)


def matrix(found: Findings) -> Table:
    """Return patients by category under the first set (rows) and under the second (columns)."""
    names, count = found.moves.names, found.moves.categories.get
    lines = [[count((row, column), 0) for column in names] for row in names]
    lines.append([sum(column) for column in zip(*lines, strict=True)])
    rows = [
        (name, *[number(n) if n else "·" for n in line], number(sum(line)))
        for name, line in zip([*map(plain, names), "all"], lines, strict=True)
    ]
    head = (f"{found.before.name} ↓ {found.after.name} →", *map(plain, names), "all")
    return Table("Patients by category under either set", head, rows, frozenset({len(names)}))


def agreement(found: Findings) -> Table:
    """Return Cohen's kappa of what is asked, and of whom."""
    rows = [
        (what, whom, number(kappa.patients), percent(kappa.observed), percent(kappa.expected), kappa_text(kappa))
        for (what, whom), kappa in found.moves.kappas.items()
    ]
    head = ("answer", "of whom", "patients", "agree", "by chance", "Cohen's kappa (95% interval)")
    return Table("Agreement of the two sets", head, rows, words=2)


def reasons(found: Findings) -> Table:
    """Return the moves by the clause responsible, most patients first, with a patient to look at."""
    repeats = int(found.manifest["replicates"]) > 1
    rows = []
    for one in found.reasons[:REASONS_SHOWN]:
        who = f"{one.patient} ({one.replicate})" if repeats else str(one.patient)
        share = (number(one.share.count), with_interval(one.share))
        rows.append((text.because(one), plain(one.before), plain(one.after), *share, who))
    left = found.reasons[REASONS_SHOWN:]
    if left:
        count = sum(one.share.count for one in left)
        total = left[0].share.total
        rows.append((f"{number(len(left))} other ways", "", "", number(count), percent(count / total), ""))
    before, after = found.before.name, found.after.name
    example = "for example patient (replicate)" if repeats else "for example patient"
    head = (f"clause: under {before} → under {after}", "from", "to", "patients", "of all who move (95%)", example)
    total = sum(one.share.count for one in found.reasons)
    caption = f"The clauses responsible: {number(total)} change category, or whether they are refractory"
    return Table(caption, head, rows, words=3)


def differences(found: Findings) -> Table:
    """Return every clause whose answer differs among those who move."""
    rows = [
        (clause_name(one.clause), one.before, one.after, number(one.share.count), with_interval(one.share))
        for one in found.differences
    ]
    head = ("clause", f"under {found.before.name}", f"under {found.after.name}", "patients", "of all who move (95%)")
    caption = "Every clause answered otherwise, among those who move; one patient may count in several"
    return Table(caption, head, rows, words=3)


def refractory(found: Findings) -> Table:
    """Return the refractory share of every set beside one third."""
    rows = [_refractory(one) for one in found.refractory]
    some = any(one.outside for one in found.refractory)
    rows = [(row[0], *[in_the_set(one)] * some, *row[1:]) for row, one in zip(rows, found.refractory, strict=True)]
    head = ("definition set", *[IN_THE_SET] * some, "refractory", "share (95% interval)", "not judged", DISTANCE)
    caption = f"Refractory share beside one third (33.3%), {found.view} record"
    return Table(f"{caption}; each share is of the patients in its set" if some else caption, head, rows)


def in_common(found: Findings) -> Table | None:
    """Return the refractory share of both sets among the same patients, those in both; None if that is everybody."""
    if not found.moves.patients or not found.moves.aside.patients:
        return None
    names = (found.before.name, found.after.name)
    rows = [
        (name, f"{number(share.count)} of {number(share.total)}", with_interval(share), points(share.share - ONE_THIRD))
        for name, share in zip(names, found.moves.refractory, strict=True)
    ]
    head = ("definition set", "refractory", "share (95% interval)", DISTANCE)
    caption = f"Refractory among the same {number(found.moves.patients)} patients, those in both sets"
    return Table(f"{caption}, {found.view} record", head, rows)


def shares(found: Findings) -> list[Table]:
    """Return the tables of refractory shares: among the same patients, of each set by itself, as follow-up grows."""
    return [table for table in (in_common(found), refractory(found), growth(found)) if table is not None]


def _refractory(one: Refractory) -> tuple[str, ...]:
    low, high = (points(end - one.comparison.target) for end in (one.share.low, one.share.high))
    distance = f"{points(one.comparison.distance)} ({low} to {high})"
    return (one.criteria, number(one.met), with_interval(one.share), percent(one.unjudged.share), distance)


def growth(found: Findings) -> Table:
    """Return the refractory share of both sets as follow-up grows."""
    return growth_table(found.growth)

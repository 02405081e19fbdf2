"""Sections about several definition sets on the same patients: how they agree, who moves, the share over the years."""

from __future__ import annotations

from nephrosyn import terms
from nephrosyn.report import tables
from nephrosyn.report.agreement import Kappa
from nephrosyn.report.growth import Growth
from nephrosyn.report.moves import Flow, Moves, Sets
from nephrosyn.report.section import Section
from nephrosyn.report.statistics import Share
from nephrosyn.report.summary import Findings
from nephrosyn.report.tables import Table, kappa_text
from nephrosyn.report.wording import interval, number, percent, plain

MANY = 4
"""With more sets than this, the table against one third has one record, and the other is folded."""
FIGURE = ("definitions", "Share of all patients, with 95% interval. Grey: one third ± 5 percentage points.")


def with_interval(share: Share) -> str:
    """Return a share and its interval in one cell; a dash where nobody was asked."""
    return f"{percent(share.share)} ({interval(share.low, share.high)})" if share.total else "–"


def sets_section(found: Findings, sets: Sets) -> Section:
    """Return every definition set against one third, how they agree, and who moves."""
    first, *others = sets.names
    category = sets.fleiss["category", "all patients"]
    lead = [
        f"The same {number(category.patients)} patients, judged by {len(sets.names)} definition sets: what differs "
        "here is the definition and nothing else.",
        f"Fleiss' kappa of the categories is {kappa_text(category)}, of refractory or not "
        f"{kappa_text(sets.fleiss['refractory', 'all patients'])}; 1 is full agreement, 0 that of chance alone.",
        f"Who moves between two of them, and by which clause: nephrosyn reclassify RUN --from {first} "
        f"--to {others[0]}.",
    ]
    each = found.summary.refractory
    first_shown = [item for item in each if item.view == sets.view or len(sets.names) <= MANY]
    shown = [fleiss_table(sets), moves_table(sets), tables.against_third(first_shown)]
    folded = [kappa_matrix(sets), *([tables.against_third(each)] if len(first_shown) < len(each) else [])]
    return Section("sets", "By definition set", lead, [FIGURE], shown, folded)


def fleiss_table(sets: Sets) -> Table:
    """Return the agreement of all sets."""
    rows = [(what, whom, number(kappa.patients), kappa_text(kappa)) for (what, whom), kappa in sets.fleiss.items()]
    caption = f"Agreement of all {len(sets.names)} definition sets, {sets.view} record"
    return Table(caption, ("answer", "of whom", "patients", "Fleiss' kappa (95%)"), rows, words=2)


def moves_table(sets: Sets) -> Table:
    """Return who moves when each other set takes the place of the first."""
    first, *others = sets.names
    rows = [moves_row(sets.pairs[first, other]) for other in others]
    head = ("instead of it", "change category (95% interval)", "newly refractory", "no longer", "largest move")
    return Table(f"When another set takes the place of “{first}”, {sets.view} record", head, rows)


def moves_row(found: Moves) -> tuple[str, ...]:
    """Return who moves between two sets, in a row."""
    largest = flow_text(found.largest[0]) if found.largest else "none"
    return (found.after, with_interval(found.moved), number(found.gained), number(found.lost), largest)


def flow_text(flow: Flow) -> str:
    """Return a move in words."""
    return f"{plain(flow.before)} → {plain(flow.after)} {number(flow.of_all.count)}"


def kappa_matrix(sets: Sets) -> Table:
    """Return Cohen's kappa of every two sets: of the category below the diagonal, of refractory or not above it."""
    rows = []
    for row, name in enumerate(sets.names):
        cells = ["·"] * len(sets.names)
        for column, other in enumerate(sets.names):
            if column != row:
                cells[column] = short(sets.kappa(name, other, "category" if column < row else "refractory"))
        rows.append((f"{row + 1} {name}", *cells))
    caption = (
        "Cohen's kappa of every two definition sets, all patients: below the diagonal of the category, above it of "
        "refractory, not refractory or not judged"
    )
    return Table(caption, ("", *[str(n + 1) for n in range(len(rows))]), rows)


def short(kappa: Kappa) -> str:
    """Return a kappa without its interval; a dash where it is not defined."""
    return f"{kappa.value:.2f}".replace("-", "−") if kappa.defined else "–"


def growth_figure() -> tuple[str, str]:
    """Return the figure of the share over the years, and its caption."""
    return ("follow-up-sets", "Every definition set over the years. Grey: one third ± 5 percentage points.")


def growth_table(found: Growth) -> Table:
    """Return the refractory share of every set at some times, and at the end who could not be judged."""
    head = ["definition set", *[year_text(day) for day in found.days], "not judged at the end"]
    rows = []
    for name, curve in found.sets.items():
        cells = [with_interval(moment.refractory.share) for moment in curve.moments]
        rows.append((name, *cells, percent(curve.moments[-1].refractory.unjudged.share)))
    caption = (
        f"Refractory share (95% interval) by length of follow-up, {found.view} record, {number(found.patients)} "
        "patients; one third is 33.3%"
    )
    return Table(caption, tuple(head), rows)


def year_text(days: int) -> str:
    """Return days as years.

    Examples
    --------
    >>> year_text(183), year_text(730)
    ('0.5 years', '2 years')
    """
    years = f"{days / terms.DAYS_PER_YEAR:.1f}".removesuffix(".0")
    return f"{years} year{'' if years == '1' else 's'}"


def growth_text(found: Growth, patients: int) -> str:
    """Return how the share over the years was found."""
    few = f" For speed it uses the first {number(found.patients)} patients." if found.patients < patients else ""
    return (
        "The second figure does the same by every definition set that judged the run: a set that asks for a longer "
        f"window, or for more relapses, needs longer follow-up to find anybody.{few}"
    )

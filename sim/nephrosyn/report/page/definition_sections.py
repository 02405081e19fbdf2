"""Sections about several definition sets on the same patients: how they agree, who moves, the share over the years."""

from __future__ import annotations

from nephrosyn import vocabulary
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.findings.verdicts.by_follow_up import Growth
from nephrosyn.report.findings.verdicts.course_flags import Named
from nephrosyn.report.findings.verdicts.cross_classification import EVERYBODY_OF_ALL, Aside, Flow, Moves, Sets
from nephrosyn.report.page import tables
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.tables import Table, kappa_text, share_cells
from nephrosyn.report.text import COURSE_NAMES, interval, number, percent, plain
from nephrosyn.statistics.kappa import Kappa
from nephrosyn.statistics.proportions import Share

MANY = 4
"""With more sets than this, the table against one third has one record, and the other is folded."""
FIGURE = (
    "definitions",
    "Share of the patients to whom each set may apply, with 95% interval. Grey: one third ± 5 percentage points.",
)


def with_interval(share: Share) -> str:
    """Return a share and its interval in one cell; a dash where nobody was asked."""
    return f"{percent(share.share)} ({interval(share.low, share.high)})" if share.total else "–"


def sets_section(found: Findings, sets: Sets) -> Section:
    """Return every definition set against one third, how they agree, and who moves."""
    first, *others = sets.names
    apart = apart_sentence(sets)
    lead = [
        f"The same {number(sets.patients)} patients, judged by {len(sets.names)} definition sets"
        + ("." if apart else ": what differs here is the definition and nothing else."),
        apart,
        fleiss_sentence(sets),
        f"Who moves between two of them, and by which clause: nephrosyn reclassify RUN --from {first} "
        f"--to {others[0]}.",
    ]
    each = found.summary.refractory
    first_shown = [item for item in each if item.view == sets.view or len(sets.names) <= MANY]
    agreed = [fleiss_table(sets)] if sets.fleiss["category", EVERYBODY_OF_ALL].patients else []
    shown = [*agreed, moves_table(sets), tables.against_third(first_shown)]
    folded = [kappa_matrix(sets), *([tables.against_third(each)] if len(first_shown) < len(each) else [])]
    return Section("sets", "By definition set", [text for text in lead if text], [FIGURE], shown, folded)


def apart_sentence(sets: Sets) -> str:
    """Return what it means that some sets are not for everybody; nothing if all are."""
    if not any(found.aside.patients for found in sets.pairs.values()):
        return ""
    return (
        "Not every set is for everybody: who is outside one, by age or lesion, is in none of its shares. Shares of two "
        "sets may therefore be of different patients, and then differ by more than the definition; who moves between "
        "two sets, and how they agree, is counted among the patients to whom both may apply."
    )


def fleiss_sentence(sets: Sets) -> str:
    """Return how all the sets agree, and over whom."""
    category = sets.fleiss["category", EVERYBODY_OF_ALL]
    if not category.patients:
        return "Fleiss' kappa of all sets is left out: no patient is in all of them."
    some = category.patients < sets.patients
    whom = f" over the {number(category.patients)} patients to whom all the sets may apply" if some else ""
    return (
        f"Fleiss' kappa of the categories{whom} is {kappa_text(category)}, of refractory or not "
        f"{kappa_text(sets.fleiss['refractory', EVERYBODY_OF_ALL])}; 1 is full agreement, 0 that of chance alone."
    )


def fleiss_table(sets: Sets) -> Table:
    """Return the agreement of all sets."""
    rows = [(what, whom, number(kappa.patients), kappa_text(kappa)) for (what, whom), kappa in sets.fleiss.items()]
    caption = f"Agreement of all {len(sets.names)} definition sets, {sets.view} record"
    return Table(caption, ("answer", "of whom", "patients", "Fleiss' kappa (95%)"), rows, words=2)


def moves_table(sets: Sets) -> Table:
    """Return who moves when each other set takes the place of the first."""
    first, *others = sets.names
    some = any(sets.pairs[first, other].aside.patients for other in others)
    rows = [moves_row(sets.pairs[first, other], counted=some) for other in others]
    head = (
        "instead of it",
        *ASIDE * some,
        "change category (95% interval)",
        "newly refractory",
        "no longer",
        "largest move",
    )
    return Table(f"When another set takes the place of “{first}”, {sets.view} record", head, rows)


ASIDE = ("in both sets", "left aside")


def moves_row(found: Moves, *, counted: bool) -> tuple[str, ...]:
    """Return who moves between two sets, in a row; counted too, if asked for, is who is in both sets and who is not."""
    largest = flow_text(found.largest[0]) if found.largest else "none"
    patients = (number(found.patients), number(found.aside.patients)) * counted
    return (found.after, *patients, with_interval(found.moved), number(found.gained), number(found.lost), largest)


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
        "Cohen's kappa of every two definition sets, of the patients in both: below the diagonal of the category, "
        "above it of refractory, not refractory or not judged"
    )
    return Table(caption, ("definition set", *[str(n + 1) for n in range(len(rows))]), rows)


def short(kappa: Kappa) -> str:
    """Return a kappa without its interval; a dash where it is not defined."""
    return f"{kappa.value:.2f}".replace("-", "−") if kappa.defined else "–"


def growth_figure() -> tuple[str, str]:
    """Return the figure of the share over the years, and its caption."""
    return ("follow-up-sets", "Every definition set over the years. Grey: one third ± 5 percentage points.")


def growth_table(found: Growth) -> Table:
    """Return the refractory share of every set at some times, and at the end who could not be judged."""
    some = any(curve.outside for curve in found.sets.values())
    years = [year_text(day) for day in found.days]
    head = ["definition set", *[tables.IN_THE_SET] * some, *years, "not judged at the end"]
    rows = []
    for name, curve in found.sets.items():
        inside = [tables.in_the_set(curve.moments[-1].refractory)] * some
        cells = [with_interval(moment.refractory.share) for moment in curve.moments]
        rows.append((name, *inside, *cells, percent(curve.moments[-1].refractory.unjudged.share)))
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
    years = f"{days / vocabulary.DAYS_PER_YEAR:.1f}".removesuffix(".0")
    return f"{years} year{'' if years == '1' else 's'}"


def growth_text(found: Growth, patients: int) -> str:
    """Return how the share over the years was found."""
    few = f" For speed it uses the first {number(found.patients)} patients." if found.patients < patients else ""
    return (
        "The second figure does the same by every definition set that judged the run: a set that asks for a longer "
        f"window, or for more relapses, needs longer follow-up to find anybody.{few}"
    )


def aside_sentence(found: Aside, patients: int, before: str, after: str) -> str:
    """Return who is left aside when two sets are compared, and why; nothing if nobody is.

    Parameters
    ----------
    found : Aside
        They.
    patients : int
        Those who are compared.
    before, after : str
        The sets.
    """
    if not found.patients:
        return ""
    why = (
        (found.second_only, f"outside “{before}”"),
        (found.first_only, f"outside “{after}”"),
        (found.neither, "outside both"),
    )
    parts = ", ".join(f"{number(n)} {text}" for n, text in why if n)
    verb = "is" if found.patients == 1 else "are"
    who = f"{number(found.patients)} of {number(patients + found.patients)} patients"
    return f"{who} {verb} left aside: {parts}, by age or lesion."


def named_section(found: Findings) -> Section:
    """Return the courses that sets name without making categories of them."""
    lead = [
        "Some definition sets name courses beside their categories. A patient may have several, and any category; the "
        "share is of the patients to whom the set may apply.",
    ]
    first = found.headline.view
    each = [(view, rows) for view, rows in found.named.items() if rows]
    each.sort(key=lambda item: item[0] != first)
    shown = [named_table(rows, view) for view, rows in each]
    return Section("named", "Courses with a name", lead, [], shown[:1], shown[1:])


def named_table(found: list[Named], view: str) -> Table:
    """Return every course that a set names."""
    rows = []
    for item in found:
        unknown = f"{number(item.unknown)} ({percent(item.unknown / item.share.total)})"
        rows.append((item.criteria, COURSE_NAMES[item.flag], *share_cells(item.share), unknown))
    head = ("definition set", "course", "patients", "share", "95% interval", "not judged")
    return Table(f"Courses that the sets name, {view} record", head, rows, words=2)

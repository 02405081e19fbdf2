"""Report sections that compare definition sets: agreement, changes of category, and the share over the years."""

from __future__ import annotations

from nephrosyn import vocabulary
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.findings.verdicts.by_follow_up import SharesOverTime
from nephrosyn.report.findings.verdicts.course_flags import CourseCount
from nephrosyn.report.findings.verdicts.cross_classification import EVERYBODY_OF_ALL, Excluded, Flow, Moves, Sets
from nephrosyn.report.formatting import decimal, number, percent, share_with_interval
from nephrosyn.report.page import tables
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.tables import Table, kappa_text, share_cells
from nephrosyn.report.text import COURSE_NAMES
from nephrosyn.statistics.kappa import Kappa
from nephrosyn.vocabulary import plain_name

MANY = 4
"""With more sets than this, the table of shares shows one record, and the other is folded."""
FIGURE = (
    "definitions",
    "Share of the patients to whom each set may apply, with 95% interval. Grey: one third ± 5 percentage points.",
)


def sets_section(findings: Findings, sets: Sets) -> Section:
    """Return every definition set compared with one third, their agreement, and changes of category."""
    first, *others = sets.names
    apart = apart_sentence(sets)
    lead = [
        f"The same {number(sets.patients)} patients, classified by {len(sets.names)} definition sets"
        + ("." if apart else ": every difference is due to the definition alone."),
        apart,
        fleiss_sentence(sets),
        f"To see who changes category between two sets, and because of which clause: nephrosyn reclassify RUN "
        f"--from {first} --to {others[0]}.",
    ]
    verdicts = findings.summary.refractory
    first_shown = [verdict for verdict in verdicts if verdict.view == sets.view or len(sets.names) <= MANY]
    agreed = [fleiss_table(sets)] if sets.fleiss["category", EVERYBODY_OF_ALL].patients else []
    shown = [*agreed, moves_table(sets), tables.against_third(first_shown)]
    folded = [kappa_matrix(sets), *([tables.against_third(verdicts)] if len(first_shown) < len(verdicts) else [])]
    return Section("sets", "By definition set", [text for text in lead if text], [FIGURE], shown, folded)


def apart_sentence(sets: Sets) -> str:
    """Return what it means that some sets do not apply to everybody; empty if all do."""
    if not any(moves.excluded.patients for moves in sets.pairs.values()):
        return ""
    return (
        "Not every set applies to everybody: patients outside a set, by age or lesion, are in none of its shares. "
        "Shares of two sets may therefore be of different patients and differ for that reason too. Changes of category "
        "and agreement are counted among the patients to whom both sets may apply."
    )


def fleiss_sentence(sets: Sets) -> str:
    """Return the agreement of all sets, and the patients it is computed from."""
    category = sets.fleiss["category", EVERYBODY_OF_ALL]
    if not category.patients:
        return "Fleiss' kappa of all sets is not defined: no patient is in all of them."
    some = category.patients < sets.patients
    whom = f" over the {number(category.patients)} patients to whom all the sets may apply" if some else ""
    return (
        f"Fleiss' kappa of the categories{whom} is {kappa_text(category)}, of refractory or not "
        f"{kappa_text(sets.fleiss['refractory', EVERYBODY_OF_ALL])}; 1 is full agreement, 0 is chance alone."
    )


def fleiss_table(sets: Sets) -> Table:
    """Return the agreement of all sets."""
    rows = [(what, whom, number(kappa.patients), kappa_text(kappa)) for (what, whom), kappa in sets.fleiss.items()]
    caption = f"Agreement of all {len(sets.names)} definition sets, {sets.view} record"
    return Table(caption, ("answer", "among", "patients", "Fleiss' kappa (95%)"), rows, words=2)


def moves_table(sets: Sets) -> Table:
    """Return the changes of category when each of the other sets replaces the first."""
    first, *others = sets.names
    some = any(sets.pairs[first, name].excluded.patients for name in others)
    rows = [moves_row(sets.pairs[first, name], counted=some) for name in others]
    head = (
        "replaced by",
        *EXCLUDED_HEAD * some,
        "change category (95% interval)",
        "newly refractory",
        "no longer refractory",
        "most frequent change",
    )
    return Table(f"Replacing “{first}” by another set, {sets.view} record", head, rows)


EXCLUDED_HEAD = ("in both sets", "excluded")


def moves_row(moves: Moves, *, counted: bool) -> tuple[str, ...]:
    """Return the changes between two sets; if `counted`, with the patients in both sets and those excluded."""
    largest = flow_text(moves.largest[0]) if moves.largest else "none"
    patients = (number(moves.patients), number(moves.excluded.patients)) * counted
    moved = share_with_interval(moves.moved)
    return (moves.after, *patients, moved, number(moves.gained), number(moves.lost), largest)


def flow_text(flow: Flow) -> str:
    """Return a change of category in words."""
    return f"{plain_name(flow.before)} → {plain_name(flow.after)} {number(flow.of_all.count)}"


def kappa_matrix(sets: Sets) -> Table:
    """Return Cohen's kappa of every two sets: for the category below the diagonal, for refractory above it."""
    rows = []
    for row, name in enumerate(sets.names):
        cells = ["·"] * len(sets.names)
        for column, column_name in enumerate(sets.names):
            if column != row:
                cells[column] = short(sets.kappa(name, column_name, "category" if column < row else "refractory"))
        rows.append((f"{row + 1} {name}", *cells))
    caption = (
        "Cohen's kappa of every two definition sets, among the patients in both: below the diagonal for the category, "
        "above it for refractory, not refractory or undetermined"
    )
    return Table(caption, ("definition set", *[str(n + 1) for n in range(len(rows))]), rows)


def short(kappa: Kappa) -> str:
    """Return a kappa without its interval; a dash if it is not defined."""
    return decimal(kappa.value)


def shares_over_time_figure() -> tuple[str, str]:
    """Return the name and the caption of the figure of all sets over the years."""
    return ("follow-up-sets", "Every definition set by length of follow-up. Grey: one third ± 5 percentage points.")


def shares_over_time_table(shares: SharesOverTime) -> Table:
    """Return the refractory share of every set by length of follow-up, and the share not judged at the end."""
    some = any(curve.outside for curve in shares.sets.values())
    years = [year_text(day) for day in shares.days]
    head = ["definition set", *[tables.IN_THE_SET] * some, *years, "undetermined at the end"]
    rows = []
    for name, curve in shares.sets.items():
        inside = [tables.in_the_set(curve.moments[-1].refractory)] * some
        cells = [share_with_interval(moment.refractory.share) for moment in curve.moments]
        rows.append((name, *inside, *cells, percent(curve.moments[-1].refractory.undetermined.share)))
    caption = (
        f"Refractory share (95% interval) by length of follow-up, {shares.view} record, {number(shares.patients)} "
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


def shares_over_time_text(shares: SharesOverTime, patients: int) -> str:
    """Return how the share of every set over the years was computed."""
    few = f" For speed it uses the first {number(shares.patients)} patients." if shares.patients < patients else ""
    return (
        "The second figure shows the same for every definition set of the run: a set that requires a longer window or "
        f"more relapses needs longer follow-up before anybody meets it.{few}"
    )


def excluded_sentence(excluded: Excluded, patients: int, before: str, after: str) -> str:
    """Return how many patients are excluded when two sets are compared, and why; empty if none are.

    Parameters
    ----------
    excluded : Excluded
        Excluded patients.
    patients : int
        Number of patients who are compared.
    before, after : str
        Names of the sets.
    """
    if not excluded.patients:
        return ""
    why = (
        (excluded.second_only, f"outside “{before}”"),
        (excluded.first_only, f"outside “{after}”"),
        (excluded.neither, "outside both"),
    )
    parts = ", ".join(f"{number(n)} {text}" for n, text in why if n)
    are = "is" if excluded.patients == 1 else "are"
    who = f"{number(excluded.patients)} of {number(patients + excluded.patients)} patients"
    return f"{who} {are} excluded: {parts}, by age or lesion."


def named_section(findings: Findings) -> Section:
    """Return the courses that definition sets name in addition to their categories."""
    lead = [
        "Some definition sets name courses in addition to their categories. A patient may have several of them, with "
        "any category; shares are of the patients to whom the set may apply.",
    ]
    first = findings.headline.view
    by_view = [(view, courses) for view, courses in findings.named.items() if courses]
    by_view.sort(key=lambda view_and_courses: view_and_courses[0] != first)
    shown = [named_table(courses, view) for view, courses in by_view]
    return Section("named", "Named courses", lead, [], shown[:1], shown[1:])


def named_table(courses: list[CourseCount], view: str) -> Table:
    """Return every course that a definition set names."""
    rows = []
    for course in courses:
        unknown = f"{number(course.unknown)} ({percent(course.unknown / course.share.total)})"
        rows.append((course.criteria, COURSE_NAMES[course.flag], *share_cells(course.share), unknown))
    head = ("definition set", "course", "patients", "share", "95% interval", "undetermined")
    return Table(f"Named courses, {view} record", head, rows, words=2)

"""The tables of the report: a caption, a head and rows of text, the same for HTML and Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group
from nephrosyn.report.formatting import days, decimal, escape_markup, interval, number, percent, points, rate_text
from nephrosyn.report.text import (
    FLAG_NAMES,
    WITH_CRITERIA,
    criteria_met,
    denominators,
    of_whom,
    undetermined_and_outside,
)
from nephrosyn.statistics.between_replicates import Spread
from nephrosyn.statistics.kaplan_meier import Curve
from nephrosyn.statistics.kappa import Kappa
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import DAYS_PER_MONTH, plain_name


@dataclass(frozen=True)
class Table:
    """A table of text: the first columns are words, the others numbers.

    Attributes
    ----------
    caption : str
        What the table shows.
    head : tuple of str
        Column names.
    rows : sequence of tuple of str
        One text for each column.
    strong : frozenset of int
        Positions of the emphasised rows.
    words : int
        Number of leading columns that are words.
    """

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    strong: frozenset[int] = field(default_factory=frozenset)
    words: int = 1

    @property
    def wide(self) -> bool:
        """True if the table needs the full width of the page."""
        longest = max((sum(map(len, row)) for row in self.rows), default=0)
        return len(self.head) > 5 or sum(map(len, self.head)) > 70 or longest > 75

    def markdown(self, *, captioned: bool = True) -> str:
        """Return the table in Markdown, with its caption above unless a heading already says the same."""

        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(cells) + " |"

        sides = ["---" if place < self.words else "---:" for place in range(len(self.head))]
        body = [line([escape_markup(cell) for cell in self.head]), line(sides)]
        for place, row in enumerate(self.rows):
            cells = [escape_markup(cell) for cell in row]
            body.append(line([f"**{cell}**" if cell and place in self.strong else cell for cell in cells]))
        return (f"*{escape_markup(self.caption)}*\n\n" if captioned else "") + "\n".join(body)

    def html(self) -> str:
        """Return the table in HTML with its caption and the notice, for notebooks."""

        def line(cells: Sequence[str], tag: str) -> str:
            sides = ["left" if place < self.words else "right" for place in range(len(cells))]
            inside = (
                f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>'
                for side, cell in zip(sides, cells, strict=True)
            )
            return f"<tr>{''.join(inside)}</tr>"

        head, body = line(self.head, "th"), "".join(line(row, "td") for row in self.rows)
        caption = f'<caption style="text-align: left">{escape(self.caption)}</caption>'
        table = f"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>"
        return f"<div>{table}<small>{escape(vocabulary.NOTICE)}</small></div>"


def share_cells(share: Share) -> tuple[str, str, str]:
    """Return count, share and interval."""
    return number(share.count), percent(share.share), interval(share.low, share.high)


def spread_cells(spread: Spread | None) -> tuple[str, ...]:
    """Return the sd between replicates and the interval of their mean; no cells for a single replicate."""
    return () if spread is None else (f"{100 * spread.sd:.2f}", interval(spread.low, spread.high))


def kappa_text(kappa: Kappa) -> str:
    """Return a kappa with its interval, or the reason why there is no value or no interval.

    Examples
    --------
    >>> from nephrosyn.statistics.kappa import cohen
    >>> kappa_text(cohen({("a", "a"): 40, ("a", "b"): 10, ("b", "b"): 50}))
    '0.80 (0.68 to 0.92)'
    >>> kappa_text(cohen({("a", "a"): 40}))
    'not defined: all answers are the same'
    """
    if not kappa.defined:
        return f"not defined: {kappa.note}"
    if kappa.note:
        return f"{decimal(kappa.value)} ({kappa.note})"
    return f"{decimal(kappa.value)} ({decimal(kappa.low)} to {decimal(kappa.high)})"


def cross_table(caption: str, rows: str, columns: str, counts: Mapping[tuple[str, str], int]) -> Table:
    """Return patients by two categories, with totals.

    Parameters
    ----------
    caption : str
        Caption of the table.
    rows, columns : str
        What the rows and the columns are called.
    counts : mapping of (str, str) to int
        Patients by category of the row and of the column.

    Examples
    --------
    >>> cross_table("Patients", "before", "after", {("non_relapsing", "undetermined"): 2}).rows[-1]
    ('all', '·', '2', '2')
    """
    names = [name for name in CATEGORY_ORDER if any(name in pair for pair in counts)]
    lines = [[counts.get((row, column), 0) for column in names] for row in names]
    lines.append([sum(column) for column in zip(*lines, strict=True)])
    cells = [
        (name, *[number(count) if count else "·" for count in line], number(sum(line)))
        for name, line in zip([*map(plain_name, names), "all"], lines, strict=True)
    ]
    return Table(caption, (f"{rows} ↓ {columns} →", *map(plain_name, names), "all"), cells, frozenset({len(names)}))


def categories(rows: Sequence[Category], refractory: Refractory) -> Table:
    """Return the categories of one definition set and view, followed by the refractory rows."""
    head = ["category", "patients", "share", "95% interval", WITH_CRITERIA]
    if refractory.replicates is not None:
        head += ["sd between replicates (points)", "95% interval of the replicates' mean"]
    gap = ("",) * (0 if refractory.replicates is None else 2)
    lines = [
        (plain_name(row.category), *share_cells(row.share), criteria_met(row), *spread_cells(row.replicates))
        for row in rows
    ]
    (first, share), *others = denominators(refractory)
    lines.append((first, *share_cells(share), "", *spread_cells(refractory.replicates)))
    lines += [(name, *share_cells(share), "", *gap) for name, share in (*others, *undetermined_and_outside(refractory))]
    caption = f"“{refractory.criteria}” criteria, {refractory.view} record, {of_whom(refractory)}"
    return Table(caption, tuple(head), lines, frozenset({len(rows)}))


IN_THE_SET = "in the set"
"""Extra column of shares for sets that do not apply to everybody."""


def in_the_set(refractory: Refractory) -> str:
    """Return to how many patients the set may apply, of how many."""
    return f"{number(refractory.patients)} of {number(refractory.cohort)}"


def against_third(verdicts: Iterable[Refractory]) -> Table:
    """Return every definition set and view compared with one third."""
    verdicts = [*verdicts]
    some = any(verdict.outside for verdict in verdicts)
    head = (
        "criteria and record", *[IN_THE_SET] * some, "refractory", "95% interval", "without undetermined",
        "undetermined", "distance to 1/3 (points)", "interval of the distance",
    )  # fmt: skip
    rows = []
    for verdict in verdicts:
        share, comparison = verdict.share, verdict.comparison
        compared = comparison.share
        span = f"{points(compared.low - comparison.target)} to {points(compared.high - comparison.target)}"
        rows.append(
            (
                f"{verdict.criteria}, {verdict.view}",
                *[in_the_set(verdict)] * some,
                percent(share.share),
                interval(share.low, share.high),
                percent(verdict.determined.share),
                percent(verdict.undetermined.share),
                points(comparison.distance),
                span if verdict.patients else "–",
            )
        )
    return Table("Refractory share compared with one third", head, rows)


def groups(title: str, groups_of_patients: Iterable[Group], unnamed: str) -> Table:
    """Return the refractory share of each group."""
    verdicts = {group.name: group.refractory for group in groups_of_patients}
    some = any(verdict.outside for verdict in verdicts.values())
    rows = [
        (
            plain_name(name) or unnamed,
            in_the_set(verdict) if some else number(verdict.patients),
            percent(verdict.share.share),
            interval(verdict.share.low, verdict.share.high),
            percent(verdict.undetermined.share),
        )
        for name, verdict in verdicts.items()
    ]
    patients = IN_THE_SET if some else "patients"
    return Table(title, ("group", patients, "refractory", "95% interval", "undetermined"), rows)


def by_band(categories_by_band: Iterable[tuple[str, Sequence[Category]]]) -> Table:
    """Return the share of each category within each age band."""
    bands = [(name, {row.category: row.share for row in rows_of_band}) for name, rows_of_band in categories_by_band]
    seen = [name for name in CATEGORY_ORDER if any(name in shares for _, shares in bands)]
    rows = []
    for name, shares in bands:
        patients = next(iter(shares.values())).total
        cells = [percent(shares[category].share) if category in shares else "–" for category in seen]
        rows.append((plain_name(name) or "none", number(patients), *cells))
    head = ("age band", "patients", *map(plain_name, seen))
    return Table("Category by age band, share of the patients of the band", head, rows)


def follow_up(curve: FollowUp) -> Table:
    """Return the refractory share by length of follow-up."""
    some = any(moment.refractory.outside for moment in curve.moments)
    head = ["months from onset", "refractory", "share", "95% interval"] + ["undetermined so far"] * curve.reclassified
    rows = []
    for moment in curve.moments:
        count, *share = share_cells(moment.refractory.share)
        count += f" of {number(moment.refractory.patients)}" if some else ""
        cells = (f"{moment.days / DAYS_PER_MONTH:.0f}", count, *share)
        rows.append((*cells, percent(moment.refractory.undetermined.share)) if curve.reclassified else cells)
    return Table(f"Refractory by length of follow-up, {number(curve.patients)} patients", tuple(head), rows)


def combinations(combinations_of_flags: Sequence[Combination]) -> Table:
    """Return the combinations of flags."""
    total = sum(item.patients for item in combinations_of_flags) or 1
    rows = [(flag_text(item), number(item.patients), percent(item.patients / total)) for item in combinations_of_flags]
    return Table("Patients by the flags they carry", ("flags", "patients", "share"), rows)


def flag_text(combination: Combination) -> str:
    """Return the flags of a combination in words."""
    if not combination.determined:
        return "undetermined: no flag met, not all could be judged"
    return " + ".join(FLAG_NAMES[name] for name in vocabulary.FLAGS if name in combination.flags) or "no flag"


def turned(caption: str, curves: Sequence[Curve], rows: Sequence[tuple[str, Callable[[Curve], str]]]) -> Table:
    """Return a table with a column for each curve; empty rows are left out."""
    lines = [(name, *[text_of(curve) for curve in curves]) for name, text_of in rows]
    head = ("measure", *[plain_name(curve.group) for curve in curves])
    return Table(caption, head, [row for row in lines if {*row[1:]} - {"–"}])


def remission(curves: Sequence[Curve], weeks: Sequence[int] = (4, 8, 12, 26, 52)) -> Table:
    """Return the share in remission by week, and the median time."""

    def reached(week: int) -> Callable[[Curve], str]:
        def text_of(curve: Curve) -> str:
            free, low, high = curve.at(7.0 * week)
            return estimate(1 - free, 1 - high, 1 - low)

        return text_of

    rows: list[tuple[str, Callable[[Curve], str]]] = [
        ("patients", lambda curve: number(curve.patients)),
        ("remissions, in all of follow-up", lambda curve: number(curve.events)),
        ("median days", lambda curve: days(curve.median_days)),
        *[(f"by week {week}", reached(week)) for week in weeks],
    ]
    return turned("In complete remission (Kaplan-Meier, 95% interval)", curves, rows)


def relapse(curves: Sequence[Curve], months: Sequence[int] = (3, 6, 12, 18, 24, 36, 60)) -> Table:
    """Return the share free of relapse by month after first remission, and the median time."""

    def free_at(month: int) -> Callable[[Curve], str]:
        return lambda curve: estimate(*curve.at(month * DAYS_PER_MONTH))

    rows: list[tuple[str, Callable[[Curve], str]]] = [
        ("patients who reached remission", lambda curve: number(curve.patients)),
        ("patients who relapsed", lambda curve: number(curve.events)),
        ("median days", lambda curve: days(curve.median_days)),
        *[(f"free at {month} months", free_at(month)) for month in months],
    ]
    return turned("Free of relapse after first remission (Kaplan-Meier, 95% interval)", curves, rows)


def estimate(value: float, low: float, high: float) -> str:
    """Return a share with its interval in whole per cent; a dash if there is none."""
    return "–" if math.isnan(value) else f"{percent(value, 0)} ({interval(low, high, 0)})"


def rates(rates_of_bands: Iterable[Rate]) -> Table:
    """Return relapses per person-year."""
    head = ("age band", "patients", "relapses", "patient-years", "per patient-year (95% interval)")
    rows = [
        (
            plain_name(rate.group),
            number(rate.patients),
            number(rate.relapses),
            f"{rate.person_years:,.0f}",
            rate_text(rate),
        )
        for rate in rates_of_bands
    ]
    return Table("Relapses during follow-up after first remission", head, rows)


def histogram(counts: Sequence[int]) -> Table:
    """Return the number of relapses per patient."""
    total = sum(counts) or 1
    names = [*[str(count) for count in range(len(counts) - 1)], f"{len(counts) - 1} or more"]
    rows = [(name, number(count), percent(count / total)) for name, count in zip(names, counts, strict=True)]
    return Table("Relapses per patient who reached remission", ("relapses", "patients", "share"), rows)


def views(agreement: Agreement) -> Table:
    """Return the cross-table of categories: rows by the complete record, columns by the observed one."""
    outside = f" ({number(agreement.outside)} more are outside this set by age or lesion)" if agreement.outside else ""
    caption = f"Patients by category, “{agreement.criteria}” criteria{outside}"
    return cross_table(caption, "complete", "observed", agreement.counts)

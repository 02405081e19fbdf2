"""The tables of the page: a caption, a head and rows of text, the same for HTML and Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group
from nephrosyn.report.text import (
    FLAG_NAMES,
    days,
    harmless,
    interval,
    number,
    of_whom,
    percent,
    plain,
    points,
    rate_text,
)
from nephrosyn.statistics.between_replicates import Spread
from nephrosyn.statistics.kaplan_meier import Curve
from nephrosyn.statistics.kappa import Kappa
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import DAYS_PER_MONTH


@dataclass(frozen=True)
class Table:
    """A table of text: the first column names the row, the others are numbers, unless there are more of words.

    Attributes
    ----------
    caption : str
        What it shows.
    head : tuple of str
        Column names.
    rows : sequence of tuple of str
        One text per column.
    strong : frozenset of int
        Rows to stress, by position.
    words : int
        How many columns, from the first, are words.
    """

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    strong: frozenset[int] = field(default_factory=frozenset)
    words: int = 1

    @property
    def wide(self) -> bool:
        """True if it needs the width of the page."""
        longest = max((sum(map(len, row)) for row in self.rows), default=0)
        return len(self.head) > 5 or sum(map(len, self.head)) > 70 or longest > 75

    def markdown(self, *, captioned: bool = True) -> str:
        """Return the table in Markdown, its caption above it where no heading says the same."""

        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(cells) + " |"

        sides = ["---" if place < self.words else "---:" for place in range(len(self.head))]
        body = [line([harmless(cell) for cell in self.head]), line(sides)]
        for place, row in enumerate(self.rows):
            cells = [harmless(cell) for cell in row]
            body.append(line([f"**{cell}**" if cell and place in self.strong else cell for cell in cells]))
        return (f"*{harmless(self.caption)}*\n\n" if captioned else "") + "\n".join(body)

    def html(self) -> str:
        """Return the table in HTML with its caption and the notice, to be shown in a notebook."""

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
    """Return the sd between replicates and the interval of their mean; nothing for a single replicate."""
    return () if spread is None else (f"{100 * spread.sd:.2f}", interval(spread.low, spread.high))


def kappa_text(kappa: Kappa) -> str:
    """Return a kappa with its interval; without a value, or an interval, why there is none.

    Examples
    --------
    >>> from nephrosyn.statistics.kappa import cohen
    >>> kappa_text(cohen({("a", "a"): 40, ("a", "b"): 10, ("b", "b"): 50}))
    '0.80 (0.68 to 0.92)'
    >>> kappa_text(cohen({("a", "a"): 40}))
    'not defined: every answer is the same one'
    """
    if not kappa.defined:
        return f"not defined: {kappa.note}"
    value = f"{kappa.value:.2f}".replace("-", "−")
    if kappa.note:
        return f"{value} ({kappa.note})"
    return f"{value} ({kappa.low:.2f} to {kappa.high:.2f})".replace("-", "−")


def categories(rows: Sequence[Category], found: Refractory) -> Table:
    """Return the categories of one definition set and view, and the refractory rows below them."""
    head = ["category", "patients", "share", "95% interval"]
    if found.replicates is not None:
        head += ["sd between replicates (points)", "95% interval of the replicates' mean"]
    gap = ("",) * (0 if found.replicates is None else 2)
    lines = [(plain(row.category), *share_cells(row.share), *spread_cells(row.replicates)) for row in rows]
    lines += [
        (
            f"refractory, of all {'in the set' if found.outside else 'patients'}",
            *share_cells(found.share),
            *spread_cells(found.replicates),
        ),
        ("refractory, of those judged", *share_cells(found.judged), *gap),
        ("could not be judged", *share_cells(found.unjudged), *gap),
    ]
    caption = f"“{found.criteria}” criteria, {found.view} record, {of_whom(found)}"
    return Table(caption, tuple(head), lines, frozenset({len(rows)}))


IN_THE_SET = "in the set"
"""Column beside a share where a set is not for everybody."""


def in_the_set(found: Refractory) -> str:
    """Return to how many the set may apply, of how many."""
    return f"{number(found.patients)} of {number(found.cohort)}"


def against_third(found: Iterable[Refractory]) -> Table:
    """Return every definition set and view against one third."""
    found = [*found]
    some = any(item.outside for item in found)
    head = (
        "criteria and record", *[IN_THE_SET] * some, "refractory", "95% interval", "of those judged",
        "not judged", "distance to 1/3 (points)", "interval of the distance",
    )  # fmt: skip
    rows = []
    for item in found:
        comparison = item.comparison
        span = f"{points(item.share.low - comparison.target)} to {points(item.share.high - comparison.target)}"
        rows.append(
            (
                f"{item.criteria}, {item.view}",
                *[in_the_set(item)] * some,
                percent(item.share.share),
                interval(item.share.low, item.share.high),
                percent(item.judged.share),
                percent(item.unjudged.share),
                points(comparison.distance),
                span if item.patients else "–",
            )
        )
    return Table("Refractory share against one third", head, rows)


def groups(title: str, found: Iterable[Group], unnamed: str) -> Table:
    """Return the refractory share of each group."""
    found = [*found]
    some = any(item.refractory.outside for item in found)
    rows = [
        (
            plain(item.name) or unnamed,
            in_the_set(item.refractory) if some else number(item.refractory.patients),
            percent(item.refractory.share.share),
            interval(item.refractory.share.low, item.refractory.share.high),
            percent(item.refractory.unjudged.share),
        )
        for item in found
    ]
    patients = IN_THE_SET if some else "patients"
    return Table(title, ("group", patients, "refractory", "95% interval", "not judged"), rows)


def by_band(found: Iterable[tuple[str, Sequence[Category]]]) -> Table:
    """Return the share of each category within each age band."""
    bands = [(name, {row.category: row.share for row in each}) for name, each in found]
    seen = [name for name in CATEGORY_ORDER if any(name in shares for _, shares in bands)]
    rows = []
    for name, shares in bands:
        patients = next(iter(shares.values())).total
        cells = [percent(shares[one].share) if one in shares else "–" for one in seen]
        rows.append((plain(name) or "none", number(patients), *cells))
    head = ("age band", "patients", *map(plain, seen))
    return Table("Category by age band, share of the patients of the band", head, rows)


def follow_up(found: FollowUp) -> Table:
    """Return the refractory share by length of follow-up."""
    some = any(moment.refractory.outside for moment in found.moments)
    head = ["months from onset", "refractory", "share", "95% interval"] + ["not judged yet"] * found.rejudged
    rows = []
    for moment in found.moments:
        count, *share = share_cells(moment.refractory.share)
        count += f" of {number(moment.refractory.patients)}" if some else ""
        cells = (f"{moment.days / DAYS_PER_MONTH:.0f}", count, *share)
        rows.append((*cells, percent(moment.refractory.unjudged.share)) if found.rejudged else cells)
    return Table(f"Refractory by length of follow-up, {number(found.patients)} patients", tuple(head), rows)


def combinations(found: Sequence[Combination]) -> Table:
    """Return the combinations of flags."""
    total = sum(item.patients for item in found) or 1
    rows = [(flag_text(item), number(item.patients), percent(item.patients / total)) for item in found]
    return Table("Patients by the flags they carry", ("flags", "patients", "share"), rows)


def flag_text(found: Combination) -> str:
    """Return the flags of a combination in words."""
    if not found.judged:
        return "undetermined: no flag met, not all judged"
    return " + ".join(FLAG_NAMES[name] for name in vocabulary.FLAGS if name in found.flags) or "no flag"


def turned(caption: str, curves: Sequence[Curve], rows: Sequence[tuple[str, Callable[[Curve], str]]]) -> Table:
    """Return a table with a column for each curve; rows without any value are left out."""
    lines = [(name, *[told(curve) for curve in curves]) for name, told in rows]
    head = ("measure", *[plain(curve.group) for curve in curves])
    return Table(caption, head, [row for row in lines if {*row[1:]} - {"–"}])


def remission(curves: Sequence[Curve], weeks: Sequence[int] = (4, 8, 12, 26, 52)) -> Table:
    """Return the share in remission by week, and the median time."""

    def reached(week: int) -> Callable[[Curve], str]:
        def told(curve: Curve) -> str:
            free, low, high = curve.at(7.0 * week)
            return estimate(1 - free, 1 - high, 1 - low)

        return told

    rows: list[tuple[str, Callable[[Curve], str]]] = [
        ("patients", lambda curve: number(curve.patients)),
        ("remissions, in all of follow-up", lambda curve: number(curve.events)),
        ("median days", lambda curve: days(curve.median_days)),
        *[(f"by week {week}", reached(week)) for week in weeks],
    ]
    return turned("In complete remission (Kaplan-Meier, 95% interval)", curves, rows)


def relapse(curves: Sequence[Curve], months: Sequence[int] = (3, 6, 12, 18, 24, 36, 60)) -> Table:
    """Return the share free of relapse by month after first remission, with intervals."""

    def free_at(month: int) -> Callable[[Curve], str]:
        return lambda curve: estimate(*curve.at(month * DAYS_PER_MONTH))

    rows: list[tuple[str, Callable[[Curve], str]]] = [
        ("patients who reached remission", lambda curve: number(curve.patients)),
        ("of these relapsed", lambda curve: number(curve.events)),
        ("median days", lambda curve: days(curve.median_days)),
        *[(f"free at {month} months", free_at(month)) for month in months],
    ]
    return turned("Free of relapse after first remission (Kaplan-Meier, 95% interval)", curves, rows)


def estimate(value: float, low: float, high: float) -> str:
    """Return a share with its interval in whole per cent; a dash where there is none."""
    return "–" if math.isnan(value) else f"{percent(value, 0)} ({interval(low, high, 0)})"


def rates(found: Iterable[Rate]) -> Table:
    """Return relapses per person-year."""
    head = ("age band", "patients", "relapses", "person-years", "per person-year (95% interval)")
    rows = [
        (plain(item.group), number(item.patients), number(item.relapses), f"{item.person_years:,.0f}", rate_text(item))
        for item in found
    ]
    return Table("Relapses over the time followed after first remission", head, rows)


def histogram(found: Sequence[int]) -> Table:
    """Return the relapses per patient."""
    total = sum(found) or 1
    names = [*[str(count) for count in range(len(found) - 1)], f"{len(found) - 1} or more"]
    rows = [(name, number(count), percent(count / total)) for name, count in zip(names, found, strict=True)]
    return Table("Relapses per patient who reached remission", ("relapses", "patients", "share"), rows)


def views(found: Agreement) -> Table:
    """Return the cross-table of categories: rows by the complete record, columns by the observed one."""
    seen = [name for name in CATEGORY_ORDER if any(name in pair for pair in found.counts)]
    head = ("complete ↓ observed →", *[plain(name) for name in seen], "all")
    rows = []
    for row in seen:
        cells = [found.cell(row, column) for column in seen]
        rows.append((plain(row), *[number(count) if count else "·" for count in cells], number(sum(cells))))
    totals = [sum(found.cell(row, column) for row in seen) for column in seen]
    rows.append(("all", *[number(count) for count in totals], number(sum(totals))))
    outside = f" ({number(found.outside)} more are outside this set: age or lesion)" if found.outside else ""
    return Table(f"Patients by category, “{found.criteria}” criteria{outside}", head, rows, frozenset({len(rows) - 1}))

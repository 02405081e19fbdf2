"""The section of the page that says what is known of the share: its uncertainty interval, and what it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nephrosyn.report import text as wording
from nephrosyn.report.findings.uncertainty import SetUncertainty, Uncertainty
from nephrosyn.report.findings.verdicts.refractory_share import Refractory
from nephrosyn.report.formatting import NO_VALUE, decimal, interval, number, percent
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.tables import Table

FIGURE = (
    "uncertainty",
    "Bars: draws of the scenario’s uncertain numbers, by the share that each implies. Line: 95% uncertainty interval. "
    "Grey: one third ± 5 percentage points.",
)


def known_section(uncertainty: Uncertainty, verdicts: list[Refractory]) -> Section:
    """Return the section.

    Parameters
    ----------
    uncertainty : Uncertainty
        What the draws say.
    verdicts : list of Refractory
        Counts of the cohort of the scenario itself, by definition set and view.
    """
    numbers = number(len(uncertainty.quantities))
    lead = [
        f"Each of {number(uncertainty.draws)} draws gives the scenario’s {numbers} uncertain numbers other values that "
        f"their sources leave open, and is played with {number(uncertainty.patients)} patients of its own.",
        *([wording.two_intervals(verdicts[0]).capitalize() + "."] if verdicts[0].span else []),
        "The interval with the scenario’s numbers is that of the expected share, without the chance of the patients "
        "of a draw. It says what is known if the scenario is right apart from these numbers; numbers that are "
        "fixed, and the structure of the model, are not in it.",
        *([wording.ONE_CLINIC] if uncertainty.sets and not uncertainty.sets[0].chance_is_known else []),
        *(
            f"{item.criteria}, {item.view}: no interval, as {wording.too_few(item.draws, item.of)}."
            for item in uncertainty.without
        ),
    ]
    shown = [intervals(uncertainty, verdicts)]
    if uncertainty.sets:
        shown += [sources(uncertainty.sets[0], uncertainty.patients), convergence(uncertainty.sets[0])]
    return Section(
        "known", "What is known", lead, [FIGURE] if uncertainty.sets else [], shown, [quantities(uncertainty)]
    )


def intervals(uncertainty: Uncertainty, verdicts: list[Refractory]) -> Table:
    """Return the share of every definition set and view with both intervals."""
    head = ("criteria and record", "refractory", "chance alone", "with the numbers", "error of its ends (points)")
    rows = []
    for verdict in verdicts:
        share, of_draws = verdict.share, uncertainty.of(verdict.criteria, verdict.view)
        cells = (NO_VALUE, NO_VALUE)
        if of_draws is not None:
            errors = f"{decimal(100 * of_draws.low_error, 1)}; {decimal(100 * of_draws.high_error, 1)}"
            cells = (interval(of_draws.low, of_draws.high), errors)
        name = f"{verdict.criteria}, {verdict.view}"
        rows.append((name, percent(share.share), interval(share.low, share.high), *cells))
    return Table("Refractory share with its 95% intervals", head, rows)


def sources(of_set: SetUncertainty, patients: int) -> Table:
    """Return what the share of a cohort of this size owes its variance to."""
    parts = (
        *([(f"chance, in {number(patients)} patients", of_set.chance)] if of_set.chance_is_known else []),
        ("uncertain numbers", of_set.numbers),
        ("uncertain mix of patients", of_set.mix),
    )
    rows = [_part(name, variance, of_set.total) for name, variance in (*parts, ("all", of_set.total))]
    caption = f"Where the variance comes from: {of_set.criteria} criteria, {of_set.view} record"
    return Table(caption, ("source", "sd (points)", "of the variance"), rows, frozenset({len(rows) - 1}))


def _part(name: str, variance: float, total: float) -> tuple[str, str, str]:
    share = variance / total if total > 0 else math.nan
    return name, decimal(100 * math.sqrt(variance), 1), percent(share, 0)


def convergence(of_set: SetUncertainty) -> Table:
    """Return the interval of the first draws, as far as they go."""
    rows = [(number(draws), interval(low, high)) for draws, low, high in of_set.convergence]
    return Table("Convergence of the interval", ("first draws", "95% uncertainty interval"), rows)


def quantities(uncertainty: Uncertainty) -> Table:
    """Return the uncertain numbers with their laws and sources."""
    rows = [_quantity(quantity) for quantity in uncertainty.quantities]
    return Table("Uncertain numbers", ("number", "kind", "law", "source"), rows, words=4)


def _quantity(quantity: Mapping[str, Any]) -> tuple[str, ...]:
    first, *others = quantity["keys"]
    more = f" and {len(others)} more" if others else ""
    return f"{first}{more}", quantity["kind"], quantity["law"], quantity["source"]

"""The section of the page that says what is known of the share: its uncertainty interval, and what it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nephrosyn.report import influence_text
from nephrosyn.report import text as wording
from nephrosyn.report.findings.influence import Influence, NumberInfluence, StudyInfluence
from nephrosyn.report.findings.uncertainty import SetUncertainty, Uncertainty
from nephrosyn.report.findings.verdicts.refractory_share import Refractory
from nephrosyn.report.formatting import NO_VALUE, decimal, interval, number, percent
from nephrosyn.report.key_meanings import meaning
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.tables import Table
from nephrosyn.scenario.files.provenance import ASSUMED, ids

FIGURE = (
    "uncertainty",
    "Bars: draws of the scenario’s uncertain numbers, by the share that each implies. Line: 95% uncertainty interval. "
    "Grey: one third ± 5 percentage points.",
)

INFLUENCE = (
    "influence",
    "Mean share over the draws with the lowest and with the highest quarter of the values of each number; all other "
    "numbers vary as well. Dotted: mean of all draws.",
)
LEADING = 10
"""Numbers and studies that are shown at first."""
NAMED = 2
"""Numbers of a study that are named."""


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
    shown, folded = [intervals(uncertainty, verdicts)], [quantities(uncertainty)]
    figures = [FIGURE] if uncertainty.sets else []
    if uncertainty.sets:
        shown += [sources(uncertainty.sets[0], uncertainty.patients), convergence(uncertainty.sets[0])]
    if (influence := uncertainty.influence) is not None:
        lead += influence_sentences(uncertainty, influence)
        figures.append(INFLUENCE)
        shown.append(numbers_table(influence, influence.numbers[:LEADING]))
        shown += [studies(influence)] if influence.studies else []
        folded.append(numbers_table(influence, influence.numbers, with_keys=True))
    return Section("known", "What is known", lead, figures, shown, folded)


def influence_sentences(uncertainty: Uncertainty, influence: Influence) -> list[str]:
    """Return what the share hangs on, and how certain the answers are."""
    of_third = uncertainty.hangs_on(influence.criteria, influence.view)
    first = influence_text.moved_most(influence)
    sentences = [f"{first[0].upper()}{first[1:]}."]
    questions = [of_third] if of_third == influence else [of_third, influence]
    return [
        *sentences,
        f"{influence_text.held_fixed(influence)} {influence_text.by_chance(influence)}",
        " ".join(map(influence_text.certainty, questions)),
    ]


def numbers_table(influence: Influence, numbers: Sequence[NumberInfluence], *, with_keys: bool = False) -> Table:
    """Return how some uncertain numbers move the share, and what exact knowledge of each would be worth."""
    some = "The numbers that move the share most" if len(numbers) < len(influence.numbers) else "Every uncertain number"
    head = ("number", *["key"] * with_keys, "known", "source", *MEASURES)
    rows = [(number.meaning, *[number.key] * with_keys, *_number(number)) for number in numbers]
    return Table(some, head, rows, words=3 + with_keys)


MEASURES = ("rank correlation (95%)", "of the variance", "wrong answers removed (points)")


def _number(influence: NumberInfluence) -> tuple[str, ...]:
    correlation = influence.correlation
    ends = f"{influence_text.signed(correlation.low)} to {influence_text.signed(correlation.high)}"
    return (
        influence.law,
        _evidence(influence.source),
        f"{influence_text.signed(correlation.value)} ({ends})",
        *_worth(influence),
    )


def _worth(influence: NumberInfluence | StudyInfluence) -> tuple[str, str]:
    removed = f"{decimal(100 * influence.wrong_removed, 1)} ± {decimal(100 * influence.error, 1)}"
    return percent(influence.variance, 0), removed


def _evidence(source: str) -> str:
    named = ids(source)
    return ", ".join(named + ["assumed"] * (ASSUMED in source))


def studies(influence: Influence) -> Table:
    """Return what exact knowledge of all numbers of a study would be worth."""
    what = "What a study without error of the numbers of one source would settle"
    caption = f"{what}: is the share {influence.question}?"
    rows = [(_numbers_of(study), ", ".join(study.evidence), *_worth(study)) for study in influence.studies[:LEADING]]
    return Table(caption, ("its numbers", "source", *MEASURES[1:]), rows, words=2)


def _numbers_of(study: StudyInfluence) -> str:
    more = len(study.keys) - NAMED
    return "; ".join([*map(meaning, study.keys[:NAMED]), *([f"and {number(more)} more"] if more > 0 else [])])


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

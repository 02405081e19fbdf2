"""Sections about the course in the long run: how it ended, treatment and harms, truly or falsely refractory."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.disease_states import STATE_NAMES, STATES, Part, States
from nephrosyn.report.findings.course.exposure import Harm, Treatment, Use
from nephrosyn.report.findings.course.pseudo_resistance import Falsely
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.tables import Table
from nephrosyn.report.text import interval, number, percent, plain
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import STEROID

HALF = 0.5


def with_interval(share: Share, digits: int = 1) -> str:
    """Return a share and its interval in one cell; a dash where nobody was asked."""
    if not share.total:
        return "–"
    return f"{percent(share.share, digits)} ({interval(share.low, share.high, digits)})"


def end_section(found: Findings) -> Section:
    """Return how the course ended, and the states over the years where follow-up is long."""
    states = found.states
    figures = [("end", "Share of all patients in each state, in the truth.")] if states.long else []
    tables = [end_table(states), *([response_table(states.by_response)] if states.by_response else [])]
    folded = [year_table(states)] if states.years else []
    lead = [
        "The last state of each patient in the truth, to the end of the planned follow-up whether or not the patient "
        "dropped out of the record.",
        recovery_sentence(states.end[0]),
    ]
    return Section("end", "How it ended", lead, figures, tables, folded)


def recovery_sentence(remission: Share) -> str:
    """Return whether most patients are in remission at the end, as the source texts say."""
    if remission.low > HALF:
        told = "more than half"
    else:
        told = "fewer than half" if remission.high < HALF else "the interval contains one half"
    return (
        "The source texts say that most patients recover with careful treatment. Here "
        f"{with_interval(remission)} are in complete remission at the end: {told}."
    )


def end_table(states: States) -> Table:
    """Return the states at the end of the course."""
    rows = [
        (STATE_NAMES[name], number(share.count), percent(share.share), interval(share.low, share.high))
        for name, share in zip(STATES, states.end, strict=True)
    ]
    return Table("At the end of the course", ("state", "patients", "share", "95% interval"), rows)


def response_table(parts: Sequence[Part]) -> Table:
    """Return the states at the end by response to steroid at onset."""
    rows = [
        (part.name, number(part.shares[0].total), *[with_interval(share, 0) for share in part.shares]) for part in parts
    ]
    caption = "At the end of the course, by true response to adequate steroid at onset (95% interval)"
    return Table(caption, ("response", "patients", *STATE_NAMES.values()), rows)


def year_table(states: States) -> Table:
    """Return the states at the end of each year."""
    rows = [(str(year), *[percent(share) for share in shares]) for year, shares in states.years]
    return Table("State at the end of each year, share of all patients", ("year", *STATE_NAMES.values()), rows)


def treatment_section(found: Findings) -> Section:
    """Return drugs with their doses, and harms with their rates."""
    known = found.treatment
    lead = [
        "Over the whole course, after dropout from the record too. Doses are as prescribed, not as taken; conditions "
        "are those that care noted, as often as it noted them.",
        "" if known.agents else steroid_sentence(known),
        f"The quartiles of doses are of the first {number(found.sampled)} patients." if found.sampled else "",
    ]
    tables = [drug_table(known.uses)] if known.agents else []
    tables += [harm_table("Conditions by kind", known.kinds)] if known.kinds else []
    folded = [harm_table("Each condition", known.names)] if len(known.names) > len(known.kinds) else []
    return Section("treatment", "Treatment and harms", [text for text in lead if text], [], tables, folded)


def steroid_sentence(known: Treatment) -> str:
    """Return the steroid of a cohort that was given nothing else."""
    use = next((use for use in known.uses if use.drug == STEROID), None)
    if use is None:
        return "Nobody was given any drug."
    return (
        f"Steroid was the only drug: {with_interval(use.share)} of the patients were given {plain(use.drug)}, the "
        f"median of them {amount(use.median)} mg/kg in all (middle half {amount(use.low)} to {amount(use.high)})."
    )


def amount(value: float) -> str:
    """Return a dose with about three figures that matter."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def drug_table(uses: Sequence[Use]) -> Table:
    """Return each drug: who was ever on it, and how much of it they were given."""
    rows = [
        (plain(use.drug), with_interval(use.share), amount(use.median), f"{amount(use.low)} to {amount(use.high)}")
        for use in uses
    ]
    head = ("drug", "ever on it (95% interval)", "median mg/kg", "middle half")
    return Table("Drugs, and the cumulative dose of those ever on them", head, rows)


def harm_table(caption: str, harms: Sequence[Harm]) -> Table:
    """Return conditions: who had them, and how often they were noted."""
    rows = []
    for harm in harms:
        parts = dict.fromkeys((plain(harm.kind), plain(harm.name)))
        name = ": ".join(parts) if harm.name else vocabulary.KIND_NAMES[harm.kind]
        rows.append((name, with_interval(harm.share), rate_cell(harm.per_100_years)))
    return Table(caption, ("condition", "patients (95% interval)", "per 100 patient-years"), rows)


def rate_cell(rate: float | None) -> str:
    """Return a rate with as many decimals as its size asks for; a dash where there is none."""
    if rate is None:
        return "–"
    return f"{rate:,.{0 if rate >= 10 else 1 if rate >= 1 else 2}f}"


def provoking_section(found: Findings) -> Section:
    """Return truly and falsely refractory: the truth against the record."""
    first = next(item for item in found.falsely if item.view == found.headline.view)
    lead = [
        "Who is refractory may be so only because of a provoking factor. Here that is known: steroid would have worked "
        "in a patient with such a factor at onset whose disease answers to steroid, completely or in part.",
        "The record can only say it afterwards: the factor was found, and remission followed without another agent. "
        "A factor never found, or found too late, stays unseen; and some remit by themselves after one was found.",
    ]
    tables = [answer_table(first), score_table(found.falsely)]
    return Section("falsely", "Truly or falsely refractory", lead, [], tables, [factor_table(first)])


def answer_table(item: Falsely) -> Table:
    """Return refractory patients by truth and record."""
    columns = ((item.hit, item.wrong), (item.missed, item.rest))
    rows = [
        ("would have worked", *[number(column[0]) for column in columns], number(item.hit + item.missed)),
        ("would not", *[number(column[1]) for column in columns], number(item.wrong + item.rest)),
        ("all", *[number(sum(column)) for column in columns], number(sum(map(sum, columns)))),
    ]
    head = ("in truth, steroid", "falsely so", "nothing noted", "all")
    return Table(f"Refractory patients by what the {item.view} record says", head, rows, frozenset({2}))


def score_table(items: Sequence[Falsely]) -> Table:
    """Return how well each record finds the falsely refractory."""
    rows = [(item.view, with_interval(item.sensitivity), with_interval(item.precision)) for item in items]
    head = ("record", "sensitivity", "precision")
    return Table("How well each record finds the falsely refractory (95% interval)", head, rows)


def factor_table(item: Falsely) -> Table:
    """Return refractory patients by provoking factor."""
    rows = [
        (plain(factor.name), number(factor.patients), number(factor.would_answer), number(factor.said))
        for factor in item.factors
    ]
    head = ("factor at onset", "refractory", "steroid would have worked", "record says falsely so")
    return Table(f"Refractory patients by provoking factor, {item.view} record", head, rows)

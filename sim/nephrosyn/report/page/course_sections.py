"""Report sections about the long-term course: outcome, treatment and adverse events, pseudo-refractory patients."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn import vocabulary
from nephrosyn.report.findings.course.disease_states import RECOVERED_YEARS, STATE_NAMES, STATES, Part, States
from nephrosyn.report.findings.course.exposure import AdverseEvent, DrugUse, Treatment
from nephrosyn.report.findings.course.pseudo_resistance import PseudoRefractory
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.formatting import interval, number, percent, share_with_interval
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.tables import Table
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import STEROID, plain_name

HALF = 0.5


def end_section(findings: Findings) -> Section:
    """Return how the course ended, and the states over the years if follow-up is long."""
    states = findings.states
    figures = [("end", "Share of all patients in each state, in the truth.")] if states.long else []
    tables = [end_table(states), *([response_table(states.by_response)] if states.by_response else [])]
    folded = [year_table(states)] if states.years else []
    lead = [
        "The last true state of each patient at the end of the planned follow-up, including patients lost to "
        "follow-up.",
        recovery_sentence(states.end[0]),
    ]
    if states.recovered is not None:
        lead.append(
            f"Recovered for good, that is in complete remission without any drug throughout the last {RECOVERED_YEARS} "
            f"years: {share_with_interval(states.recovered)}."
        )
    return Section("end", "How the course ended", lead, figures, tables, folded)


def recovery_sentence(remission: Share) -> str:
    """Return whether most patients are in remission at the end, as the source texts claim."""
    if remission.low > HALF:
        where = "more than half"
    else:
        where = "fewer than half" if remission.high < HALF else "the interval contains one half"
    return (
        "The source texts say that most patients recover with careful treatment. In this cohort "
        f"{share_with_interval(remission)} are in complete remission at the end: {where}."
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
        (part.name, number(part.shares[0].total), *[share_with_interval(share, 0) for share in part.shares])
        for part in parts
    ]
    caption = "At the end of the course, by true response to adequate steroid at onset (95% interval)"
    return Table(caption, ("response", "patients", *STATE_NAMES.values()), rows)


def year_table(states: States) -> Table:
    """Return the states at the end of each year."""
    rows = [(str(year), *[percent(share) for share in shares]) for year, shares in states.years]
    return Table("State at the end of each year, share of all patients", ("year", *STATE_NAMES.values()), rows)


def treatment_section(findings: Findings) -> Section:
    """Return drugs with their doses, and adverse events with their rates."""
    known = findings.treatment
    lead = [
        "Over the whole course, including the time after loss to follow-up. Doses are as prescribed, not as taken; "
        "conditions are counted each time care noted them.",
        "" if known.agents else steroid_sentence(known),
    ]
    tables = [drug_table(known.uses)] if known.agents else []
    tables += [adverse_event_table("Conditions by kind", known.kinds)] if known.kinds else []
    folded = [adverse_event_table("Each condition", known.names)] if len(known.names) > len(known.kinds) else []
    return Section("treatment", "Treatment and adverse events", [text for text in lead if text], [], tables, folded)


def steroid_sentence(known: Treatment) -> str:
    """Return the steroid doses of a cohort without other drugs."""
    use = next((use for use in known.uses if use.drug == STEROID), None)
    if use is None:
        return "No patient was given a drug."
    return (
        f"Steroid was the only drug: {share_with_interval(use.share)} of the patients were given "
        f"{plain_name(use.drug)}, with a median cumulative dose of {amount(use.median)} mg/kg (interquartile "
        f"range {amount(use.low)} to {amount(use.high)})."
    )


def amount(value: float) -> str:
    """Return a dose with about three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def drug_table(uses: Sequence[DrugUse]) -> Table:
    """Return the patients ever on each drug, and their cumulative dose."""
    rows = [
        (
            plain_name(use.drug),
            share_with_interval(use.share),
            amount(use.median),
            f"{amount(use.low)} to {amount(use.high)}",
        )
        for use in uses
    ]
    head = ("drug", "ever on it (95% interval)", "median mg/kg", "interquartile range")
    return Table("Drugs, and the cumulative dose of patients ever on them", head, rows)


def adverse_event_table(caption: str, events: Sequence[AdverseEvent]) -> Table:
    """Return the patients with each condition, and how often it was noted."""
    rows = []
    for event in events:
        parts = dict.fromkeys((plain_name(event.kind), plain_name(event.name)))
        name = ": ".join(parts) if event.name else vocabulary.KIND_NAMES[event.kind]
        rows.append((name, share_with_interval(event.share), rate_cell(event.per_100_years)))
    return Table(caption, ("condition", "patients (95% interval)", "per 100 patient-years"), rows)


def rate_cell(rate: float | None) -> str:
    """Return a rate with more decimals the smaller it is; a dash if there is none."""
    if rate is None:
        return "–"
    return f"{rate:,.{0 if rate >= 10 else 1 if rate >= 1 else 2}f}"


def pseudo_refractory_section(findings: Findings) -> Section:
    """Return the pseudo-refractory patients: the truth against the record."""
    first = next(counts for counts in findings.pseudo_refractory if counts.view == findings.headline.view)
    lead = [
        "Some refractory patients are pseudo-refractory: another cause, such as a hidden infection or missed doses, "
        "makes steroid seem to fail. The simulation knows them: they have such a cause at onset, and their disease "
        "responds to steroid, completely or in part.",
        "The record can only show it afterwards, when a cause was found and remission followed without another agent. "
        "A cause that is never found, or found too late, stays hidden; and some patients remit by chance after a cause "
        "was found.",
    ]
    tables = [answer_table(first), score_table(findings.pseudo_refractory)]
    return Section("pseudo-refractory", "True or pseudo-refractory", lead, [], tables, [factor_table(first)])


def answer_table(counts: PseudoRefractory) -> Table:
    """Return refractory patients by truth and record."""
    columns = ((counts.hit, counts.wrong), (counts.missed, counts.rest))
    rows = [
        ("would have worked", *[number(column[0]) for column in columns], number(counts.hit + counts.missed)),
        ("would not have worked", *[number(column[1]) for column in columns], number(counts.wrong + counts.rest)),
        ("all", *[number(sum(column)) for column in columns], number(sum(map(sum, columns)))),
    ]
    head = ("in truth, steroid", "pseudo-refractory", "not shown", "all")
    return Table(f"Refractory patients by what the {counts.view} record shows", head, rows, frozenset({2}))


def score_table(counts_of_views: Sequence[PseudoRefractory]) -> Table:
    """Return how well each record finds pseudo-refractory patients."""
    rows = [
        (counts.view, share_with_interval(counts.sensitivity), share_with_interval(counts.precision))
        for counts in counts_of_views
    ]
    head = ("record", "sensitivity", "positive predictive value")
    return Table("How well each record finds pseudo-refractory patients (95% interval)", head, rows)


def factor_table(counts: PseudoRefractory) -> Table:
    """Return refractory patients by cause of apparent steroid resistance."""
    rows = [
        (plain_name(factor.name), number(factor.patients), number(factor.would_answer), number(factor.said))
        for factor in counts.factors
    ]
    head = ("cause at onset", "refractory", "steroid would have worked", "pseudo-refractory by the record")
    return Table(f"Refractory patients by cause of apparent steroid resistance, {counts.view} record", head, rows)

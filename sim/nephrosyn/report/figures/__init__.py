"""The figures of a report; matplotlib is imported here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nephrosyn.report.figures import backend as backend  # must be first: it imports matplotlib
from nephrosyn.report.figures.category_flows import view_flow
from nephrosyn.report.figures.influence import shares_by_quarter
from nephrosyn.report.figures.refractory_share_by_follow_up import lines
from nephrosyn.report.figures.shares import category_bar, definitions, follow_up_curve, group_forest, overlap
from nephrosyn.report.figures.style import drawing, svg
from nephrosyn.report.figures.time_to_event import course_states, relapse, relapses, remission
from nephrosyn.report.figures.timeline import patient_timeline
from nephrosyn.report.figures.uncertainty import shares_of_draws
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.inline_svg import inline

__all__ = ["FIGURES", "ReportFigure", "draw", "inline", "patient_timeline", "svg"]


@dataclass(frozen=True)
class ReportFigure:
    """One figure of the report.

    Attributes
    ----------
    title : str
        What the figure shows: the title of the SVG, for screen readers.
    draw : callable
        Takes `Findings`, returns a matplotlib figure.
    applies : callable
        Takes `Findings`, returns whether the report has the figure.
    """

    title: str
    draw: Callable[[Any], Any]
    applies: Callable[[Findings], bool] = lambda findings: True


FIGURES: Mapping[str, ReportFigure] = {
    "uncertainty": ReportFigure(
        "Refractory share over the draws of the scenario's uncertain numbers",
        lambda findings: shares_of_draws(findings.uncertainty.sets[0]),
        lambda findings: findings.uncertainty is not None and bool(findings.uncertainty.sets),
    ),
    "influence": ReportFigure(
        "Refractory share in the draws with low and with high values of the leading numbers",
        lambda findings: shares_by_quarter(findings.uncertainty.influence),
        lambda findings: findings.uncertainty is not None and findings.uncertainty.influence is not None,
    ),
    "answer": ReportFigure(
        "The cohort by category, against one third",
        lambda findings: category_bar(findings.headline, findings.summary.categories),
    ),
    "definitions": ReportFigure(
        "Refractory share by definition set and record",
        lambda findings: definitions(findings.summary.refractory),
    ),
    "follow-up": ReportFigure(
        "Refractory share by length of follow-up",
        lambda findings: follow_up_curve(findings.follow_up),
    ),
    "groups": ReportFigure(
        "Refractory share by age band and lesion",
        lambda findings: group_forest(findings.bands, findings.lesions["true"]),
    ),
    "overlap": ReportFigure("Combinations of flags", lambda findings: overlap(findings.combinations, findings.flags)),
    "remission": ReportFigure("Time to complete remission by age band", lambda findings: remission(findings.remission)),
    "relapse": ReportFigure(
        "Time from remission to first relapse by age band", lambda findings: relapse(findings.relapse)
    ),
    "relapses": ReportFigure("Relapses per patient", lambda findings: relapses(findings.histogram)),
    "follow-up-sets": ReportFigure(
        "Refractory share of every definition set by length of follow-up",
        lambda findings: lines(findings.shares_over_time),
        lambda findings: findings.shares_over_time is not None,
    ),
    "end": ReportFigure(
        "Remission, kidney failure and death over the years",
        lambda findings: course_states(findings.states),
        lambda findings: findings.states.long,
    ),
    "views": ReportFigure(
        "Categories in the complete and in the observed record",
        lambda findings: view_flow(findings.agreement),
        lambda findings: findings.agreement is not None,
    ),
}
"""Every figure by name, which is its file name without suffix, in the order of the page."""


def draw(findings: Findings) -> dict[str, str]:
    """Draw every figure of a report.

    Parameters
    ----------
    findings : Findings
        The numbers of the report.

    Returns
    -------
    dict of str to str
        SVG documents by name of the figure, in the order of `FIGURES`.
    """
    with drawing():
        figures = {name: figure.draw(findings) for name, figure in FIGURES.items() if figure.applies(findings)}
    return {name: svg(figure, FIGURES[name].title) for name, figure in figures.items()}

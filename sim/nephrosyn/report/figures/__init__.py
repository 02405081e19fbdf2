"""The figures of a report; matplotlib is imported here and nowhere else."""

from __future__ import annotations

from nephrosyn.report.figures import backend as backend  # first of all: it loads matplotlib
from nephrosyn.report.figures.flows import view_flow
from nephrosyn.report.figures.growth import lines
from nephrosyn.report.figures.shares import answer_bar, definitions, follow_up_curve, group_forest, overlap
from nephrosyn.report.figures.style import drawing, inline, svg
from nephrosyn.report.figures.timeline import patient_timeline
from nephrosyn.report.figures.times import course_states, relapse, relapses, remission
from nephrosyn.report.findings.summary import Findings

__all__ = ["draw", "inline", "patient_timeline", "svg"]


def draw(findings: Findings) -> dict[str, str]:
    """Draw every figure of a report.

    Parameters
    ----------
    findings : Findings
        What was found.

    Returns
    -------
    dict of str to str
        Name of the figure (its file name without suffix) to an SVG document, in the order of the page.
    """
    first = findings.headline
    rows = findings.summary.categories
    with drawing():
        figures = {
            "answer": (answer_bar(first, rows), "The cohort by category, against one third"),
            "definitions": (definitions(findings.summary.refractory), "Refractory share by definition set and record"),
            "follow-up": (follow_up_curve(findings.follow_up), "Refractory share by length of follow-up"),
            "groups": (
                group_forest(findings.bands, findings.lesions["true"]),
                "Refractory share by age band and lesion",
            ),
            "overlap": (overlap(findings.combinations, findings.flags), "Combinations of flags"),
            "remission": (remission(findings.remission), "Time to complete remission by age band"),
            "relapse": (relapse(findings.relapse), "Time from remission to first relapse by age band"),
            "relapses": (relapses(findings.histogram), "Relapses per patient"),
        }
        if findings.growth is not None:
            title = "Refractory share of every definition set by length of follow-up"
            figures["follow-up-sets"] = (lines(findings.growth), title)
        if findings.states.long:
            figures["end"] = (course_states(findings.states), "Remission, kidney failure and death over the years")
        if findings.agreement is not None:
            figures["views"] = (view_flow(findings.agreement), "Categories in the complete and in the observed record")
    return {name: svg(figure, title) for name, (figure, title) in figures.items()}

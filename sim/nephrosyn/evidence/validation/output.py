"""A validation as text, tables and files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nephrosyn import __version__
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.evidence.validation import prediction_tables
from nephrosyn.evidence.validation.validate import USES, Place, Row, Validation
from nephrosyn.report.figures import inline, validation_distances
from nephrosyn.report.formatting import number, percent
from nephrosyn.report.page import frame
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.folder.output_folder import OutputFolder

FILES = {"validate.html", "validate.json", "distances.svg"}
FOLDER = OutputFolder("a validation of nephrosyn", frozenset(FILES), "validate.json", "chi_square")
TITLES = {
    "fit": "Used for fitting",
    "validation": "Held out for validation",
}
PLACES = {"inside": "yes", "edge": "on the edge", "outside": "no", "nobody": "no patient counts"}
"""Whether the simulated value lies within the published interval."""
COUNTED: tuple[Place, ...] = ("inside", "edge", "outside")
COVERAGE = "Coverage by group"
COVERAGE_HEAD = (
    "group",
    "fit: inside",
    "fit: on the edge",
    "fit: outside",
    "held out: inside",
    "held out: on the edge",
    "held out: outside",
)
OUTSIDE = "Outside, and the part of the model to which it is attributed"
HEAD = (
    "estimate",
    "setting",
    "what",
    "published (95%)",
    "simulated (95%)",
    "difference (standard errors)",
    "simulated value within the published 95% interval",
)
NOTES = (
    (
        "Published",
        "with the 95% interval of the paper, or one computed from its counts, quartiles or standard deviation.",
    ),
    (
        "Simulated",
        "what the study would have counted in the record of simulated patients of that setting, by its definition set "
        "and its visits, with a 95% interval for the Monte Carlo error of the simulation.",
    ),
    (
        "Difference",
        "simulated minus published, in standard errors of the published estimate on that side: beyond 1.96 it lies "
        "outside the published interval.",
    ),
    (
        "Within the published interval",
        "no: the whole Monte Carlo interval lies beyond the published one, so more patients would not change "
        "it. On the edge: the simulated value lies beyond, but its interval does not. No patient counts: there is no "
        "simulated value to compare; ask for more patients.",
    ),
    (
        "Sum of squared differences",
        "a measure, not a significance test. Estimates of one study are not independent, and fitted "
        "parameters take degrees of freedom. Held-out estimates of a study that was also used for fitting are "
        "not an independent "
        "test either, so those of other studies are counted separately.",
    ),
    ("One third", "is not among the estimates, and no parameter is ever fitted to it."),
)


def value_text(estimate: PublishedEstimate, value: float) -> str:
    """Return a value of an estimate as text: shares in per cent."""
    if math.isnan(value) or estimate.kind == "share":
        return percent(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def with_interval(estimate: PublishedEstimate, value: float, low: float, high: float) -> str:
    """Return a value of an estimate with its interval as text."""
    return f"{value_text(estimate, value)} ({value_text(estimate, low)} to {value_text(estimate, high)})"


def cells(row: Row) -> tuple[str, ...]:
    """Return a row of the table as texts; with the prediction interval, if there is one, as its last two."""
    if row.prediction is None:
        return _compared(row)
    ends = [value_text(row.published, end) for end in (row.prediction.low, row.prediction.high)]
    return *_compared(row), *prediction_tables.texts(row, (ends[0], ends[1]))


def _compared(row: Row) -> tuple[str, ...]:
    estimate, simulated = row.published, row.simulated
    first = (estimate.id, estimate.scenario, estimate.quantity, with_interval(estimate, row.value, *row.interval))
    if row.place == "nobody":
        return *first, "no patient counts", "–", PLACES["nobody"]
    ends = (simulated.low, simulated.high)
    low, high = (min(max(end, 0.0), 1.0) if estimate.kind == "share" else end for end in ends)
    return *first, with_interval(estimate, simulated.value, low, high), f"{row.distance:+.1f}", PLACES[row.place]


def tables(validation: Validation) -> list[Table]:
    """Return a table of the fit rows and one of the validation rows."""
    built = []
    head = HEAD + (prediction_tables.HEAD if validation.draws else ())
    for use in USES:
        rows = validation.used(use)
        outside = frozenset(place for place, row in enumerate(rows) if row.place == "outside")
        if rows:
            built.append(Table(TITLES[use], head, [cells(row) for row in rows], outside, words=3))
    return built


def coverage_table(validation: Validation) -> Table:
    """Return how many simulated values lie inside their published interval, on its edge and outside, by group and use.

    Estimates for which no patient counts are in no column.
    """
    coverage = {use: validation.coverage(use) for use in USES}
    rows = [(group, *(coverage[use][group][place] for use in USES for place in COUNTED)) for group in coverage[USES[0]]]
    total = [sum(numbers) for numbers in zip(*(row[1:] for row in rows), strict=True)]
    lines = [(group, *map(_count, numbers)) for group, *numbers in [*rows, ("all", *total)]]
    return Table(COVERAGE, COVERAGE_HEAD, lines, frozenset({len(rows)}))


def _count(number_of_rows: int) -> str:
    return str(number_of_rows) if number_of_rows else "·"


def cause_lines(validation: Validation) -> list[str]:
    """Return a line for each cause of rows outside or on the edge: their ids, the part of the model, what it does."""
    lines = []
    for rows, cause in validation.explained():
        ids = ", ".join(row.published.id + (" (on the edge)" if row.place == "edge" else "") for row in rows)
        lines.append(f"{ids}: {cause.part}. {cause.text}" if cause else f"{ids}: not explained.")
    return lines


def sentence(validation: Validation) -> str:
    """Return the result in one sentence."""
    parts = []
    for use, name in zip(USES, ("used for fitting", "held out for validation"), strict=True):
        rows = validation.used(use)
        if rows:
            square, count = validation.chi_square(use)
            # A p-value would mean nothing: numbers were fitted to fit rows, and rows of one study are dependent.
            terms = "1 term" if count == 1 else f"{count} terms"
            distance = f" (sum of squared differences {square:.1f}, {terms}; not a significance test)" if count else ""
            parts.append(f"{_inside(rows, f'estimates {name}')}{distance}")
    unseen = validation.unseen()
    if any(row.place != "nobody" for row in unseen):
        parts[-1] += f"; {_inside(unseen, 'estimates of studies not used for fitting')}"
    nobody = sum(row.place == "nobody" for row in validation.rows)
    if nobody:
        of = f"{nobody} of {len(validation.rows)} estimate{'' if len(validation.rows) == 1 else 's'}"
        parts.append(f"for {of} no patient counts in cohorts of this size")
    result = "; ".join(parts) + "."
    return result[:1].upper() + result[1:]


def _inside(rows: Sequence[Row], what: str) -> str:
    """Return how many simulated values lie within the published interval, among those that there are."""
    known = [row for row in rows if row.place != "nobody"]
    if not known:
        return f"there is no simulated value for {what}"
    edge = sum(row.place == "edge" for row in known)
    on_edge = f" ({edge} on the edge)" if edge else ""
    what = what.replace("estimates", "estimate", 1) if len(known) == 1 else what
    inside = sum(row.place == "inside" for row in known)
    return f"the simulated value lies within the published interval for {inside} of {len(known)} {what}{on_edge}"


def plotted_distances(validation: Validation) -> list[validation_distances.Distance]:
    """Return the distances that the figure shows."""
    plotted = []
    for use in USES:
        for row in validation.used(use):
            if math.isfinite(row.distance):
                low, high = (
                    Row(row.published, _at_value(row, end)).distance for end in (row.simulated.low, row.simulated.high)
                )
                plotted.append(
                    validation_distances.Distance(
                        TITLES[use], row.published.id, row.distance, low, high, row.place == "outside", _predicted(row)
                    )
                )
    return plotted


def _predicted(row: Row) -> validation_distances.Predicted | None:
    """Return the prediction interval on the scale of the figure."""
    prediction = row.prediction
    if prediction is None or prediction.place == "nobody":
        return None
    low, high = (Row(row.published, _at_value(row, end)).distance for end in (prediction.low, prediction.high))
    return validation_distances.Predicted(low, high, prediction.place == "outside")


def _at_value(row: Row, value: float) -> Any:
    return type(row.simulated)(value, 0.0, row.simulated.people)


def files(validation: Validation) -> dict[str, str]:
    """Return the text of every file of a validation by name."""
    drawn = validation_distances.draw(plotted_distances(validation))
    context: Mapping[str, Any] = {
        "sentence": sentence(validation),
        "coverage": coverage_table(validation),
        "causes_title": OUTSIDE,
        "causes": cause_lines(validation),
        "tables": tables(validation),
        "facts": [
            *(prediction_tables.facts(validation) if validation.draws else ()),
            ("Patients in each setting", number(validation.patients)),
            ("Seed", str(validation.seed)),
            ("Settings", number(len({row.published.scenario for row in validation.rows}))),
            ("nephrosyn version", __version__),
        ],
        "notes": (*NOTES, *prediction_tables.NOTES) if validation.draws else NOTES,
        "predicted": prediction_tables.coverage_table(validation) if validation.draws else None,
        "predicted_lines": prediction_tables.lines(validation) if validation.draws else (),
        "figure": inline(drawn, "distances"),
    }
    return {
        "validate.html": frame.html("validate.html.j2", **context),
        "validate.json": validation.json() + "\n",
        "distances.svg": drawn,
    }


def write(validation: Validation, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write page, values and figure into a folder of their own.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    target = Path(folder)
    FOLDER.write(files(validation), target, overwrite=overwrite)
    return target / "validate.html"

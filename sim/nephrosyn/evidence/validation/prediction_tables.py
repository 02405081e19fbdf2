"""Prediction intervals of a validation as text and tables."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.evidence.validation.prediction import Coverage, PredictedPlace
from nephrosyn.evidence.validation.validate import USES, Row, Validation
from nephrosyn.report.formatting import interval, percent
from nephrosyn.report.page.tables import Table

HEAD = ("95% prediction interval", "published value within the prediction interval")
COVERAGE = "Published values in their prediction interval, by group"
COVERAGE_HEAD = ("group", "fit: inside", "fit: outside", "held out: inside", "held out: outside")
NAMES = {"fit": "used for fitting", "validation": "held out"}
NOTES = (
    (
        "Prediction interval",
        "of what a study of the published size would report if the setting's numbers are drawn from what their sources "
        "leave open. It has the spread of the expected value over the draws, without the chance of the simulated "
        "patients, and the sampling error of the study: binomial for shares, Poisson for rates, normal for others, on "
        "the logarithmic scale for ratios. Both arms of a comparison have the same draw.",
    ),
    (
        "Prediction of an estimate used for fitting",
        "is in-sample: numbers of the setting were chosen to reproduce it. Only estimates held out test the intervals.",
    ),
    (
        "Coverage of the prediction intervals",
        "with the exact 95% interval of a binomial count, as if the estimates were independent. Those of one study are "
        "not, and neither are those that rest on the same numbers.",
    ),
)


def texts(row: Row, ends: tuple[str, str]) -> tuple[str, str]:
    """Return the cells of a row, from its prediction interval as texts."""
    prediction = row.prediction
    if prediction is None or prediction.place == "nobody":
        empty = prediction.without_patients if prediction else 0
        return f"no patient counts in {empty} draws", "–"
    return f"{ends[0]} to {ends[1]}", "yes" if prediction.place == "inside" else "no"


def coverage_table(validation: Validation) -> Table:
    """Return how many published values lie in and outside their 95% prediction interval, by group and use."""
    places: tuple[PredictedPlace, ...] = ("inside", "outside")
    coverage = {use: validation.prediction_coverage(use) for use in USES}
    counts = {group: [coverage[use][group][place] for use in USES for place in places] for group in coverage[USES[0]]}
    counts["all"] = [sum(numbers) for numbers in zip(*counts.values(), strict=True)]
    rows = [(group, *(str(number) if number else "·" for number in numbers)) for group, numbers in counts.items()]
    return Table(COVERAGE, COVERAGE_HEAD, rows, frozenset({len(rows) - 1}))


def lines(validation: Validation) -> list[str]:
    """Return a line for each use: how many published values lie in prediction intervals of several levels."""
    calibration = {use: validation.calibration(use) for use in USES}
    built = [_line(NAMES[use], levels) for use, levels in calibration.items() if levels[0].of]
    empty = [row.published.id for row in validation.rows if row.prediction and row.prediction.place == "nobody"]
    if empty:
        built.append(f"Without a prediction interval, as no patient counts in some draws: {', '.join(empty)}.")
    return built


def _line(name: str, levels: Sequence[Coverage]) -> str:
    """Return the coverage of one use in a line."""
    of = levels[0].of
    parts = [
        f"{level.inside} in the {percent(level.level, 0)} interval ({percent(level.inside / of, 0)}, "
        f"exact 95% interval {interval(level.low, level.high, 0)})"
        for level in levels
    ]
    sample = " In-sample: numbers were fitted to these." if name == NAMES["fit"] else ""
    values = "1 published value" if of == 1 else f"{of} published values"
    return f"Prediction intervals that hold {values} {name}: {', '.join(parts)}.{sample}"


def facts(validation: Validation) -> list[tuple[str, str]]:
    """Return the number of draws and of their patients."""
    return [
        ("Draws of the numbers", f"{validation.draws:,}"),
        ("Patients in each setting and draw", f"{validation.patients_of_draw:,}"),
    ]

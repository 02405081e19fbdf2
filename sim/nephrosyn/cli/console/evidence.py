"""Results of validation, calibration, sensitivity analysis and specification curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import complain, heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.evidence.calibration.result import Calibration
    from nephrosyn.evidence.sensitivity.analysis import Sensitivity
    from nephrosyn.evidence.specifications.curve import SpecificationCurve
    from nephrosyn.evidence.validation.validate import Validation


def validation(result: Validation, page: Path | None) -> None:
    """Print a validation.

    Parameters
    ----------
    result : Validation
        The validation.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.evidence.validation import output, prediction_tables

    say(vocabulary.NOTICE)
    for shown in output.tables(result):
        say()
        heading(shown.caption)
        table(shown.head, shown.rows, right=(5,))
    say()
    coverage = output.coverage_table(result)
    heading(coverage.caption)
    table(coverage.head, coverage.rows, right=range(1, len(coverage.head)))
    if result.draws:
        say()
        predicted = prediction_tables.coverage_table(result)
        heading(predicted.caption)
        table(predicted.head, predicted.rows, right=range(1, len(predicted.head)))
        for line in prediction_tables.lines(result):
            prose(line)
    if lines := output.cause_lines(result):
        say()
        heading(output.OUTSIDE)
        for line in lines:
            prose(line)
    say()
    prose(output.sentence(result))
    if page is not None:
        say(f"page  {page}")
    for place, description in (
        ("outside", "simulated value outside the published interval"),
        ("nobody", "no simulated patient counts"),
    ):
        if failed := [row.published.id for row in result.failed if row.place == place]:
            complain(f"{description}: {', '.join(failed)}")


def calibration(result: Calibration, folder: Path | None) -> None:
    """Print a calibration.

    Parameters
    ----------
    result : Calibration
        The calibration.
    folder : Path or None
        Where it was written, if it was.
    """
    from nephrosyn.evidence.calibration import output

    say(vocabulary.NOTICE)
    for shown in (output.fitted_table(result), output.residuals(result)):
        say()
        heading(shown.caption)
        table(shown.head, shown.rows)
    say()
    for sentence in output.sentences(result):
        prose(sentence)
    say(f"text for the scenario's source field: {result.source}")
    if folder is not None:
        say(f"folder  {folder}")


def sensitivity(result: Sensitivity, folder: Path | None) -> None:
    """Print a sensitivity analysis.

    Parameters
    ----------
    result : Sensitivity
        The sensitivity analysis.
    folder : Path or None
        Where it was written, if it was.
    """
    from nephrosyn.evidence.sensitivity import output

    say(vocabulary.NOTICE)
    for name in result.criteria:
        shown = output.table(result, name)
        say()
        heading(shown.caption)
        table(shown.head, shown.rows, right=range(2, 6))
    say()
    prose(output.runs(result))
    if folder is not None:
        say(f"folder  {folder}")


def specifications(result: SpecificationCurve, page: Path | None) -> None:
    """Print a specification curve.

    Parameters
    ----------
    result : SpecificationCurve
        The specification curve.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.evidence.specifications import output

    prose(output.sentence(result))
    say(vocabulary.NOTICE)
    for shown in output.tables(result):
        say()
        heading(shown.caption)
        table(shown.head, shown.rows, right=range(shown.words, len(shown.head)))
    say()
    if page is not None:
        say(f"page  {page}")

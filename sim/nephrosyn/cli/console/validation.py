"""A validation: fit and validation rows apart, and how many lie inside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import complain, heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.evidence.calibration.fit import Calibration
    from nephrosyn.evidence.sensitivity.analysis import Sensitivity
    from nephrosyn.evidence.validation.comparison import Validation


def validation(found: Validation, page: Path | None) -> None:
    """Print a validation.

    Parameters
    ----------
    found : Validation
        What was found.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.evidence.validation import page as pages

    say(vocabulary.NOTICE)
    for shown in pages.tables(found):
        say()
        heading(shown.caption)
        table(shown.head, shown.rows, right=(5,))
    say()
    prose(pages.sentence(found))
    if page is not None:
        say(f"page  {page}")
    for place, told in (("outside", "fit rows outside"), ("nobody", "fit rows for which nobody counts")):
        if failed := [row.published.id for row in found.failed if row.place == place]:
            complain(f"{told}: {', '.join(failed)}")


def calibration(found: Calibration, folder: Path | None) -> None:
    """Print a calibration.

    Parameters
    ----------
    found : Calibration
        What was found.
    folder : Path or None
        Where it was written, if it was.
    """
    from nephrosyn.evidence.calibration import output

    say(vocabulary.NOTICE)
    for shown in (output.fitted_table(found), output.residuals(found)):
        say()
        heading(shown.caption)
        table(shown.head, shown.rows)
    say()
    prose(output.NOTE)
    say(f"source  {found.source}")
    if folder is not None:
        say(f"folder  {folder}")


def sensitivity(found: Sensitivity, folder: Path | None) -> None:
    """Print a sensitivity analysis.

    Parameters
    ----------
    found : Sensitivity
        What was found.
    folder : Path or None
        Where it was written, if it was.
    """
    from nephrosyn.evidence.sensitivity import output

    say(vocabulary.NOTICE)
    for name in found.criteria:
        shown = output.table(found, name)
        say()
        heading(shown.caption)
        table(shown.head, shown.rows, right=range(2, 6))
    say()
    prose(output.runs(found))
    if folder is not None:
        say(f"folder  {folder}")

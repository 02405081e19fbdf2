"""A validation as text, tables and files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nephrosyn import __version__, vocabulary
from nephrosyn.evidence.published.estimates_table import Figure
from nephrosyn.evidence.validation.comparison import USES, Row, Validation
from nephrosyn.report.figures import distances, inline
from nephrosyn.report.page.page import environment
from nephrosyn.report.page.tables import Table
from nephrosyn.report.text import number
from nephrosyn.runs.folder.output_folder import Documents

FILES = {"validate.html", "validate.json", "distances.svg"}
FOLDER = Documents("a validation of nephrosyn", frozenset(FILES), "validate.json", "chi_square")
TITLES = {
    "fit": "Fit rows: numbers of the settings are set to these",
    "validation": "Validation rows: nothing is set to these",
}
HEAD = ("figure", "setting", "what", "published (95%)", "simulated (95%)", "distance", "where it lies")
NOTES = (
    ("Published", "with the 95% interval of the paper, or one worked out from its counts, quartiles or spread."),
    (
        "Simulated",
        "what the study would have counted in the record of simulated patients of that setting, by its definition set "
        "and its visits, with a 95% interval for the play of chance in the simulation.",
    ),
    (
        "Distance",
        "simulated less published, in standard errors of the published figure on that side: beyond 1.96 it lies "
        "outside the published interval.",
    ),
    (
        "Inside, edge, outside",
        "outside: the whole Monte-Carlo interval lies beyond the published one, so more patients would not bring it "
        "back. Edge: the number lies beyond, its interval does not. Nobody: no simulated patient counts for this "
        "figure, so there is no number to compare; ask for more patients.",
    ),
    (
        "Chi-square",
        "the sum of squared distances: a yardstick. Rows of one study are not independent, and fitted numbers take "
        "degrees of freedom. Of a study that has fit rows, the validation rows are no fresh test either: those of "
        "other studies are counted apart.",
    ),
    ("One third", "is no row here, and no number is ever set to it."),
)


def spelled(one: Figure, value: float) -> str:
    """Return a number of a figure: shares in per cent."""
    if math.isnan(value):
        return "–"
    if one.kind == "share":
        return f"{100 * value:.1f}%"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text."""
    one, seen = row.figure, row.simulated
    low, high = (min(max(end, 0.0), 1.0) if one.kind == "share" else end for end in (seen.low, seen.high))
    published, simulated = (
        f"{spelled(one, value)} ({spelled(one, low)} to {spelled(one, high)})"
        for value, low, high in ((row.value, *row.interval), (seen.value, low, high))
    )
    if row.place == "nobody":
        return one.id, one.scenario, one.quantity, published, "nobody counts", "–", "nobody"
    return one.id, one.scenario, one.quantity, published, simulated, f"{row.distance:+.1f}", row.place


def tables(found: Validation) -> list[Table]:
    """Return a table of the fit rows and one of the validation rows."""
    each = [(TITLES[use], found.used(use)) for use in USES]
    made = []
    for title, rows in each:
        far = frozenset(place for place, row in enumerate(rows) if row.place == "outside")
        if rows:
            made.append(Table(title, HEAD, [cells(row) for row in rows], far, words=3))
    return made


def sentence(found: Validation) -> str:
    """Return the answer."""
    parts = []
    for use, name in zip(USES, ("fit", "validation"), strict=True):
        rows = found.used(use)
        if rows:
            square, many = found.chi_square(use)
            # Numbers were set to fit rows, and rows of one study go together: no p-value has a meaning here.
            told = f" (chi-square {square:.1f} on {many} rows, a distance and not a test)" if many else ""
            parts.append(f"{_inside(rows, f'{name} rows lie inside')}{told}")
    unseen = found.unseen()
    if any(row.place != "nobody" for row in unseen):
        parts[-1] += f", {_inside(unseen, 'of those from studies that no number was set to')}"
    nobody = sum(row.place == "nobody" for row in found.rows)
    if nobody:
        parts.append(f"{nobody} of {len(found.rows)} figures have nobody who counts among so few patients")
    return "; ".join(parts) + "."


def _inside(rows: Sequence[Row], what: str) -> str:
    """Return how many rows lie inside, of those that have a number."""
    known = [row for row in rows if row.place != "nobody"]
    if not known:
        return f"no {what.split()[0]} row has a number"
    edge = sum(row.place == "edge" for row in known)
    told = f" ({edge} on the edge)" if edge else ""
    return f"{sum(row.place == 'inside' for row in known)} of {len(known)}{told} {what}"


def marks(found: Validation) -> list[distances.Distance]:
    """Return what the figure shows."""
    made = []
    for use in USES:
        for row in found.used(use):
            if math.isfinite(row.distance):
                low, high = (
                    Row(row.figure, _moved(row, end)).distance for end in (row.simulated.low, row.simulated.high)
                )
                far = row.place == "outside"
                made.append(distances.Distance(TITLES[use], row.figure.id, row.distance, low, high, far))
    return made


def _moved(row: Row, value: float) -> Any:
    return type(row.simulated)(value, 0.0, row.simulated.people)


def files(found: Validation) -> dict[str, str]:
    """Return every file of a validation, text by name."""
    drawn = distances.draw(marks(found))
    shown: Mapping[str, Any] = {
        "notice": vocabulary.NOTICE,
        "sentence": sentence(found),
        "tables": tables(found),
        "facts": [
            ("Patients in each setting", number(found.patients)),
            ("Seed", str(found.seed)),
            ("Settings", number(len({row.figure.scenario for row in found.rows}))),
            ("nephrosyn version", __version__),
        ],
        "notes": NOTES,
        "figure": inline(drawn, "distances"),
    }
    return {
        "validate.html": environment().get_template("validate.html.j2").render(**shown),
        "validate.json": found.json() + "\n",
        "distances.svg": drawn,
    }


def write(found: Validation, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write page, values and figure into a folder of their own.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    target = Path(folder)
    FOLDER.write(files(found), target, overwrite=overwrite)
    return target / "validate.html"

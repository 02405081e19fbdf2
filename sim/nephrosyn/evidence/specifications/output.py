"""A specification curve as sentences, tables and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import __version__
from nephrosyn.evidence.specifications.findings import Findings
from nephrosyn.evidence.specifications.paired import LevelEffect
from nephrosyn.report.formatting import NO_VALUE, interval, number, percent, points
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.folder.output_folder import OutputFolder
from nephrosyn.vocabulary import NOTICE

PAGE, VALUES, ROWS, FIGURE = "specifications.html", "specifications.json", "specifications.csv", "curve.svg"
FOLDER = OutputFolder("a specification curve of nephrosyn", frozenset({PAGE, VALUES, ROWS, FIGURE}), VALUES, "effects")
CAPTION = (
    "Above: the refractory share under every combination of choices, the lowest first, with 95% Wilson intervals and "
    "one third as a dashed line; the vertical line is where the share passes it. Below: which choice each combination "
    "has. Where combinations share a column, a bar is as high as the share of them that has the choice."
)
NOTES = (
    (
        "Combination",
        "one answer to each of the questions below the curve. All combinations are counted in the same simulated "
        "patients, so shares differ by the choices and not by chance; the interval of one share says how far it would "
        "change with other patients.",
    ),
    (
        "Not a distribution",
        "choices have no probabilities, and a definition set with more variants has more combinations. How many "
        "combinations lie below or above one third is a count, not a probability. The median is that of the "
        "combinations. The uncertainty of the scenario's numbers is a different matter: see run --uncertainty.",
    ),
    (
        "By itself",
        "the difference between two combinations that agree in every other choice; the median of all such pairs.",
    ),
    (
        "Lesions",
        "as a biopsy showed them. Patients without a biopsy count as primary disease, as is usual in children.",
    ),
    (
        "Partial remission",
        "whether it counts as response to treatment, where a set names the response that it accepts. All other "
        "thresholds of the set are as they are; each set is one of its two readings unchanged.",
    ),
    (
        "Excluded",
        "combinations without meaning, counted by the first reason that holds. A set is used for a group of patients "
        "if it applies to at least three quarters of them.",
    ),
    ("One third", "is not among the figures that any number of the scenario was fitted to."),
    (
        "Method",
        "U. Simonsohn, J. P. Simmons, L. D. Nelson, Specification curve analysis, Nat Hum Behav 4 (2020) 1208-1214. "
        "Their joint test is not used: the patients are simulated, and more of them would make any difference "
        "significant.",
    ),
)


def sentence(curve: Findings) -> str:
    """Return the result in a sentence."""
    third, total = curve.third, curve.table.height
    largest = curve.effects[0]
    title = next(choice.title for choice in curve.choices if choice.column == largest.column)
    moved = f"; by itself, the choice of {title} moves it most" if largest.groups else ""
    low, high = (percent(row["share"]) for row in (curve.lowest, curve.highest))
    below, around, above = (number(third[place]) if third[place] else "none" for place in ("below", "around", "above"))
    return (
        f"Between {low} and {high} of the patients are refractory, depending on who is counted and how: in "
        f"{around} of {number(total)} combinations the interval of the share contains one third, in "
        f"{below} it lies below, in {above} above{moved}."
    )


def titles(curve: Findings, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the choices of a combination as texts."""
    return tuple(choice.levels.get(row[choice.column], NO_VALUE) for choice in curve.choices)


def tables(curve: Findings) -> list[Table]:
    """Return the summary, how far each choice moves the share, and what was excluded."""
    return [summary_table(curve), choice_table(curve), level_table(curve), excluded_table(curve)]


def summary_table(curve: Findings) -> Table:
    """Return the lowest, the median and the highest share, with the choices of the lowest and the highest."""
    ends = (curve.lowest, curve.highest)
    shares = [percent(row["share"]) for row in ends]
    intervals = [interval(row["low"], row["high"]) for row in ends]
    rows = [
        ("share", shares[0], percent(curve.median), shares[1]),
        ("95% interval (chance)", intervals[0], "", intervals[1]),
    ]
    of_ends = zip(*(titles(curve, row) for row in ends), strict=True)
    rows += [(choice.title, low, "", high) for choice, (low, high) in zip(curve.choices, of_ends, strict=True)]
    caption = f"Refractory share of {curve.scenario} over {number(curve.table.height)} combinations of choices"
    return Table(caption, ("", "lowest", "median", "highest"), rows, words=4)


def choice_table(curve: Findings) -> Table:
    """Return how far each choice moves the share by itself, the largest first."""
    title = {choice.column: choice.title for choice in curve.choices}
    rows = [
        (
            title[effect.column],
            str(len(effect.levels)),
            number(effect.groups),
            NO_VALUE if effect.median_range is None else f"{100 * effect.median_range:.1f}",
        )
        for effect in curve.effects
    ]
    head = ("choice", "alternatives", "comparisons", "median range (points)")
    return Table("How far each choice moves the share by itself", head, rows)


def level_table(curve: Findings) -> Table:
    """Return the shares at each level of each choice, and the paired difference from its reference."""
    choice_of = {choice.column: choice for choice in curve.choices}
    rows = [
        (
            choice_of[effect.column].title,
            choice_of[effect.column].levels[level.level],
            *_level_cells(level, choice_of[effect.column].reference),
        )
        for effect in curve.effects
        for level in effect.levels
    ]
    head = ("choice", "alternative", "combinations", "lowest", "median", "highest",
            "against the reference (points)", "from", "to")  # fmt: skip
    caption = "Every alternative, and its paired difference from the reference of its choice"
    return Table(caption, head, rows, words=2)


def _level_cells(level: LevelEffect, reference: Any) -> tuple[str, ...]:
    shares = tuple(percent(share) for share in (level.lowest, level.middle, level.highest))
    if level.level == reference:
        return number(level.combinations), *shares, "reference", "", ""
    return number(level.combinations), *shares, points(level.difference), points(level.least), points(level.most)


def excluded_table(curve: Findings) -> Table:
    """Return how many combinations have no meaning, by reason."""
    rows = [(reason, number(count)) for reason, count in curve.excluded.items()]
    return Table("Combinations that are excluded", ("because", "combinations"), rows)


def combination_table(curve: Findings) -> Table:
    """Return all combinations, the lowest share first."""
    rows = [
        (
            *titles(curve, row),
            number(row["patients"]),
            percent(row["share"]),
            interval(row["low"], row["high"]),
            percent(row["undetermined"], 0),
        )
        for row in curve.table.iter_rows(named=True)
    ]
    names = tuple(choice.title for choice in curve.choices)
    head = (*names, "patients", "share", "95% interval", "not classified")
    return Table("All combinations, the lowest share first", head, rows, words=len(names))


def figure(curve: Findings) -> str:
    """Return the figure as SVG."""
    from nephrosyn.report.figures import specification_curve as drawing

    columns = {effect.column for effect in curve.effects}
    panels = [
        drawing.Panel(
            choice.title,
            [
                (title, members)
                for level, title in choice.levels.items()
                if (members := (curve.table[choice.column] == level).fill_null(value=False).to_numpy()).any()
            ],
        )
        for choice in curve.choices
        if choice.column in columns
    ]
    title = f"Refractory share of {curve.scenario} under {number(curve.table.height)} combinations of choices"
    return drawing.draw(curve.table.select("share", "low", "high").to_numpy(), panels, title)


def files(curve: Findings) -> dict[str, str]:
    """Return the text of every file by name."""
    from nephrosyn.report.figures import inline
    from nephrosyn.report.page import frame

    drawn = figure(curve)
    page = frame.html(
        "specifications.html.j2",
        title=curve.scenario,
        sentence=sentence(curve),
        figure=inline(drawn, "curve"),
        caption=CAPTION,
        tables=tables(curve),
        combinations=combination_table(curve),
        facts=[
            ("Scenario", curve.scenario),
            ("Patients", number(curve.patients)),
            ("Seed", str(curve.seed)),
            ("Combinations", number(curve.table.height)),
            ("Excluded", number(sum(curve.excluded.values()))),
            ("nephrosyn version", __version__),
        ],
        notes=NOTES,
    )
    return {
        PAGE: page,
        VALUES: curve.json() + "\n",
        ROWS: curve.table.with_columns(notice=pl.lit(NOTICE)).write_csv(),
        FIGURE: drawn,
    }


def write(curve: Findings, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a specification curve into a folder of its own, and return the page.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    target = Path(folder)
    FOLDER.check(target, overwrite=overwrite)
    FOLDER.write(files(curve), target, overwrite=overwrite)
    return target / PAGE

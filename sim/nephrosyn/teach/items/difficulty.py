"""How close a record is to another category: the smallest edit that changes its category.

The set of edits is small and fixed, so that the margin means the same in every case: the urine of one day at
remission level, at relapse level or not tested; a dose changed, or a change of dose moved; no change of steroid
because of a condition; a record that ends earlier. Nothing is added to a record. Every edit has a cost; the margin is
the lowest cost at which the category changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.criteria import DefinitionSet, classify
from nephrosyn.teach.display.definition_text import is_child
from nephrosyn.teach.display.record_tables import OBSERVED, Frames
from nephrosyn.vocabulary import DAYS_PER_WEEK, UNDETERMINED

MOVES_DAYS = ((-DAYS_PER_WEEK, 1), (DAYS_PER_WEEK, 1), (-4 * DAYS_PER_WEEK, 2), (4 * DAYS_PER_WEEK, 2))
FACTORS = ((0.75, 1), (1.25, 1), (0.5, 2), (2.0, 2))
ENDS_EARLIER_DAYS = ((91, 2), (183, 3))
NO_EDIT = 4
"""Cost when no edit changes the category."""


@dataclass(frozen=True)
class Edit:
    """One change of a record.

    Attributes
    ----------
    words : str
        What is changed, in words.
    cost : int
        From 1 (a single value) to 3.
    patches : tuple
        Table, column, row numbers and the new value.
    key : str
        Draws near-miss pairs. It is kept when the words improve, because another key gives other pairs.
    supposed : str
        The edit as a supposition, where "there had been" and `words` would not read well.
    """

    words: str
    cost: int
    patches: tuple[tuple[str, str, tuple[int, ...], Any], ...]
    key: str
    supposed: str = ""

    @property
    def condition(self) -> str:
        """The edit as the condition of a sentence.

        Examples
        --------
        >>> Edit("no proteinuria on day 25", 1, (), "").condition
        'if there had been no proteinuria on day 25'
        """
        return f"if {self.supposed or f'there had been {self.words}'}"


@dataclass(frozen=True)
class Margin:
    """How close a record is to another category.

    Attributes
    ----------
    cost : int
        Cost of the cheapest edit that changes the category; `NO_EDIT` if none does.
    near : int
        Number of edits of cost 1 that change it.
    changes : tuple of (Edit, str)
        The edits that change it, the cheapest first, each with the resulting category.
    """

    cost: int
    near: int
    changes: tuple[tuple[Edit, str], ...] = field(repr=False)


def all_edits(frames: Frames, definition: DefinitionSet) -> list[Edit]:
    """Return all edits of a record.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        One patient's observed tables.
    definition : DefinitionSet
        Gives the urine thresholds for remission and relapse.
    """
    return [*_urine(frames, definition), *_doses(frames), *_conditions(frames), *_ends(frames)]


def _urine(frames: Frames, definition: DefinitionSet) -> Iterator[Edit]:
    child = is_child(frames, definition)
    low = round(definition.urine.remission_upcr.of(child) / 2, 2)
    high = round(definition.urine.relapse_upcr.of(child) * 1.5, 2)
    albumin = definition.urine.remission_albumin.of(child)
    rows = frames["readings"].with_row_index("row").with_columns(pl.col("analyte").cast(pl.String))
    rows = rows.filter(pl.col("analyte").is_in(["upcr", "dipstick", "albumin"]))
    by_day = rows.partition_by("taken_days", as_dict=True)
    presenting = rows["taken_days"].min()
    for (day,), results in by_day.items():
        at = {name: tuple(results.filter(analyte=name)["row"].to_list()) for name in ("upcr", "dipstick", "albumin")}
        urine = (*at["upcr"], *at["dipstick"])
        if not urine:
            continue
        clear = [("readings", "value", at["upcr"], low), ("readings", "value", at["dipstick"], 0.0)]
        if albumin != "off":
            clear.append(("readings", "value", at["albumin"], float(albumin) + 0.5))
        heavy = (("readings", "value", at["upcr"], high), ("readings", "value", at["dipstick"], 4.0))
        if day != presenting:  # a patient who presents with nephrotic syndrome has proteinuria
            yield Edit(f"no proteinuria on day {day}", 1, tuple(clear), f"the urine of day {day} without protein")
        yield Edit(f"heavy proteinuria on day {day}", 1, heavy, f"the urine of day {day} with heavy protein")
        no_test = f"no urine test on day {day}"
        yield Edit(no_test, 1, (("readings", "value", urine, None),), no_test)


def _doses(frames: Frames) -> Iterator[Edit]:
    doses = frames["doses"].with_row_index("row").sort("first_days").rows(named=True)
    for place, run in enumerate(doses):
        row = (run["row"],)
        for factor, cost in FACTORS:
            dose = max(1.0, round(run["dose_mg"] * factor))
            mean = dose / 2 if run["schedule"] == "alternate_day" else dose
            change = f"{dose:g} mg instead of {run['dose_mg']:g} mg from day {run['first_days']}"
            patches = (("doses", "dose_mg", row, dose), ("doses", "mean_mg_per_day", row, mean))
            yield Edit(f"a dose of {change}", cost, patches, change, f"the dose had been {change}")
        after = doses[place + 1] if place + 1 < len(doses) else None
        if after is None or after["first_days"] != run["last_days"] + 1:
            continue
        for days, cost in MOVES_DAYS:
            if run["last_days"] + days < run["first_days"] or after["first_days"] + days > after["last_days"]:
                continue
            moved = after["first_days"] + days
            change = f"change of dose on day {moved} instead of day {after['first_days']}"
            ends = (("doses", "last_days", row, moved - 1), ("doses", "first_days", (after["row"],), moved))
            supposed = f"the dose had been changed on day {moved} instead of day {after['first_days']}"
            yield Edit(f"a {change}", cost, ends, f"the {change}", supposed)


def _conditions(frames: Frames) -> Iterator[Edit]:
    for row, condition in enumerate(frames["conditions"].iter_rows(named=True)):
        if condition["action"] != "none":
            day = condition["noted_days"]
            words = f"no change of steroid because of the condition noted on day {day}"
            key = f"no change of steroid because of what was noted on day {day}"
            supposed = f"steroid had not been changed because of the condition noted on day {day}"
            yield Edit(words, 1, (("conditions", "action", (row,), "none"),), key, supposed)


def _ends(frames: Frames) -> Iterator[Edit]:
    end, first = int(frames["follow_up"]["end_days"][0]), min(frames["readings"]["taken_days"].to_list(), default=0)
    for days, cost in ENDS_EARLIER_DAYS:
        if end - days > first:
            patches = (("follow_up", "end_days", (0,), end - days),)
            words, key = f"an end of the record on day {end - days}", f"the record ending on day {end - days}"
            yield Edit(words, cost, patches, key, f"the record had ended on day {end - days}")


def apply(frames: Frames, edits: list[Edit]) -> dict[str, pl.DataFrame]:
    """Return the edited records as a cohort: patient k is the record after edit k.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        One patient's observed tables.
    edits : list of Edit
        The edits.
    """
    count, tables = len(edits), {}
    for name in OBSERVED:
        frame, height = frames[name], frames[name].height
        patient = np.repeat(np.arange(count, dtype=np.int32), height)
        stacked = pl.concat([frame] * count).with_columns(patient=pl.Series(patient))
        for column in {c for edit in edits for table, c, _, _ in edit.patches if table == name}:
            stacked = stacked.with_columns(_patched(stacked[column], name, column, height, edits))
        tables[name] = stacked.filter(pl.col("value").is_not_null()) if name == "readings" else stacked
    return tables


def _patched(series: pl.Series, table: str, column: str, height: int, edits: list[Edit]) -> pl.Series:
    places: list[int] = []
    values: list[Any] = []
    for number, edit in enumerate(edits):
        for where, what, rows, value in edit.patches:
            if (where, what) == (table, column):
                places += [number * height + row for row in rows]
                values += [value] * len(rows)
    order: NDArray[Any] = np.argsort(np.asarray(places, np.int64), kind="stable")
    new = pl.Series([values[k] for k in order], dtype=pl.String if series.dtype == pl.Enum else series.dtype)
    return series.scatter(np.asarray(places)[order], new.cast(series.dtype))


def margin(frames: Frames, definition: DefinitionSet, category: str) -> Margin:
    """Return how close a record is to another category.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        One patient's observed tables, as parsed from the display.
    definition : DefinitionSet
        The definition set.
    category : str
        Category of the unedited record.
    """
    edits = all_edits(frames, definition)
    if not edits:
        return Margin(NO_EDIT, 0, ())
    categories = classify(apply(frames, edits), definition, "observed", keep_going=True)["category"].to_list()
    changes = [(edit, after) for edit, after in zip(edits, categories, strict=True) if after != category]
    changes.sort(key=lambda change: change[0].cost)
    cost = changes[0][0].cost if changes else NO_EDIT
    return Margin(cost, sum(edit.cost == 1 for edit, _ in changes), tuple(changes))


CELL_THRESHOLDS = (150, 250)
"""Displayed cells from which a record is long, and very long. assumed: near the middle and end of the baseline."""
EDIT_THRESHOLDS = (5, 12)
"""Single edits that change the category from which a record is close, and very close. assumed, as `CELL_THRESHOLDS`."""


def difficulty(distance: Margin, cells: int, category: str) -> int:
    """Return the predicted difficulty, 1 to 5.

    It starts at 1. One point is added if any edit changes the category; for each threshold of `EDIT_THRESHOLDS` that
    the number of such edits of cost 1 reaches; for each threshold of `CELL_THRESHOLDS` that the number of displayed
    cells reaches; and if the category is undetermined, because the reader must notice what is missing. The result is at
    most 5.

    Parameters
    ----------
    distance : Margin
        From `margin`.
    cells : int
        Displayed cells that hold data.
    category : str
        Category of the record.

    Examples
    --------
    >>> difficulty(Margin(4, 0, ()), 60, "steroid_resistant")
    1
    """
    points = 1 + int(distance.cost < NO_EDIT) + int(category == UNDETERMINED)
    points += sum(distance.near >= limit for limit in EDIT_THRESHOLDS) + sum(
        cells >= limit for limit in CELL_THRESHOLDS
    )
    return min(5, points)

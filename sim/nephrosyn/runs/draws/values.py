"""The values that the uncertain numbers of a scenario have in each draw of a run; they are drawn again when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.runs.draws.design import is_paired, uncertain, values_of

if TYPE_CHECKING:
    from nephrosyn.scenario import Resolved

VALUES = "uncertainty_values"
KEYS = ("draw", "mix", "number")


def table(resolved: Resolved, draws: int) -> pl.DataFrame:
    """Return the values of all draws.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    draws : int
        Number of draws.

    Returns
    -------
    polars.DataFrame
        One row for each draw: `draw`, `mix` and `number` (which drawn values it has), and a column for each dotted key.

    Raises
    ------
    ScenarioError
        If no number is uncertain.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> values = table(load("baseline"), 3)
    >>> values["mix"].to_list(), values["number"].to_list()
    ([0, 0, 1], [0, 1, 1])
    >>> values["population.bands.adults.share"].n_unique(), values["disease.spontaneous.membranous.share"].n_unique()
    (2, 2)
    """
    from nephrosyn.uncertainty import drawn_values

    quantities = uncertain(resolved)
    paired = is_paired(quantities)
    drawn = [values_of(draw, paired=paired) for draw in range(draws)]
    numbers = {"draw": list(range(draws)), **{kind: [getattr(row, kind) for row in drawn] for kind in KEYS[1:]}}
    columns: dict[str, pl.Series] = {}
    for kind in ("mix", "number"):
        levels = numbers[kind]
        rows = [*drawn_values(resolved, range(max(levels) + 1), kind)]
        columns |= {key: pl.Series(key, [rows[level][key] for level in levels], pl.Float64) for key in rows[0]}
    first = pl.DataFrame(numbers, schema=dict.fromkeys(KEYS, pl.Int32))
    return first.with_columns([columns[key] for quantity in quantities for key in quantity.keys])

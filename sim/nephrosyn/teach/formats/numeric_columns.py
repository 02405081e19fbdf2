"""Which columns of a table hold numbers and are aligned to the right."""

from __future__ import annotations

import re

from nephrosyn.teach.formats.unit_overlay import Tree, variants


def are_numeric(table: Tree) -> list[bool]:
    """Return for each column whether all cells that are not empty hold a number.

    Parameters
    ----------
    table : dict
        Fields of `Table`, as `unit_overlay.overlay` gives them.

    Examples
    --------
    >>> are_numeric({"columns": ["day", "dipstick"], "rows": [["1", "3+"], ["2", ""], ["<0.05", "trace"]]})
    [True, False]
    """
    return [_all_numbers([row[i] for row in table["rows"]]) for i in range(len(table["columns"]))]


def _all_numbers(cells: list[object]) -> bool:
    texts = [text for cell in cells for _, text in variants(cell) if text]
    return bool(texts) and all(re.fullmatch(r"[<>≤≥]?\s?[-−]?\d[\d.,]*", text) for text in texts)

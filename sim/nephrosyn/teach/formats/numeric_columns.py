"""Which columns of a table hold figures: those stand flush right."""

from __future__ import annotations

import re

from nephrosyn.teach.formats.unit_overlay import Tree, variants


def of_figures(table: Tree) -> list[bool]:
    """Return for each column whether every cell that is not empty is a figure.

    Parameters
    ----------
    table : dict
        Fields of `Table`, as `unit_overlay.overlay` gives them.

    Examples
    --------
    >>> of_figures({"columns": ["day", "dipstick"], "rows": [["1", "3+"], ["2", ""], ["<0.05", "trace"]]})
    [True, False]
    """
    return [_is_figures([row[i] for row in table["rows"]]) for i in range(len(table["columns"]))]


def _is_figures(cells: list[object]) -> bool:
    texts = [text for cell in cells for _, text in variants(cell) if text]
    return bool(texts) and all(re.fullmatch(r"[<>≤≥]?\s?[-−]?\d[\d.,]*", text) for text in texts)

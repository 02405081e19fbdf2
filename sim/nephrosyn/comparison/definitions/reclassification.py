"""The same patients under two definition sets, as their user holds what was found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.comparison.care.pairing import Run
from nephrosyn.comparison.definitions import frames, text
from nephrosyn.comparison.definitions.findings import Findings, find
from nephrosyn.runs.folder import Folder


class Reclassification:
    """The same patients under two definition sets.

    Attributes
    ----------
    before, after : str
        The sets.
    view : str
        Which record was judged.
    found : Findings
        Everything, as the page shows it.
    """

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.before, self.after, self.view = found.before.name, found.after.name, found.view

    def __repr__(self) -> str:
        """What was asked, and how many move, in a line."""
        moved = self.found.moves.moved
        return f"<Reclassification from {self.before} to {self.after}: {moved.count} of {moved.total} patients move>"

    def _repr_html_(self) -> str:
        """The answer and who moves, for a notebook."""
        from nephrosyn.comparison.definitions import tables

        shown = [tables.flows(self.found), *tables.shares(self.found)[:-1]]
        return f"<p>{escape(self.sentence)}</p>{''.join(table.html() for table in shown)}"

    @property
    def sentence(self) -> str:
        """The answer in a few sentences."""
        return text.sentence(self.found)

    @cached_property
    def flows(self) -> pl.DataFrame:
        """Patients by category under either set, as shares of the first category and of all, with 95% intervals."""
        return frames.flows(self.found.moves)

    @cached_property
    def agreement(self) -> pl.DataFrame:
        """Cohen's kappa with its 95% interval: of category and refractory, of all in both sets and judged by both."""
        return frames.agreement(self.found.moves)

    @cached_property
    def moves(self) -> pl.DataFrame:
        """The moves by the clauses that decide either side, most patients first, with a patient to look at."""
        return frames.moves(self.found.reasons)

    @cached_property
    def clauses(self) -> pl.DataFrame:
        """Clauses whose answer differs among those who move; a patient may count in several."""
        return frames.clauses(self.found.differences)

    @cached_property
    def refractory(self) -> pl.DataFrame:
        """The refractory share of every set beside one third, at the end of follow-up and as it grows.

        ``share`` is among the patients of each set (``patients``); ``share_in_both``, to compare the two sets, among
        those to whom both may apply (``in_both``).
        """
        return frames.refractory(self.found)

    @cached_property
    def patients(self) -> pl.DataFrame:
        """Every patient with category and refractory under either set, and what decides a move."""
        return frames.patients(self.found)

    def as_dict(self) -> dict[str, Any]:
        """Return all but the single patients as plain values that JSON can hold; what has no value is None."""
        return frames.as_dict(self.found)

    def json(self) -> str:
        """Return `as_dict` as text."""
        return frames.json_text(self.found)

    def write(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write page, text, figure, values and a table of every patient into a folder of their own.

        Parameters
        ----------
        folder : path
            Made if missing.
        overwrite : bool
            Replace a reclassification that stands there. Anything else is never replaced.

        Returns
        -------
        Path
            ``reclassify.html``.

        Raises
        ------
        RunFolderError
            If the folder is in use, or cannot be written.
        """
        from nephrosyn.comparison.definitions import page

        page.KIND.check(Path(folder), overwrite=overwrite)
        page.KIND.write(page.files(self.found), Path(folder), overwrite=overwrite)
        return Path(folder) / page.PAGE


def reclassify(run: Run | str | Path, from_: str | Path, to: str | Path, *, view: str = "observed") -> Reclassification:
    """Say who moves between categories when one definition set takes the place of another, and by which clause.

    Parameters
    ----------
    run : Cohort or path
        A run, in memory or on disk. It is not changed.
    from_, to : str or path
        Definition sets: by which the run was judged, shipped, or in a TOML file. By one that has not judged the run,
        it is judged now.
    view : {"observed", "complete"}
        Which record is judged.

    Returns
    -------
    Reclassification
        Flows, agreement, clauses and refractory shares.

    Raises
    ------
    CriteriaError
        If a set is unknown or wrong.
    ReclassificationError
        If the two sets are one and the same, or the labels of the run are not whole.
    RunFolderError
        If the folder is no run, is incomplete, or was changed.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from nephrosyn import criteria
    >>> cohort = ns.run("baseline", patients=20, seed=1)
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "second.toml")
    ...     text = criteria.text("source").replace('name = "source"', 'name = "second"')
    ...     _ = file.write_text(text.replace("relapses = { value = 1,", "relapses = { value = 2,"))
    ...     ns.reclassify(cohort, "source", file)
    <Reclassification from source to second: 2 of 20 patients move>
    """
    tables: Mapping[str, pl.DataFrame]
    if isinstance(run, str | Path):
        folder = Folder(Path(run))
        tables, manifest, place = folder, folder.manifest, str(run)
    else:
        tables, manifest, place = run.tables, run.manifest, str(run.folder or "")
    return Reclassification(find(tables, manifest, place, from_, to, view))

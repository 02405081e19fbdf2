"""Reclassification of the same patients by two definition sets: the object that `reclassify` returns."""

from __future__ import annotations

from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.comparison.care.pairing import Run, open_run
from nephrosyn.comparison.definitions import frames, text
from nephrosyn.comparison.definitions.findings import Findings, find
from nephrosyn.comparison.drawn_numbers import DrawnNumbers, requested
from nephrosyn.runs.run import Progress


class Reclassification:
    """The same patients under two definition sets.

    Attributes
    ----------
    before, after : str
        Names of the sets.
    view : str
        Record that was classified.
    findings : Findings
        All findings, as the page shows them.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.before, self.after, self.view = findings.before.name, findings.after.name, findings.view

    def __repr__(self) -> str:
        """The two sets and how many patients change category, in one line."""
        moved = self.findings.moves.moved
        change = f"{moved.count} of {moved.total} patients change category"
        return f"<Reclassification from {self.before} to {self.after}: {change}>"

    def _repr_html_(self) -> str:
        """The result and the changes of category, for a notebook."""
        from nephrosyn.comparison.definitions import tables

        shown = [tables.flows(self.findings), *tables.shares(self.findings)[:-1]]
        return f"<p>{escape(self.sentence)}</p>{''.join(table.html() for table in shown)}"

    @property
    def uncertainty(self) -> DrawnNumbers | None:
        """How the uncertain numbers were drawn; None without draws."""
        return self.findings.uncertainty.about if self.findings.uncertainty else None

    @property
    def sentence(self) -> str:
        """The result in a few sentences."""
        return text.sentence(self.findings)

    @cached_property
    def flows(self) -> pl.DataFrame:
        """Patients by category under both sets, as shares of the first category and of all, with 95% intervals."""
        return frames.flows(self.findings.moves)

    @cached_property
    def agreement(self) -> pl.DataFrame:
        """Cohen's kappa with its 95% interval, for category and for refractory."""
        return frames.agreement(self.findings.moves)

    @cached_property
    def moves(self) -> pl.DataFrame:
        """Changes of category by the clauses responsible, most patients first, with an example patient."""
        return frames.moves(self.findings.reasons)

    @cached_property
    def clauses(self) -> pl.DataFrame:
        """Clauses whose answer differs, among patients who change category; a patient may count in several."""
        return frames.clauses(self.findings.differences)

    @cached_property
    def refractory(self) -> pl.DataFrame:
        """Refractory share of every set compared with one third, at the end and by length of follow-up.

        ``share`` is among the patients of each set (``patients``); ``share_in_both``, to compare the two sets, among
        those to whom both may apply (``in_both``).
        """
        return frames.refractory(self.findings)

    @cached_property
    def intervals(self) -> pl.DataFrame:
        """What is estimated, with its interval of chance alone and with the uncertain numbers; empty without draws.

        ``of`` is ``moved`` (share of patients who change category), ``refractory`` (share under the set in ``from``),
        ``refractory_difference`` (share under the second set minus the first), ``kappa`` (question in ``from``, among
        whom in ``to``) or ``flow`` (patients by category under both sets, as a share of all).
        """
        return frames.intervals(self.findings.uncertainty)

    @cached_property
    def patients(self) -> pl.DataFrame:
        """Every patient with category and refractory under both sets, and the clause that decides a change."""
        return frames.patients(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return everything except the rows by patient as JSON values; missing values are None."""
        return frames.as_dict(self.findings)

    def json(self) -> str:
        """Return `as_dict` as JSON."""
        return frames.json_text(self.findings)

    def write(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write page, text, figures, values and a table of every patient into a folder.

        Parameters
        ----------
        folder : path
            Created if missing.
        overwrite : bool
            Replace an earlier reclassification. Anything else is never replaced.

        Returns
        -------
        Path
            ``reclassify.html``.

        Raises
        ------
        RunFolderError
            If the folder has other contents, or cannot be written.
        """
        from nephrosyn.comparison.definitions import page

        page.KIND.check(Path(folder), overwrite=overwrite)
        page.KIND.write(page.files(self.findings), Path(folder), overwrite=overwrite)
        return Path(folder) / page.PAGE


def reclassify(
    run: Run | str | Path,
    from_: str | Path,
    to: str | Path,
    *,
    view: str = "observed",
    uncertainty: int | None = None,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Reclassification:
    """Show how patients change category between two definition sets, and because of which clauses.

    Parameters
    ----------
    run : Cohort or path
        A run, in memory or on disk. It is not changed.
    from_, to : str or path
        Definition sets: of the run, shipped, or in a TOML file. If the run has no labels of a set, it is classified
        now.
    view : {"observed", "complete"}
        Record to classify.
    uncertainty : int, optional
        Number of draws of the scenario's uncertain numbers, at least 20. In each draw patients, as many as the run has
        and at most 1,000, are simulated with the drawn numbers and classified by both sets; see
        `Reclassification.intervals`.
    workers : int, optional
        Processes that share the draws; None for all cores. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Reclassification
        Flows, agreement, clauses and refractory shares.

    Raises
    ------
    CriteriaError
        If a set is unknown or invalid.
    ReclassificationError
        If the two sets are the same, or the labels of the run are incomplete.
    EngineError, ScenarioError, WorkerError, ComparisonError
        If the number of draws or of workers is out of range, the scenario has no uncertain numbers, or the run was made
        by another version of the program.
    RunFolderError
        If the folder is not a run, is incomplete, or was changed.

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
    <Reclassification from source to second: 1 of 20 patients change category>
    """
    drawing = requested(uncertainty, workers, progress)
    tables, manifest, place = open_run(run)
    return Reclassification(find(tables, manifest, place, from_, to, view, drawing))

"""Comparison of runs of the same patients: the object that `compare` returns."""

from __future__ import annotations

from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.comparison.care import as_json, pairing, text
from nephrosyn.comparison.care.findings import Findings
from nephrosyn.comparison.care.pairing import Run
from nephrosyn.comparison.drawn_numbers import requested
from nephrosyn.runs.run import Progress


class Comparison(Findings):
    """Runs of the same patients, each compared with the first.

    Attributes
    ----------
    reference : str
        Name of the first run.
    criteria, view : str
        Definition set and record of the verdicts.
    patients : int
        Pairs in each comparison.
    contrasts : list of Contrast
        Every other run against the reference.
    uncertainty : DrawnNumbers or None
        How the uncertain numbers were drawn; None without draws.
    differences : polars.DataFrame
        One row for each run and patient: every outcome in the reference, in the run, and the difference.
    """

    def __repr__(self) -> str:
        """The runs and the number of patients, in one line."""
        others = ", ".join(contrast.name for contrast in self.contrasts)
        return f"<Comparison of {others} with {self.reference}: {self.patients} patients>"

    def _repr_html_(self) -> str:
        """The result and every outcome, for a notebook."""
        from nephrosyn.comparison.care import tables

        shown = "".join(tables.outcomes(self, contrast).html() for contrast in self.contrasts)
        return f"<p>{escape(self.sentence)}</p>{shown}"

    @property
    def sentence(self) -> str:
        """The result, in one or two sentences for each run."""
        return text.sentence(self)

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row for each run and outcome: means, difference with 95% interval, counts, variance saved.

        ``low`` and ``high`` cover chance alone. With draws, ``low_with_numbers`` and ``high_with_numbers`` also cover
        the uncertain numbers; ``expected_difference`` is their centre, ``low_error`` and ``high_error`` are their
        Monte-Carlo standard errors, and ``chance_variance`` and ``numbers_variance`` the variances of the two sources.
        """
        rows = [
            {"run": contrast.name, **as_json.outcome_as_json(row, drawn=self.uncertainty is not None)}
            for contrast in self.contrasts
            for row in contrast.rows
        ]
        floats = (*as_json.FLOATS, *as_json.WITH_NUMBERS)
        present = [name for name in floats if rows and name in rows[0]]
        return pl.DataFrame(rows, schema_overrides=dict.fromkeys(present, pl.Float64), infer_schema_length=None)

    @cached_property
    def changes(self) -> pl.DataFrame:
        """Patients by run, category in the reference and category in the run; empty pairs are left out."""
        rows = [(contrast.name, *pair, n) for contrast in self.contrasts for pair, n in contrast.changes.items()]
        return pl.DataFrame(rows, schema=["run", "from", "to", "patients"], orient="row")

    def as_dict(self) -> dict[str, Any]:
        """Return everything except the rows by patient as JSON values; missing values are None."""
        return as_json.as_dict(self)

    def json(self) -> str:
        """Return `as_dict` as JSON."""
        return as_json.json_text(self)

    def write(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write page, text, figure, values and differences by patient into a folder.

        Parameters
        ----------
        folder : path
            Created if missing.
        overwrite : bool
            Replace an earlier comparison. Anything else is never replaced.

        Returns
        -------
        Path
            ``compare.html``.

        Raises
        ------
        RunFolderError
            If the folder has other contents, or cannot be written.
        """
        from nephrosyn.comparison.care import page

        target = Path(folder)
        page.KIND.check(target, overwrite=overwrite)
        page.KIND.write(page.files(self), target, overwrite=overwrite)
        return target / "compare.html"


def compare(
    *runs: Run | str | Path,
    criteria: str | None = None,
    view: str = "observed",
    uncertainty: int | None = None,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Compare runs of the same patients under different care, patient by patient.

    The runs use common random numbers: with the same seed, patient i of one run is patient i of the other. Differences
    are taken within patients, so that most of the variance between patients cancels.

    Parameters
    ----------
    *runs : Cohort or path
        The reference first, then one or more to compare with it.
    criteria : str, optional
        Definition set of the verdicts; by default the first one of the reference. Every run must have labels of it.
    view : {"observed", "complete"}
        Record of the verdicts. All other outcomes come from the truth.
    uncertainty : int, optional
        Number of draws of the uncertain numbers of all scenarios, at least 20. In each draw all runs are played again
        with the same drawn numbers and the same patients: as many as the run has, at most 1,000. Every difference then
        has a second interval, which also covers the uncertain numbers.
    workers : int, optional
        Processes that share the draws; None for all cores. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Comparison
        Differences with intervals, counts of patients, and changes of category.

    Raises
    ------
    ComparisonError
        If there are fewer than two runs, the patients are not the same, also in every draw, or a run has no labels of
        the set.
    EngineError, ScenarioError, WorkerError
        If the number of draws or of workers is out of range, or a scenario has no uncertain numbers.
    RunFolderError
        If a folder is not a run, is incomplete, or was changed.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> before, after = (ns.run(name, patients=20, seed=1) for name in ("baseline", "no-infections"))
    >>> ns.compare(before, after)
    <Comparison of no-infections with baseline: 20 patients>
    """
    drawing = requested(uncertainty, workers, progress)
    sides = pairing.sides(runs)
    return Comparison(sides, pairing.common_criteria(sides, criteria, view), view, drawing)

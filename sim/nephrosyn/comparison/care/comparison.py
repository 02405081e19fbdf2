"""Runs of the same people, compared with the first of them, as their user holds it."""

from __future__ import annotations

from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.comparison.care import as_json, pairing, text
from nephrosyn.comparison.care.findings import Findings
from nephrosyn.comparison.care.pairing import Run


class Comparison(Findings):
    """Runs of the same people compared with the first of them.

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
    differences : polars.DataFrame
        One row for each run and patient: every outcome in the reference, in the run, and the difference.
    """

    def __repr__(self) -> str:
        """What was compared, in a line."""
        others = ", ".join(contrast.name for contrast in self.contrasts)
        return f"<Comparison of {others} with {self.reference}: {self.patients} patients>"

    def _repr_html_(self) -> str:
        """The answer and every outcome, for a notebook."""
        from nephrosyn.comparison.care import tables

        shown = "".join(tables.outcomes(self, contrast).html() for contrast in self.contrasts)
        return f"<p>{escape(self.sentence)}</p>{shown}"

    @property
    def sentence(self) -> str:
        """The answer, in a sentence or two for each run."""
        return text.sentence(self)

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row for each run and outcome: means, difference with 95% interval, counts, variance saved."""
        rows = [{"run": contrast.name, **as_json.plain(row)} for contrast in self.contrasts for row in contrast.rows]
        return pl.DataFrame(rows, schema_overrides=dict.fromkeys(as_json.FLOATS, pl.Float64), infer_schema_length=None)

    @cached_property
    def changes(self) -> pl.DataFrame:
        """Patients by run, category in the reference and category in the run; pairs nobody has are left out."""
        rows = [(contrast.name, *pair, n) for contrast in self.contrasts for pair, n in contrast.changes.items()]
        return pl.DataFrame(rows, schema=["run", "from", "to", "patients"], orient="row")

    def as_dict(self) -> dict[str, Any]:
        """Return all but the single patients as plain values that JSON can hold; what has no value is None."""
        return as_json.as_dict(self)

    def json(self) -> str:
        """Return `as_dict` as text."""
        return as_json.json_text(self)

    def write(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write page, text, figure, values and differences by patient into a folder of their own.

        Parameters
        ----------
        folder : path
            Made if missing.
        overwrite : bool
            Replace a comparison that stands there. Anything else is never replaced.

        Returns
        -------
        Path
            ``compare.html``.

        Raises
        ------
        RunFolderError
            If the folder is in use, or cannot be written.
        """
        from nephrosyn.comparison.care import page

        target = Path(folder)
        page.KIND.check(target, overwrite=overwrite)
        page.KIND.write(page.files(self), target, overwrite=overwrite)
        return target / "compare.html"


def compare(*runs: Run | str | Path, criteria: str | None = None, view: str = "observed") -> Comparison:
    """Compare runs of the same people under different care, patient by patient.

    Randomness is keyed: with the same seed, patient i of one run is patient i of the other, so that the difference
    is taken within patients and most of the variance between them drops out.

    Parameters
    ----------
    *runs : Cohort or path
        The reference first, then one or more to compare with it.
    criteria : str, optional
        Definition set of the verdicts; the first of the reference if not given. It must have judged every run.
    view : {"observed", "complete"}
        Record of the verdicts. All other outcomes come from the truth.

    Returns
    -------
    Comparison
        Differences with intervals, counts of patients, and changes of category.

    Raises
    ------
    ComparisonError
        If there are fewer than two runs, they do not hold the same people, or one has not been judged by the set.
    RunFolderError
        If a folder is no run, is incomplete, or was changed.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> before, after = (ns.run(name, patients=20, seed=1) for name in ("baseline", "no-infections"))
    >>> ns.compare(before, after)
    <Comparison of no-infections with baseline: 20 patients>
    """
    sides = pairing.sides(runs)
    return Comparison(sides, pairing.judged_by(sides, criteria, view), view)

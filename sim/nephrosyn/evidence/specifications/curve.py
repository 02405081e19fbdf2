"""A specification curve: the refractory share of a scenario under every combination of choices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nephrosyn import criteria as definition_sets
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.specifications import choices, counts, output
from nephrosyn.evidence.specifications.findings import Findings
from nephrosyn.report.formatting import percent
from nephrosyn.runs.run import Progress, load_sets, silent
from nephrosyn.scenario import load
from nephrosyn.vocabulary import DAYS_PER_YEAR

PATIENTS, SEED = 2_000, 1
YEARS = (1.0, 2.0, 5.0)
LONGEST_YEARS = 20
FIRST_SET = "source"


class SpecificationCurve(Findings):
    """The refractory share of one simulated cohort under every combination of choices.

    `Findings` describes the attributes: `table` has a row for each combination, `effects` how far each choice moves the
    share by itself, `lowest`, `median`, `highest` and `third` sum the table up.

    References
    ----------
    U. Simonsohn, J. P. Simmons, L. D. Nelson, Specification curve analysis, Nat Hum Behav 4 (2020) 1208-1214,
    doi:10.1038/s41562-020-0912-z.
    """

    def __repr__(self) -> str:
        """The scenario, the number of combinations, and the range of the share, in a line."""
        span = f"{percent(self.lowest['share'])} to {percent(self.highest['share'])}"
        return f"<SpecificationCurve of {self.scenario}: {self.table.height} combinations, {span}>"

    def _repr_html_(self) -> str:
        """The summary and the effect of each choice, for a notebook."""
        return "".join(table.html() for table in output.tables(self))

    def write(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write page, figure, values and the table of all combinations into a folder.

        Parameters
        ----------
        folder : path
            Created if missing.
        overwrite : bool
            Replace an earlier specification curve. Anything else is never replaced.

        Returns
        -------
        Path
            ``specifications.html``.

        Raises
        ------
        RunFolderError
            If the folder has other contents, or cannot be written.
        """
        return output.write(self, folder, overwrite=overwrite)


def specification_curve(
    scenario: str | Path,
    *,
    criteria: str | Sequence[str | Path] | None = None,
    years: Sequence[float] = YEARS,
    patients: int = PATIENTS,
    seed: int = SEED,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> SpecificationCurve:
    """Return the refractory share of a scenario under every combination of choices.

    One cohort is simulated, for the longest follow-up. Its patients are selected by age and by the lesion that a biopsy
    showed, its record is classified as it stood at each time, and every definition set classifies it twice: with
    partial remission as a response and without.

    Parameters
    ----------
    scenario : str or Path
        A shipped scenario or a TOML file.
    criteria : str, or sequence of str or Path, optional
        Definition sets; all shipped ones by default. A set is used for groups of patients to at least three quarters of
        whom it applies.
    years : sequence of float, years
        Lengths of follow-up from onset.
    patients, seed : int
        Size and seed of the cohort.
    overrides : sequence of str
        ``KEY=VALUE`` for any other key of the scenario.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    SpecificationCurve
        The shares and how far each choice moves them.

    Raises
    ------
    EvidenceError
        If patients, seed or years are out of range, or no combination has enough patients.
    ScenarioError, CriteriaError
        If the scenario or a set is unknown or invalid.

    References
    ----------
    U. Simonsohn, J. P. Simmons, L. D. Nelson, Specification curve analysis, Nat Hum Behav 4 (2020) 1208-1214,
    doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> curve = ns.specification_curve("baseline", criteria=["source", "ipna-2022"], years=[2], patients=200)
    >>> rows = curve.table.filter(criteria="ipna-2022", view="observed", partial_remission="counted")
    >>> sorted(rows["denominator"]), set(rows["ages"])
    (['all', 'determined', 'treated'], {'children'})
    >>> sorted(curve.third)
    ['above', 'around', 'below']
    """
    check_cohort(patients, seed)
    lengths = _checked_years(years)
    sets = [loaded.definition for loaded in load_sets(_set_names(criteria))]
    days = round(max(lengths) * DAYS_PER_YEAR)
    resolved = load(scenario, [*overrides, f"population.follow_up_days={days}"])
    readings = [reading for definition in sets for reading in choices.readings(definition)]
    counted = counts.count_cohort(resolved.scenario, readings, lengths, patients, seed, progress or silent)
    table, excluded = counts.combinations(counted, readings, lengths)
    if not table.height:
        reasons = "; ".join(f"{reason} ({number})" for reason, number in excluded.items())
        raise EvidenceError(f"no combination of choices is left for {resolved.name}: {reasons}")
    names = [definition.name for definition in sets]
    return SpecificationCurve(resolved.name, patients, seed, choices.choices(names, lengths), table, excluded)


def _set_names(criteria: str | Sequence[str | Path] | None) -> list[str]:
    """Return the names of the sets; of all shipped ones the source text's first, which the others are paired with."""
    if criteria is None:
        return [FIRST_SET, *(name for name in definition_sets.sets() if name != FIRST_SET)]
    return [criteria] if isinstance(criteria, str) else [str(name) for name in criteria]


def _checked_years(years: Sequence[float]) -> list[float]:
    """Return the lengths of follow-up in order.

    Raises
    ------
    EvidenceError
        With every length that is not a number of years.
    """
    lengths = [_year(year) for year in years]
    wrong = [repr(given) for given, year in zip(years, lengths, strict=True) if year is None]
    if wrong or not lengths:
        expected = f"numbers of years from 0.1 to {LONGEST_YEARS}"
        raise EvidenceError(f"years: expected {expected}; found {', '.join(wrong) or 'none'}")
    return sorted({year for year in lengths if year is not None})


def _year(given: Any) -> float | None:
    try:
        year = float(given)
    except (TypeError, ValueError):
        return None
    return year if 0.1 <= year <= LONGEST_YEARS and not isinstance(given, bool) else None

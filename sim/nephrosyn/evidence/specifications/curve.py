"""A specification curve: the refractory share of a scenario under every combination of choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria as definition_sets
from nephrosyn import vocabulary
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.specifications import choices, counts, paired
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD
from nephrosyn.report.formatting import json_text, percent
from nephrosyn.runs.run import Progress, load_sets, silent
from nephrosyn.scenario import load
from nephrosyn.vocabulary import DAYS_PER_YEAR

PATIENTS, SEED = 2_000, 1
YEARS = (1.0, 2.0, 5.0)
LONGEST_YEARS = 20
FIRST_SET = "source"


@dataclass(frozen=True, repr=False)
class SpecificationCurve:
    """The refractory share of one simulated cohort under every combination of choices.

    The choices are structural: who is counted, by which definition, in which record, over which time. They are not
    uncertain numbers, and have no probabilities; so the curve has no mean or interval of its own.

    Attributes
    ----------
    scenario : str
        Name of the scenario.
    patients, seed : int
        Size and seed of the cohort.
    choices : list of Choice
        The choices and their levels.
    table : polars.DataFrame
        A row for each combination, the lowest share first: `ages`, `lesions`, `criteria`, `partial_remission` (null
        where the set does not classify the response), `follow_up_years`, `view`, `denominator`, `as_published` (whether
        the set is unchanged), `patients` (the denominator), `refractory`, `share`, `low` and `high` (95% Wilson
        interval), `undetermined` (share of the patients who could not be classified).
    excluded : dict of str to int
        Combinations without meaning, by reason.

    References
    ----------
    U. Simonsohn, J. P. Simmons, L. D. Nelson, Specification curve analysis, Nat Hum Behav 4 (2020) 1208-1214,
    doi:10.1038/s41562-020-0912-z.
    """

    scenario: str
    patients: int
    seed: int
    choices: list[choices.Choice]
    table: pl.DataFrame
    excluded: dict[str, int]

    def __repr__(self) -> str:
        """The scenario, the number of combinations, and the range of the share, in a line."""
        span = f"{percent(self.lowest['share'])} to {percent(self.highest['share'])}"
        return f"<SpecificationCurve of {self.scenario}: {self.table.height} combinations, {span}>"

    def _repr_html_(self) -> str:
        """The summary and the effect of each choice, for a notebook."""
        from nephrosyn.evidence.specifications import output

        return "".join(table.html() for table in output.tables(self))

    @property
    def lowest(self) -> dict[str, Any]:
        """The combination with the lowest share."""
        return self.table.row(0, named=True)

    @property
    def highest(self) -> dict[str, Any]:
        """The combination with the highest share."""
        return self.table.row(-1, named=True)

    @property
    def median(self) -> float:
        """The median share of all combinations."""
        return float(self.table["share"].median())  # type: ignore[arg-type]

    @cached_property
    def third(self) -> dict[str, int]:
        """Combinations whose interval lies below one third, contains it, and lies above it."""
        low, high = self.table["low"], self.table["high"]
        below, above = int((high < ONE_THIRD).sum()), int((low > ONE_THIRD).sum())
        return {"below": below, "around": self.table.height - below - above, "above": above}

    @cached_property
    def effects(self) -> list[paired.ChoiceEffect]:
        """How far each choice moves the share by itself, the largest first."""
        return paired.effects(self.table, self.choices)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "notice": vocabulary.NOTICE,
            "scenario": self.scenario,
            "patients": self.patients,
            "seed": self.seed,
            "lowest": self.lowest,
            "median": self.median,
            "highest": self.highest,
            "one_third": self.third,
            "effects": [asdict(effect) for effect in self.effects],
            "excluded": self.excluded,
            "combinations": self.table.to_dicts(),
        }

    def json(self) -> str:
        """Return `as_dict` as JSON."""
        return json_text(self.as_dict())

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
        from nephrosyn.evidence.specifications import output

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
    >>> curve = ns.specification_curve("baseline", criteria=["source", "ipna-2022"], years=[1], patients=200)
    >>> curve.table.filter(ages="children", denominator="all", view="observed").height
    12
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

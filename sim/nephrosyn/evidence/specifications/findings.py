"""The findings of a specification curve: the shares of all combinations, their summary, the effect of each choice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import polars as pl

from nephrosyn.evidence.specifications.choices import Choice
from nephrosyn.evidence.specifications.paired import ChoiceEffect, effects
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD
from nephrosyn.report.formatting import json_text
from nephrosyn.vocabulary import NOTICE


@dataclass(frozen=True, repr=False)
class Findings:
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
    choices: list[Choice]
    table: pl.DataFrame
    excluded: dict[str, int]

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
    def effects(self) -> list[ChoiceEffect]:
        """How far each choice moves the share by itself, the largest first."""
        return effects(self.table, self.choices)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "notice": NOTICE,
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

"""What is found when one definition set takes the place of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.comparison.definitions import deciding_clauses, definition_pair
from nephrosyn.comparison.definitions.deciding_clauses import Difference, Reason
from nephrosyn.comparison.definitions.definition_pair import Chosen, Tables
from nephrosyn.criteria.record.sorted_columns import SOURCES
from nephrosyn.errors import RunFolderError
from nephrosyn.report.findings.verdicts import by_follow_up as growth
from nephrosyn.report.findings.verdicts import cross_classification as moves
from nephrosyn.report.findings.verdicts import refractory_share
from nephrosyn.report.findings.verdicts.by_follow_up import Growth
from nephrosyn.report.findings.verdicts.cross_classification import Moves
from nephrosyn.report.findings.verdicts.refractory_share import ID, Refractory


@dataclass(frozen=True)
class Findings:
    """Everything that is said of a change of definition.

    Attributes
    ----------
    manifest : mapping
        Of the run.
    place : str
        Where the run lies; empty in memory.
    before, after : Chosen
        The sets.
    view : str
        Which record was judged.
    moves : Moves
        Who moves where.
    reasons : list of Reason
        Why, those of most patients first.
    differences : list of Difference
        The clauses whose answer differs.
    refractory : list of Refractory
        Of both sets, then of all others by which the run was judged.
    growth : Growth
        Of both sets as follow-up grows.
    patients : polars.DataFrame
        Every patient with both labels, and what decides a move; who is outside either set is in no other finding.
    """

    manifest: Mapping[str, Any]
    place: str
    before: Chosen
    after: Chosen
    view: str
    moves: Moves
    reasons: list[Reason]
    differences: list[Difference]
    refractory: list[Refractory]
    growth: Growth
    patients: pl.DataFrame


def find(
    tables: Tables, manifest: Mapping[str, Any], place: str, from_: str | Path, to: str | Path, view: str
) -> Findings:
    """Judge by both sets, and compare; parameters as those of `reclassify`."""
    before, after = definition_pair.choose(manifest, from_, to, view)
    labels = {
        one.name: _named(definition_pair.labels(tables, manifest, one, view), one.name) for one in (before, after)
    }
    both = labels[before.name].join(labels[after.name], on=ID, suffix="_after", maintain_order="left")
    other_verdict = pl.col("refractory").ne_missing(pl.col("refractory_after"))
    inside = pl.all_horizontal(pl.col("applies", "applies_after").ne_missing(pl.lit(value=False)))
    moved = both.filter(inside, (pl.col("category") != pl.col("category_after")) | other_verdict)
    first, second = (definition_pair.clause_answers(tables, one, view, moved.select(ID)) for one in (before, after))
    answered = deciding_clauses.answered(first, second, moved)
    told = deciding_clauses.decided(answered, moved)
    return Findings(
        manifest=manifest,
        place=place,
        before=before,
        after=after,
        view=view,
        moves=moves.between(labels[before.name], labels[after.name], before.name, after.name),
        reasons=deciding_clauses.reasons(told),
        differences=[*deciding_clauses.differences(answered, moved.height)],
        refractory=[
            *_verdicts(labels, view),
            *_others(tables["labels"], {before.definition.name, after.definition.name}, view),
        ],
        growth=_growth(tables, manifest, labels, (before, after), view),
        patients=both.join(
            told.drop([name for name in both.columns if name not in ID]), on=ID, how="left", maintain_order="left"
        ),
    )


def _named(labels: pl.DataFrame, name: str) -> pl.DataFrame:
    return labels.with_columns(criteria=pl.lit(name))


def _verdicts(labels: Mapping[str, pl.DataFrame], view: str) -> list[Refractory]:
    return [refractory_share.verdict(found, name, view) for name, found in labels.items()]


def _others(stored: pl.DataFrame, names: set[str], view: str) -> list[Refractory]:
    """Every other set by which the run was judged."""
    return [
        found for found in refractory_share.refractory(stored) if found.view == view and found.criteria not in names
    ]


def _growth(
    tables: Tables, manifest: Mapping[str, Any], labels: Mapping[str, pl.DataFrame], chosen: Sequence[Chosen], view: str
) -> Growth:
    try:
        follow_up_days = float(manifest["scenario"]["scenario"]["population"]["follow_up_days"])
    except (KeyError, TypeError, ValueError):
        raise RunFolderError("manifest.json of the run is damaged; make the run again") from None
    judged = {name: tables[name] for name in SOURCES[view]}
    rules = {one.name: one.definition for one in chosen}
    return growth.find(judged, pl.concat(labels.values()), rules, view, growth.times(follow_up_days))

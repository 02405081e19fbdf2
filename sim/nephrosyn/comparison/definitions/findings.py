"""The findings of a reclassification: one definition set replaced by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.comparison.definitions import deciding_clauses, definition_pair, draws
from nephrosyn.comparison.definitions.deciding_clauses import Difference, Reason
from nephrosyn.comparison.definitions.definition_pair import SelectedSet, Tables
from nephrosyn.comparison.definitions.draws import Uncertainty
from nephrosyn.comparison.drawn_numbers import Drawing
from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings import combine_parts
from nephrosyn.report.findings.batches import batches
from nephrosyn.report.findings.verdicts import by_follow_up, refractory_share
from nephrosyn.report.findings.verdicts import cross_classification as moves
from nephrosyn.report.findings.verdicts.by_follow_up import SharesOverTime
from nephrosyn.report.findings.verdicts.cross_classification import Moves
from nephrosyn.report.findings.verdicts.refractory_share import Refractory


@dataclass(frozen=True)
class Findings:
    """Everything that is reported of a reclassification.

    Attributes
    ----------
    manifest : mapping
        Manifest of the run.
    place : str
        Path of the run; empty for a run in memory.
    before, after : SelectedSet
        The two definition sets.
    view : str
        Record that was classified.
    moves : Moves
        Changes of category.
    reasons : list of Reason
        The clauses responsible, those of most patients first.
    differences : list of Difference
        Clauses whose answer differs.
    refractory : list of Refractory
        Refractory counts of both sets, then of all other sets in the labels of the run.
    shares_over_time : SharesOverTime
        Refractory share of both sets by length of follow-up.
    patients : polars.DataFrame
        Every patient with both labels and the deciding clauses. Patients outside either set are in no other finding.
    uncertainty : Uncertainty or None
        What draws of the scenario's uncertain numbers say; None without draws.
    """

    manifest: Mapping[str, Any]
    place: str
    before: SelectedSet
    after: SelectedSet
    view: str
    moves: Moves
    reasons: list[Reason]
    differences: list[Difference]
    refractory: list[Refractory]
    shares_over_time: SharesOverTime
    patients: pl.DataFrame
    uncertainty: Uncertainty | None = None


def find(
    tables: Tables,
    manifest: Mapping[str, Any],
    place: str,
    from_: str | Path,
    to: str | Path,
    view: str,
    drawing: Drawing | None = None,
) -> Findings:
    """Classify by both sets, and compare; the parameters are those of `reclassify`."""
    before, after = pair = definition_pair.select(manifest, from_, to, view)
    labels = {
        definition.name: _named(definition_pair.labels(tables, manifest, definition, view), definition.name)
        for definition in pair
    }
    both = labels[before.name].join(labels[after.name], on=PATIENT_KEY, suffix="_after", maintain_order="left")
    changed_verdict = pl.col("refractory").ne_missing(pl.col("refractory_after"))
    inside = pl.all_horizontal(pl.col("applies", "applies_after").ne_missing(pl.lit(value=False)))
    moved = both.filter(inside, (pl.col("category") != pl.col("category_after")) | changed_verdict)
    who = moved.select(PATIENT_KEY)
    first, second = (definition_pair.clause_answers(tables, definition, view, who) for definition in pair)
    answered = deciding_clauses.answered(first, second, moved)
    decided = deciding_clauses.decided(answered, moved)
    changes = moves.between(labels[before.name], labels[after.name], before.name, after.name)
    new_columns = decided.drop([name for name in both.columns if name not in PATIENT_KEY])
    return Findings(
        manifest=manifest,
        place=place,
        before=before,
        after=after,
        view=view,
        moves=changes,
        reasons=deciding_clauses.reasons(decided),
        differences=[*deciding_clauses.differences(answered, moved.height)],
        refractory=[
            *_verdicts(labels, view),
            *_others(tables["labels"], {before.definition.name, after.definition.name}, view),
        ],
        shares_over_time=_shares_over_time(tables, manifest, labels, pair, view),
        patients=both.join(new_columns, on=PATIENT_KEY, how="left", maintain_order="left"),
        uncertainty=draws.find(manifest, pair, view, changes, drawing) if drawing is not None else None,
    )


def _named(labels: pl.DataFrame, name: str) -> pl.DataFrame:
    return labels.with_columns(criteria=pl.lit(name))


def _verdicts(labels: Mapping[str, pl.DataFrame], view: str) -> list[Refractory]:
    return [refractory_share.verdict(labels_of_set, name, view) for name, labels_of_set in labels.items()]


def _others(stored: pl.DataFrame, names: set[str], view: str) -> list[Refractory]:
    """Return the refractory counts of all other sets in the labels of the run."""
    verdicts = refractory_share.refractory(stored)
    return [verdict for verdict in verdicts if verdict.view == view and verdict.criteria not in names]


def _shares_over_time(
    tables: Tables,
    manifest: Mapping[str, Any],
    labels: Mapping[str, pl.DataFrame],
    pair: Sequence[SelectedSet],
    view: str,
) -> SharesOverTime:
    try:
        follow_up_days = float(manifest["scenario"]["scenario"]["population"]["follow_up_days"])
    except (KeyError, TypeError, ValueError):
        raise RunFolderError("manifest.json of the run is damaged; make the run again") from None
    rules = {selected.name: selected.definition for selected in pair}
    days, both = by_follow_up.times(follow_up_days), pl.concat(labels.values())
    left, parts = by_follow_up.most_patients(len(rules), days), list[tuple[int, SharesOverTime]]()
    for replicate, batch in batches(tables):
        parts.append((replicate, by_follow_up.find(batch, both, rules, view, days, left)))
        left -= batch["patients"].height
        if left <= 0:
            break
    together = combine_parts.shares_over_time(parts)
    assert together is not None  # a run has patients
    return together

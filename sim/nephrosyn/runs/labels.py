"""The labels of patients: classified by several definition sets, on both records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import criteria

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.prepared import Definition


def classify_tables(
    tables: Mapping[str, pl.DataFrame], sets: Sequence[Definition], *, keep_going: bool = False
) -> pl.DataFrame:
    """Classify every patient by some definition sets, on the complete and on the observed record.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables and truth.
    sets : sequence of DefinitionSet or PreparedSet
        Definition sets to classify by.
    keep_going : bool
        Leave patients with impossible values undetermined instead of raising an error.

    Returns
    -------
    polars.DataFrame
        Labels, sorted by patient, then by set; the complete record comes first.
    """
    frames = [criteria.classify(tables, sets, view, keep_going=keep_going) for view in ("complete", "observed")]
    return by_patient(pl.concat([frame.filter(criteria=definition.name) for definition in sets for frame in frames]))


def by_patient(labels: pl.DataFrame) -> pl.DataFrame:
    """Sort labels by patient, so that their order does not depend on the parts of the run."""
    return labels.sort("replicate", "patient", maintain_order=True)

"""How the answers about the same patients overlap: flags carried together, and the two records against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.report.findings.verdicts.refractory_share import ID, of
from nephrosyn.statistics.proportions import Share, wilson


@dataclass(frozen=True)
class Combination:
    """Patients who carry the same flags; those who carry none, apart by whether every flag was judged.

    Attributes
    ----------
    flags : frozenset of str
        Flags carried. One that could not be judged counts as not carried.
    patients : int
        How many.
    judged : bool
        False for those who carry no flag and have one that could not be judged: they are undetermined.
    """

    flags: frozenset[str]
    patients: int
    judged: bool = True


def combinations(
    labels: pl.DataFrame, criteria: str, view: str, flags: Sequence[str] = vocabulary.FLAGS
) -> list[Combination]:
    """Return how many patients carry each combination of flags, most frequent first; no flag is a combination too.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    criteria, view : str
        Definition set and view.
    flags : sequence of str
        Those that the set defines: of any other nothing is said, and nobody is undetermined for it.

    Returns
    -------
    list of Combination
        The counts add up to the patients to whom the set may apply.
    """
    part = within(of(labels, criteria, view))
    judged = pl.any_horizontal(flags).is_not_null().alias("judged")
    rows = part.select(judged, pl.col(*flags).fill_null(value=False)).group_by("judged", *flags).len().iter_rows()
    found = [
        Combination(frozenset(name for name, on in zip(flags, row[1:], strict=False) if on), int(row[-1]), bool(row[0]))
        for row in rows
    ]
    return sorted(found, key=lambda item: (-item.patients, [name not in item.flags for name in flags], item.judged))


@dataclass(frozen=True)
class Agreement:
    """The complete against the observed record of the same patients under one definition set.

    They are those to whom the set may apply by both records; `outside` are the others.
    """

    criteria: str
    counts: dict[tuple[str, str], int]
    same: Share
    same_refractory: Share
    lost: int
    outside: int = 0

    def cell(self, complete: str, observed: str) -> int:
        """Return the patients of one pair of categories."""
        return self.counts.get((complete, observed), 0)


def agreement(labels: pl.DataFrame, criteria: str) -> Agreement | None:
    """Return how the two views of a definition set agree; None when only one was judged, or nobody is in the set.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table.
    criteria : str
        Definition set.

    Returns
    -------
    Agreement or None
        ``lost`` counts patients with a category in the complete record who are undetermined in the observed one.
    """
    part = labels.filter(pl.col("criteria") == criteria).select(*ID, "view", "applies", "category", "refractory")
    complete, observed = (within(part.filter(pl.col("view") == view)) for view in vocabulary.VIEWS)
    both = complete.join(observed, on=ID, suffix="_observed")
    if not both.height:
        return None
    cells = both.group_by("category", "category_observed").len().iter_rows()
    counts = {(str(left), str(right)): int(n) for left, right, n in cells}
    same = sum(n for (left, right), n in counts.items() if left == right)
    lost = sum(n for (left, right), n in counts.items() if right == "undetermined" != left)
    equal = int(both["refractory"].eq_missing(both["refractory_observed"]).sum())
    outside = part.select(ID).n_unique() - both.height
    return Agreement(criteria, counts, wilson(same, both.height), wilson(equal, both.height), lost, outside)

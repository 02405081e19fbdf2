"""Perturb a record: look up what to do, do it, and tell what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.bench.perturbations import reference
from nephrosyn.bench.perturbations.change_log import LOG, write
from nephrosyn.bench.perturbations.changes import Change, Record, carry_out
from nephrosyn.bench.perturbations.constants import PERTURBATIONS, SEVERITIES
from nephrosyn.bench.perturbations.indexed_rows import Prepared, prepare
from nephrosyn.bench.perturbations.severity import Level
from nephrosyn.errors import PerturbationError
from nephrosyn.record.schema import OBSERVED
from nephrosyn.scenario.counts import MOST_SEED, wrong_count
from nephrosyn.scenario.messages import nearest

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet


def perturb(
    record: Mapping[str, pl.DataFrame],
    name: str,
    severity: int,
    *,
    seed: int,
    replicate: int,
    definition: DefinitionSet | None = None,
) -> tuple[Record, pl.DataFrame]:
    """Put errors of one kind into a record.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        The observed tables, or more: those of the truth are neither read nor returned. Rows may stand in any order.
        Perturbations of kind ``label`` and ``cohort`` ask for
        the table ``labels`` too, with one row per patient, and ``definition_shift`` for ``labels_other``, the same
        under the other set. What `prepare` returns is quicker where the same record is perturbed many times.
    name : str
        One of `PERTURBATIONS`.
    severity : int
        From 0, which changes nothing, to 5.
    seed, replicate : int
        Address of the draws, each 0 or more.
    definition : DefinitionSet, optional
        The set that gave the table ``labels``, for ``label_noise``, which gives only labels that this set can give.
        Without it the set is looked up by the name in the table.

    Returns
    -------
    record : dict of str to polars.DataFrame
        The perturbed copy; tables that nothing changed are the same objects.
    log : polars.DataFrame
        Every change, with the columns of `LOG`.

    Raises
    ------
    PerturbationError
        If there is no such perturbation or severity, a table is missing, or the set of the labels is not known.
    """
    _check(record, name, severity, seed, replicate)
    clean = prepare(record)
    if severity == 0:
        return dict(clean), pl.DataFrame(schema=LOG)
    level = Level(PERTURBATIONS[name], severity, seed, replicate, definition)
    changes = function_of(name)(clean, level)
    return carry_out(clean, changes), write(clean, changes, level.of)


def function_of(name: str) -> Callable[[Prepared, Level], Sequence[Change]]:
    """Return what a perturbation does: the function of this room that its entry in the table of constants names."""
    module, _, function = PERTURBATIONS[name].does.partition(".")
    found: Callable[[Prepared, Level], Sequence[Change]] = getattr(import_module(f"{__package__}.{module}"), function)
    return found


def _check(record: Mapping[str, pl.DataFrame], name: str, severity: int, seed: int, replicate: int) -> None:
    if name not in PERTURBATIONS:
        near = nearest(name, PERTURBATIONS)
        hint = f"; nearest: {near}" if near else f"; known: {', '.join(PERTURBATIONS)}"
        raise PerturbationError(f"there is no perturbation {name}{hint}")
    if severity not in SEVERITIES:
        raise PerturbationError(f"severity: expected {SEVERITIES[0]} to {SEVERITIES[-1]}; found {severity}")
    wrong = [*wrong_count("seed", seed, 0, MOST_SEED), *wrong_count("replicate", replicate, 0, MOST_SEED)]
    if wrong:
        raise PerturbationError("; ".join(wrong))
    asked = (*OBSERVED, *reference.ASKED.get(name, ()))
    missing = [table for table in asked if table not in record]
    if missing:
        raise PerturbationError(f"{name} asks for the table {' and '.join(missing)}; found: {', '.join(record)}")

"""Perturb a record and log the changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.bench.perturbations import reference
from nephrosyn.bench.perturbations.change_log import LOG, write_log
from nephrosyn.bench.perturbations.changes import Change, Record, apply_changes
from nephrosyn.bench.perturbations.constants import PERTURBATIONS, SEVERITIES, unknown
from nephrosyn.bench.perturbations.indexed_rows import Prepared, prepare
from nephrosyn.bench.perturbations.severity import Level
from nephrosyn.bench.perturbations.users import UserPerturbation
from nephrosyn.errors import MOST_SEED, PerturbationError, wrong_count
from nephrosyn.record.schema import OBSERVED

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
        The observed tables, rows in any order, or all tables of a cohort; those of the truth are neither perturbed nor
        returned. Perturbations of kind ``label`` and ``cohort`` also need ``labels``, and ``definition_shift`` needs
        ``labels_other``, the labels under another definition set. Labels of several sets and views, as those of a
        cohort, are reduced to one row per patient: by `definition`, or the first set, on the complete record. Use
        `prepare` to perturb one record many times.
    name : str
        One of `PERTURBATIONS`, your own among them once it is registered.
    severity : int
        0 (no change) to 5.
    seed, replicate : int
        Key of the random draws, each 0 or more.
    definition : DefinitionSet, optional
        The set that gave ``labels``; wrong labels of ``label_noise`` are drawn from those it can give. By default the
        set named in the table.

    Returns
    -------
    record : dict of str to polars.DataFrame
        The perturbed copy; unchanged tables are the same objects.
    log : polars.DataFrame
        Every change, with the columns of `LOG`.

    Raises
    ------
    PerturbationError
        If there is no such perturbation or severity, a table is missing, or the set that gave the labels is not known.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> record, log = perturb(ns.run("baseline", patients=20, seed=1).tables, "visits_missing", 3, seed=1, replicate=0)
    >>> log.height > 0
    True
    """
    if name in PERTURBATIONS:
        record = reference.with_reference(record, name, definition)
    _check(record, name, severity, seed, replicate)
    clean = prepare(record)
    if severity == 0:
        return dict(clean), pl.DataFrame(schema=LOG)
    level = Level(PERTURBATIONS[name], severity, seed, replicate, definition)
    changes = function_of(name)(clean, level)
    return apply_changes(clean, changes), write_log(clean, changes, level.of)


def function_of(name: str) -> Callable[[Prepared, Level], Sequence[Change]]:
    """Return the function that makes the changes, a user's own or named by ``does`` in the table of constants."""
    of = PERTURBATIONS[name]
    if isinstance(of, UserPerturbation):
        return of.changes
    module, _, function = of.does.partition(".")
    result: Callable[[Prepared, Level], Sequence[Change]] = getattr(import_module(f"{__package__}.{module}"), function)
    return result


def _check(record: Mapping[str, pl.DataFrame], name: str, severity: int, seed: int, replicate: int) -> None:
    if name not in PERTURBATIONS:
        raise PerturbationError(unknown(name))
    if severity not in SEVERITIES:
        raise PerturbationError(f"severity: expected {SEVERITIES[0]} to {SEVERITIES[-1]}; found {severity}")
    wrong = [*wrong_count("seed", seed, 0, MOST_SEED), *wrong_count("replicate", replicate, 0, MOST_SEED)]
    if wrong:
        raise PerturbationError("; ".join(wrong))
    required = (*OBSERVED, *reference.REQUIRED_TABLES.get(name, ()))
    missing = [table for table in required if table not in record]
    if missing:
        raise PerturbationError(f"{name} needs the table {' and '.join(missing)}; found: {', '.join(record)}")

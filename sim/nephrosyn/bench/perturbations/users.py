"""Perturbations of users: a function of the observed tables, checked against the contract before it is used.

The contract is that of the package: what happens to a patient depends on the seed, the patient and the replicate, not
on the order of rows or on other patients; and what is lost or changed at one severity is lost or changed at every
higher one. A function that compares the numbers of `Draw` with thresholds that grow with severity keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from inspect import getdoc
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.bench.perturbations.change_log import write_log
from nephrosyn.bench.perturbations.changes import Added, Change, Changed, Removed, different
from nephrosyn.bench.perturbations.constants import (
    NO_CHANGE,
    PERTURBATIONS,
    SEVERITIES,
    SHIPPED,
    Perturbation,
    add,
)
from nephrosyn.bench.perturbations.indexed_rows import Prepared, prepare
from nephrosyn.bench.perturbations.severity import Level
from nephrosyn.bench.user_objects import (
    ObjectPath,
    attribute_of,
    digest,
    installed_objects,
    load_module,
    named_object,
    path_of_entry,
)
from nephrosyn.errors import PerturbationError
from nephrosyn.record.schema import OBSERVED, PATIENT_KEY

GROUP = "nephrosyn.perturbations"
"""Group of entry points by which installed packages offer perturbations."""
ROW = "row"
PATIENTS_CHECKED, SEED_CHECKED = 40, 7
SHUFFLED = 1
Tables = Mapping[str, pl.DataFrame]
Function = Callable[[dict[str, pl.DataFrame], int, "Draw"], Tables]
"""Takes the observed tables, the severity from 1 to 5, and `Draw`; returns the tables that it has changed."""


class Draw:
    """Uniform random numbers for the rows of a table, which depend on the patient and not on who else is there.

    Parameters
    ----------
    level : Level
        Perturbation, seed and replicate.
    record : Prepared
        The unperturbed record.
    """

    def __init__(self, level: Level, record: Prepared) -> None:
        self._level, self._record = level, record

    def __call__(self, table: str, what: str = "", *, per_patient: bool = False) -> pl.Series:
        """Return one number for each row.

        Parameters
        ----------
        table : str
            Name of the table, whose rows are in the order in which they were given.
        what : str
            Name of the draw; draws with different names are independent.
        per_patient : bool
            All rows of a patient share their number.

        Returns
        -------
        polars.Series
            Uniform on (0, 1), shape (rows,). It does not depend on severity.
        """
        rows = self._record.rows(table)
        draw = self._level.per_patient if per_patient else self._level.uniform
        return pl.Series(draw(f"{table} {what}", rows))


@dataclass(frozen=True)
class UserPerturbation(Perturbation):
    """A perturbation of a user.

    Attributes
    ----------
    function : callable
        What it does, as `Function`.
    path : ObjectPath or None
        Where it is defined; None if it was given as an object of this process.
    sha256 : str or None
        Digest of its file.
    """

    function: Function = field(repr=False, compare=False, kw_only=True)
    path: ObjectPath | None = field(default=None, kw_only=True)
    sha256: str | None = field(default=None, kw_only=True)

    @property
    def severities(self) -> tuple[str, ...]:
        """What each severity means, in words."""
        return (NO_CHANGE, *(f"severity {severity}" for severity in SEVERITIES[1:]))

    def changes(self, record: Prepared, level: Level) -> list[Change]:
        """Return what the function changes.

        Raises
        ------
        PerturbationError
            If it raises an error, or returns what is no perturbed record.
        """
        shown = {name: record[name].with_row_index(ROW) for name in OBSERVED}
        try:
            returned = self.function(dict(shown), level.severity, Draw(level, record))
        except Exception as error:
            raise self.broken("no error is raised", f"{type(error).__name__}: {error}") from None
        if not isinstance(returned, Mapping):
            raise self.broken("the changed tables are returned by name", f"found {type(returned).__name__}")
        changes: list[Change] = []
        for name, frame in returned.items():
            if name not in shown:
                raise self.broken("only observed tables are returned", f"found {name!r}")
            if frame is not shown[name]:
                changes += _Comparison(self, record, name, shown[name], frame).changes()
        return changes

    def broken(self, rule: str, said: str) -> PerturbationError:
        """Return the error for a rule that was broken."""
        return PerturbationError(f"perturbation {self.name} breaks the rule that {rule}: {said}")


class _Comparison:
    """A table before and after a perturbation."""

    def __init__(self, of: UserPerturbation, record: Prepared, name: str, before: pl.DataFrame, after: Any) -> None:
        self._of, self._rows, self._name, self._before = of, record.rows(name), name, before
        if not isinstance(after, pl.DataFrame):
            raise of.broken("tables are frames of polars", f"{name} is {type(after).__name__}")
        if set(after.columns) != set(before.columns):
            differ = sorted(set(after.columns) ^ set(before.columns))
            raise of.broken("columns stay, `row` among them", f"{name} differs in {', '.join(differ)}")
        kinds = [column for column in before.columns if after.schema[column] != before.schema[column]]
        if kinds:
            texts = [f"{name}.{column} is {after.schema[column]}, not {before.schema[column]}" for column in kinds]
            raise of.broken("types of columns stay", ", ".join(texts))
        self._after = after.select(before.columns).sort(ROW, maintain_order=True)

    def changes(self) -> list[Change]:
        """Return rows removed and duplicated, and values changed."""
        row = self._after[ROW]
        if row.null_count() or not row.is_between(0, len(self._rows) - 1).all():
            raise self._broken("`row` is that of a row of the record", (row.null_count() and "it is null") or "")
        places = row.to_numpy().astype(np.int64)
        copies = np.bincount(places, minlength=len(self._rows))
        if copies.max(initial=0) > 2:
            raise self._broken("a row is there twice at most", self._who(np.flatnonzero(copies > 2)))
        if self._name == "patients" and (copies != 1).any():
            raise self._broken("every patient keeps one row in patients", self._who(np.flatnonzero(copies != 1)))
        self._refuse_unequal_copies(places)
        first = np.unique(places, return_index=True)[1]
        changed = [change for column in self._before.columns for change in self._changed(column, places[first], first)]
        parts: list[Change] = [
            Removed(self._name, np.flatnonzero(copies == 0)),
            Added(self._name, np.flatnonzero(copies == 2)),
        ]
        return [*changed, *parts]

    def _refuse_unequal_copies(self, places: np.ndarray) -> None:
        again = self._after.filter(pl.Series(np.diff(places, prepend=-1) == 0, dtype=pl.Boolean))
        if again.height:
            firsts = self._after.unique(ROW, keep="first").filter(pl.col(ROW).is_in(again[ROW].implode()))
            if not firsts.sort(ROW).equals(again.sort(ROW)):
                raise self._broken("both copies of a row are the same", self._who(again[ROW].to_numpy()[:1]))

    def _changed(self, column: str, places: np.ndarray, first: np.ndarray) -> list[Change]:
        if column == ROW:
            return []
        values = self._after[column].to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()[first]
        before = self._rows[column][places]
        differs = different(before, values)
        if differs.any() and column in PATIENT_KEY:
            raise self._broken("replicate and patient stay", self._who(places[differs]))
        return [Changed(self._name, column, places[differs], before[differs], values[differs])] if differs.any() else []

    def _who(self, places: np.ndarray) -> str:
        return f"patient {self._before['patient'][int(places[0])]}" if len(places) else ""

    def _broken(self, rule: str, said: str) -> PerturbationError:
        return self._of.broken(rule, f"table {self._name}{', ' if said else ''}{said}")


def register(
    name: str, function: Function, *, path: ObjectPath | None = None, sha256: str | None = None, check: bool = True
) -> UserPerturbation:
    """Register a perturbation of your own, after checking it on 40 simulated patients.

    From then on its name can be used wherever a perturbation is named in this process.

    Parameters
    ----------
    name : str
        Its name; a shipped one is refused.
    function : callable
        Called with the observed tables, the severity from 1 to 5, and `Draw`. Each table has one more column, `row`. It
        returns the tables that it has changed: rows may be missing, be there twice, or have other values.
    path : ObjectPath, optional
        Where it is defined, so that other processes can load it.
    sha256 : str, optional
        Digest of its file.
    check : bool
        Check the contract.

    Returns
    -------
    UserPerturbation
        As registered.

    Raises
    ------
    PerturbationError
        If the name is taken or a rule is broken; says which rule, on which patient, table and severity.

    Examples
    --------
    >>> import polars as pl
    >>> def lost_readings(tables, severity, draw):
    ...     return {"readings": tables["readings"].filter(draw("readings") > 0.1 * severity)}
    >>> perturbation = register("lost_readings", lost_readings)
    >>> import nephrosyn as ns
    >>> from nephrosyn.bench.perturbations import perturb
    >>> record, log = perturb(ns.run("baseline", patients=5, seed=1).tables, "lost_readings", 3, seed=1, replicate=0)
    >>> set(log["change"])
    {'removed'}
    """
    if name in SHIPPED:
        raise PerturbationError(f"{name} is the name of a shipped perturbation; choose a different name")
    text = getdoc(function) or name
    perturbation = UserPerturbation(
        name=name,
        mechanism="a user's own",
        title=text.partition("\n")[0].rstrip("."),
        what=text,
        kind="record",
        does="",
        constants={},
        function=function,
        path=path,
        sha256=sha256,
    )
    if check:
        check_contract(perturbation)
    add(perturbation)
    return perturbation


@cache
def _checked_record() -> Prepared:
    from nephrosyn.bench.simulated_cohort import cohort
    from nephrosyn.scenario import load

    return prepare(cohort(load("baseline").scenario, PATIENTS_CHECKED, SEED_CHECKED))


def check_contract(of: UserPerturbation) -> None:
    """Check a perturbation against the contract.

    Raises
    ------
    PerturbationError
        If a rule is broken.
    """
    record = _checked_record()
    logs = {severity: _log(of, record, severity) for severity in SEVERITIES[1:]}
    shuffled = Prepared(
        {name: frame.sample(fraction=1.0, shuffle=True, seed=SHUFFLED) for name, frame in record.items()}
    )
    half = Prepared({name: frame.filter(pl.col("patient") % 2 == 0) for name, frame in record.items()})
    for severity, log in logs.items():
        _same(of, "the same seed gives the same", severity, log, _log(of, record, severity))
        _same(of, "the order of rows does not matter", severity, log, _log(of, shuffled, severity))
        of_half = log.filter(pl.col("patient") % 2 == 0)
        _same(of, "other patients do not matter", severity, of_half, _log(of, half, severity))
    for (severity, mild), (_, severe) in pairwise(logs.items()):
        _nested(of, severity, mild, severe)


def _log(of: UserPerturbation, record: Prepared, severity: int) -> pl.DataFrame:
    changes = of.changes(record, Level(of, severity, SEED_CHECKED, 0))
    return write_log(record, changes, of)


def _same(of: UserPerturbation, rule: str, severity: int, first: pl.DataFrame, second: pl.DataFrame) -> None:
    differ = _without(first, second), _without(second, first)
    _refuse(of, rule, severity, pl.concat(differ))


def _nested(of: UserPerturbation, severity: int, mild: pl.DataFrame, severe: pl.DataFrame) -> None:
    rule = "what is lost or changed at one severity is lost or changed at every higher one"
    gone = severe.filter(change="removed")
    row = ["replicate", "patient", "table", "row"]
    for kind in ("removed", "added"):
        _refuse(of, rule, severity, mild.filter(change=kind).join(severe.filter(change=kind), on=row, how="anti"))
    values = mild.filter(change="changed").join(severe, on=[*row, "column"], how="anti")
    _refuse(of, rule, severity, values.join(gone, on=row, how="anti"))


def _without(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the first frame that the second does not have."""
    return first.join(second, on=first.columns, how="anti", nulls_equal=True)


def _refuse(of: UserPerturbation, rule: str, severity: int, wrong: pl.DataFrame) -> None:
    if wrong.height:
        row = wrong.sort("patient", "table", "row").row(0, named=True)
        raise of.broken(rule, f"patient {row['patient']} of the check, table {row['table']}, severity {severity}")


def resolved(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Load, check and register the perturbations of users among some names.

    Parameters
    ----------
    texts : sequence of str
        Names; a user's own is ``FILE.py:NAME`` or ``MODULE:NAME``, optionally after ``RESULTS=``, or the name of an
        installed entry point.

    Returns
    -------
    names, problems : list of str
        The names by which they are known, and what is wrong with some.
    """
    names: list[str] = []
    problems: list[str] = []
    for text in dict.fromkeys(texts):
        try:
            name = _resolved(text)
        except PerturbationError as error:
            problems.append(str(error))
            continue
        if name in names:
            problems.append(f"--perturbations {text}: {name} is named twice; give one a different name: NAME=...")
        names.append(name)
    return names, problems


def _resolved(text: str) -> str:
    if text in PERTURBATIONS:
        return text
    if (entry := installed_objects(GROUP).get(text)) is not None:
        return _loaded(text, path_of_entry(entry)).name
    given = named_object(text)
    if given is None:
        return text
    if given.problem:
        raise PerturbationError(f"--perturbations {text}: {given.problem}")
    return _loaded(given.name or given.default_name, given.path).name


def _loaded(name: str, path: ObjectPath, *, check: bool = True) -> UserPerturbation:
    try:
        owner = load_module(path.source, path.folder)
        function = attribute_of(path.source, owner, path.name)
    except Exception as error:
        raise PerturbationError(f"perturbation {name} cannot be loaded: {type(error).__name__}: {error}") from None
    if not callable(function):
        raise PerturbationError(f"perturbation {name}: {path.name} is not a function but {type(function).__name__}")
    return register(name, function, path=path, sha256=digest(owner), check=check)


def _of_users(names: Sequence[str]) -> list[UserPerturbation]:
    """Return the users' perturbations among some names."""
    known = (PERTURBATIONS.get(name) for name in names)
    return [of for of in known if isinstance(of, UserPerturbation)]


def paths(names: Sequence[str]) -> dict[str, ObjectPath | None]:
    """Return where the users' perturbations among some names are defined."""
    return {of.name: of.path for of in _of_users(names)}


def digests(names: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of the files of the users' perturbations among some names."""
    return {of.name: of.sha256 for of in _of_users(names) if of.sha256}


def sources(names: Sequence[str]) -> dict[str, str]:
    """Return where the users' perturbations among some names are defined, as ``FILE.py:NAME``."""
    return {name: f"{path.source}:{path.name}" for name, path in paths(names).items() if path is not None}


def load_again(where: Mapping[str, ObjectPath | None]) -> None:
    """Register users' perturbations in another process, which has nothing to check any more."""
    for name, path in where.items():
        if path is not None and name not in PERTURBATIONS:
            _loaded(name, path, check=False)

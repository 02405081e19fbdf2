"""Cohorts as data sets for scikit-learn: one row of features per patient, labels, and the truth as extra tables."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.features.data_dictionary import dictionary_text
from nephrosyn.bench.features.event_table import event_table, time_to_refractory
from nephrosyn.bench.features.extract import COLUMNS, before, features, observable, with_values
from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.simulated_cohort import cohort
from nephrosyn.bench.suite.split_data import load_suite_split
from nephrosyn.bench.task import ABSTAINED, OUTSIDE, REFRACTORY, TARGETS, Target, Task
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import MOST_PATIENTS, MOST_SEED, BenchError, wrong_count
from nephrosyn.record.schema import PATIENT_KEY, TRUTH
from nephrosyn.runs import relabel
from nephrosyn.scenario import Resolved, Scenario, load

__all__ = ["load_suite_split", "make_nephrotic_cohort"]

COUNTED, COUNTED_SEED = 2000, 0
"""Size and seed of the cohort that classes are counted in, to give the most common class the first code."""
MOST_DAYS = 36_525
"""A hundred years."""
MOST_DRAWN_SEED = 2**31 - 1
"""Upper limit of seeds that are drawn from a generator, as in scikit-learn."""


def make_nephrotic_cohort(
    n_samples: int = 1000,
    *,
    random_state: Any,
    return_X_y: bool = False,  # noqa: N803 as scikit-learn has it
    as_frame: bool | Literal["polars"] = True,
    until_days: int | None = None,
    label_days: int | None = None,
    target: Target = "category",
    scenario: str = "baseline",
    criteria: str | None = None,
    keep_outside: bool = False,
    keep_undetermined: bool = False,
    like: Any = None,
) -> Any:
    """Simulate a cohort and return it as scikit-learn's loaders do.

    For early prediction choose the day up to which features may use the record and the day of the label, as in
    ``until_days=90, label_days=730``.

    Two groups of patients have no label. Those *outside the set* are not eligible for the definition set, by age or
    lesion. The *undetermined* are eligible, but the record is too short or too sparse to classify them. Both are
    excluded from `data` and `target` unless an argument includes them; the data set then has fewer rows than
    `n_samples`, and `left_out` counts the missing ones.

    Parameters
    ----------
    n_samples : int
        Number of patients to simulate.
    random_state : int, RandomState, Generator or None
        Seed; the same seed gives the same cohort, and more patients do not change the first ones. If it is a generator
        of numpy, or None for numpy's global generator, a seed is drawn from it and stored as `seed`.
    return_X_y : bool
        Return only data and target.
    as_frame : bool or "polars"
        Return pandas objects, numpy arrays (False), or frames and series of polars.
    until_days : int, days, optional
        Features use only what was recorded before this day from onset; by default the whole record.
    label_days : int, days, optional
        Day of the label, which is made from the complete record; by default the end of follow-up.
    target : {"category", "refractory"}
        What to predict.
    scenario : str
        A shipped scenario or a TOML file.
    criteria : str, optional
        The definition set; by default the first of the scenario.
    keep_outside : bool
        Include patients outside the set as a class ``outside_the_set``.
    keep_undetermined : bool
        Include undetermined patients as a class ``undetermined``.
    like : sklearn.utils.Bunch, optional
        An earlier data set with the columns and class codes to use; a class that only the new one has gets the next
        code, which a model fitted on the earlier one never predicts. Without it two cohorts have the same columns and
        codes, too, unless one is small: see `target_names`.

    Returns
    -------
    sklearn.utils.Bunch
        `data`, shape (n_rows, n_features), floats, NaN where nothing was recorded: the columns that records of the
        scenario can hold, without those that have no value in this cohort; counts and amounts of what was not recorded
        are 0. `target`, shape (n_rows,), integers, positions in `target_names`. `target_names`: for categories those
        that occur, the most common class of the scenario first, so that codes run from 0 without a gap; for the target
        ``refractory`` always ``not_refractory`` and ``refractory``. A class that only a larger cohort has is therefore
        nearly always last, and codes mean the same in both. `feature_names`; `constant_features`, those with the same
        value in every row; `absent_features`, those of the data dictionary that are not in the table, with the reason.
        `frame`, data and target together (pandas or polars; None without `as_frame`). `patient`, shape (n_rows,), the
        number of the patient of each row. `applies`, shape (n_samples,), by number of the patient, false outside the
        set. `left_out`, the number of excluded patients by reason. `seed`. `events`, the observed tables of all
        patients up to `until_days`; `event_table`, the same as one long table, see
        `nephrosyn.bench.features.event_table`; `survival`, when each patient of the set becomes refractory, see
        `time_to_refractory` there, by the complete record up to `label_days`. Both are frames of pandas, or of polars
        if asked for. `truth`, tables that are never used for features; `DESCR`, a description with the data dictionary.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    BenchError
        If scikit-learn or pandas is missing, an argument is invalid, or no patient has a label.
    ScenarioError, CriteriaError
        If the scenario or set does not exist or is invalid.

    Warns
    -----
    UserWarning
        If this cohort lacks a class that is more common in the scenario than one it has: its codes then differ from
        those of a larger cohort. Use `like` to get the codes of another one.

    Examples
    --------
    >>> early = {"until_days": 90, "label_days": 730, "target": "refractory"}
    >>> train = make_nephrotic_cohort(60, random_state=1, **early)
    >>> train.target_names, train.left_out
    (['not_refractory', 'refractory'], {'outside_the_set': 0, 'undetermined': 6})
    >>> test = make_nephrotic_cohort(60, random_state=2, **early)
    >>> list(test.data.columns) == list(train.data.columns)
    True
    """
    require("sklearn", "pandas")
    n_samples, until_days, label_days = _checked(n_samples, until_days, label_days, target, like)
    seed = _seed(random_state)
    resolved = load(scenario, [])
    name = criteria or resolved.scenario.criteria[0]
    if as_frame not in (True, False, "polars"):
        raise BenchError([f"as_frame: expected True, False or 'polars'; found {as_frame!r}"])
    task = Task(relabel.definition({"criteria": [name], "sets": {}}, name), target, label_days)
    tables = cohort(resolved.scenario, n_samples, seed)
    labelled = task.classify(tables, "complete")
    selection = _Selection(labelled, task, keep_outside=keep_outside, keep_undetermined=keep_undetermined)
    rows = selection.rows.join(features(tables, until_days), on=PATIENT_KEY, how="left", maintain_order="left")
    columns = _Columns(rows, resolved, like)
    order = list(like.target_names) if like is not None else selection.usual_order(resolved.scenario)
    classes = selection.classes(order, warn=like is None)
    positions = rows["answer"].replace_strict(classes, range(len(classes)), return_dtype=pl.Int64)
    data, codes, frame = _as_arrays(rows.select(columns.names), positions, as_frame)
    if return_X_y:
        return data, codes
    from sklearn.utils import Bunch

    return Bunch(
        data=data,
        target=codes,
        frame=frame,
        feature_names=columns.names,
        constant_features=columns.constant,
        absent_features=columns.absent,
        target_names=classes,
        patient=rows["patient"].to_numpy(),
        applies=labelled["applies"].fill_null(True).to_numpy(),
        left_out=selection.left_out,
        seed=seed,
        events=before(tables, until_days),
        event_table=_as_frame(event_table(before(tables, until_days)), as_frame),
        survival=_as_frame(_survival(task, tables), as_frame),
        truth={name: tables[name] for name in TRUTH},
        DESCR=_described(n_samples, seed, until_days, task, scenario, selection, columns),
    )


def _whole(name: str, value: Any, least: int, most: int, problems: list[str]) -> int:
    """Return a whole number of any integer type, including those of numpy, or add its problems to a list."""
    wrong = wrong_count(name, value, least, most)
    problems += wrong
    return least if wrong else int(value)


def _checked(
    n_samples: Any, until_days: Any, label_days: Any, target: str, like: Any
) -> tuple[int, int | None, int | None]:
    problems: list[str] = []
    size = _whole("n_samples", n_samples, 1, MOST_PATIENTS, problems)
    until = None if until_days is None else _whole("until_days", until_days, 1, MOST_DAYS, problems)
    label = None if label_days is None else _whole("label_days", label_days, 1, MOST_DAYS, problems)
    if until is not None and label is not None and until > label:
        problems.append(f"until_days: expected no later than label_days ({label}); found {until}")
    if target not in TARGETS:
        problems.append(f"target: expected {' or '.join(TARGETS)}; found {target}")
    if like is not None:
        if not (hasattr(like, "feature_names") and hasattr(like, "target_names")):
            problems.append(f"like: expected an earlier data set of make_nephrotic_cohort; found {type(like).__name__}")
        elif (list(like.target_names[:2]) == list(REFRACTORY)) != (target == "refractory"):
            problems.append(f"like: expected a data set with the same target, {target}")
    if problems:
        raise BenchError(problems)
    return size, until, label


def _seed(random_state: Any) -> int:
    """Return a seed: the given number, or one drawn from a generator, as scikit-learn does."""
    from sklearn.utils import check_random_state

    if hasattr(random_state, "integers"):  # numpy.random.Generator, which scikit-learn does not support
        return int(random_state.integers(MOST_DRAWN_SEED))
    if random_state is None or hasattr(random_state, "randint"):
        return int(check_random_state(random_state).randint(MOST_DRAWN_SEED))
    problems: list[str] = []
    seed = _whole("random_state", random_state, 0, MOST_SEED, problems)
    if problems:
        raise BenchError([f"{problems[0]}; or a RandomState, a Generator or None"])
    return seed


class _Selection:
    """The patients of the table with their labels as text, and the number of excluded patients.

    Parameters
    ----------
    labelled : polars.DataFrame
        Labels of all patients, from the task.
    task : Task
        The question.
    keep_outside, keep_undetermined : bool
        Whether to include patients without a label, as classes of their own.
    """

    def __init__(self, labelled: pl.DataFrame, task: Task, *, keep_outside: bool, keep_undetermined: bool) -> None:
        self._task = task
        outside = ~pl.col("applies").fill_null(True)
        named = labelled.with_columns(
            answer=pl.when(outside).then(pl.lit(OUTSIDE)).otherwise(pl.col("answer").cast(pl.String))
        )
        excluded = [*([] if keep_outside else [OUTSIDE]), *([] if keep_undetermined else [ABSTAINED])]
        self.left_out = {name: named.filter(answer=name).height for name in excluded}
        self.rows = named.filter(~pl.col("answer").is_in(excluded)).select(*PATIENT_KEY, "answer")
        if self.rows.is_empty():
            counts = " and ".join(f"{count} {_reason(name)}" for name, count in self.left_out.items())
            raise BenchError([f"no patient has a label by {task.definition.name}: {counts}"])

    def usual_order(self, scenario: Scenario) -> list[str]:
        """Return the classes of the scenario, the most common first, independent of this cohort."""
        task = self._task
        common = _most_common(
            scenario.model_dump_json(), task.definition.model_dump_json(), task.target, task.label_days
        )
        return [name for name in common if name not in self.left_out]

    def classes(self, order: Sequence[str], *, warn: bool) -> list[str]:
        """Return the classes in the order of their codes.

        Parameters
        ----------
        order : sequence of str
            Classes in the desired order; any other class of the cohort comes after them.
        warn : bool
            Leave out classes without patients, with a warning if that changes the code of another class.
        """
        occurring = set(self.rows["answer"])
        fixed = set(REFRACTORY) if self._task.target == "refractory" else set()
        every = list(dict.fromkeys([*order, *self._task.classes, ABSTAINED, OUTSIDE]))
        present = [name for name in every if name in occurring or name in fixed or (name in order and not warn)]
        missing = [name for name in every[: every.index(present[-1])] if name not in present]
        if warn and missing:
            warnings.warn(
                f"no patient of this cohort is {' or '.join(missing)}: codes differ from those of a larger cohort; "
                "simulate more patients, or pass a data set with all classes as like=",
                UserWarning,
                stacklevel=3,
            )
        return present


@lru_cache(maxsize=16)
def _most_common(scenario: str, definition: str, target: Target, until_days: int | None) -> list[str]:
    """Return the labels of a scenario, the most common first, as counted in a fixed cohort."""
    task = Task(DefinitionSet.model_validate_json(definition), target, until_days)
    labelled = task.classify(cohort(Scenario.model_validate_json(scenario), COUNTED, COUNTED_SEED), "complete")
    outside = ~pl.col("applies").fill_null(True)
    named = labelled.select(pl.when(outside).then(pl.lit(OUTSIDE)).otherwise(pl.col("answer").cast(pl.String)))
    counted = named.to_series().value_counts().sort("count", named.columns[0], descending=[True, False])
    labels = counted[named.columns[0]].to_list()
    return list(dict.fromkeys([*REFRACTORY, *labels])) if target == "refractory" else labels


def _reason(name: str) -> str:
    return "outside the set" if name == OUTSIDE else "undetermined"


@dataclass(frozen=True)
class _Columns:
    """The columns of the table.

    Attributes
    ----------
    rows : polars.DataFrame
        Labels and features of the patients in the table.
    resolved : Resolved
        The scenario.
    like : Bunch or None
        An earlier data set.
    """

    rows: pl.DataFrame
    resolved: Resolved
    like: Any

    @cached_property
    def names(self) -> list[str]:
        """Columns of the earlier data set; without one, those that records can hold and that have a value."""
        if self.like is not None:
            return list(self.like.feature_names)
        return with_values(self.rows.select(observable(self.resolved.scenario)))

    @cached_property
    def constant(self) -> list[str]:
        """Columns with the same value in every row."""
        return [name for name in self.names if self.rows[name].n_unique() == 1]

    @cached_property
    def absent(self) -> dict[str, str]:
        """Columns of the data dictionary that are not in the table, with the reason."""
        possible = set(observable(self.resolved.scenario))
        empty = "no patient in this table has a value" if self.like is None else "not in the data set given as like"
        return {
            name: empty if name in possible else "records of this scenario never hold a value"
            for name in COLUMNS
            if name not in self.names
        }


def _survival(task: Task, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the time to refractory disease by the complete record, censored on the day of the label."""
    ends = tables["follow_up"]
    if task.label_days is not None:
        ends = ends.with_columns(pl.col("end_days").clip(upper_bound=task.label_days))
    return time_to_refractory(task.labels(tables, "complete"), ends)


def _as_frame(frame: pl.DataFrame, as_frame: bool | str) -> Any:
    """Return a frame of pandas, or of polars if asked for."""
    if as_frame == "polars":
        return frame
    import pandas as pd

    return pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})


def _as_arrays(wide: pl.DataFrame, positions: pl.Series, as_frame: bool | str) -> tuple[Any, Any, Any]:
    if not as_frame:
        return wide.to_numpy(), positions.to_numpy(), None
    if as_frame == "polars":
        target = positions.alias("target")
        return wide, target, wide.with_columns(target)
    import pandas as pd

    data = pd.DataFrame({name: wide[name].to_numpy() for name in wide.columns})
    codes = pd.Series(positions.to_numpy(), name="target")
    return data, codes, pd.concat([data, codes], axis=1)


def _described(
    n_samples: int,
    seed: int,
    until_days: int | None,
    task: Task,
    scenario: str,
    selection: _Selection,
    columns: _Columns,
) -> str:
    used = "the whole record" if until_days is None else f"what was recorded before day {until_days} from onset"
    due = "at the end of follow-up" if task.label_days is None else f"on day {task.label_days}"
    left_out = " and ".join(f"{count} {_reason(name)}" for name, count in selection.left_out.items())
    absent = "\n".join(f"{name}: {why}" for name, why in columns.absent.items())
    return f"""Synthetic nephrotic syndrome: {n_samples} patients of the scenario {scenario}, seed {seed}.
{vocabulary.NOTICE}

Features use {used}. {task.question}
The label is the classification of the complete record {due}. No feature uses the truth.
Patients outside the set are not eligible for it, by age or lesion; undetermined patients are eligible, but their record
is too short or too sparse. Excluded from data and target: {left_out or "nobody"}.

Features; a value is missing (NaN) where nothing relevant was recorded:
{dictionary_text()}

Not in the table:
{absent or "none"}
"""

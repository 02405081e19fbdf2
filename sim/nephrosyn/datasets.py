"""A cohort as a data set of scikit-learn: wide features of the record, labels, and the truth apart."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.features.data_dictionary import dictionary_text
from nephrosyn.bench.features.extract import COLUMNS, before, features, observable, with_values
from nephrosyn.bench.requirements import need
from nephrosyn.bench.task import ABSTAINED, OUTSIDE, REFRACTORY, TARGETS, WHO, Target, Task
from nephrosyn.bench.training import cohort
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import BenchError
from nephrosyn.record.schema import TRUTH
from nephrosyn.runs import relabel
from nephrosyn.scenario import Resolved, Scenario, load
from nephrosyn.user_input import MOST_PATIENTS, MOST_SEED, wrong_count

__all__ = ["make_nephrotic_cohort"]

COUNTED, COUNTED_SEED = 2000, 0
"""Size and seed of the cohort in which classes are counted, to give the commonest the first code."""
MOST_DAYS = 36_525
"""A hundred years."""
MOST_DRAWN_SEED = 2**31 - 1
"""Seeds that are drawn from a generator are below it, as scikit-learn draws them."""


def make_nephrotic_cohort(
    n_samples: int = 1000,
    *,
    random_state: Any,
    return_X_y: bool = False,  # noqa: N803 as scikit-learn has it
    as_frame: bool = True,
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

    For early prediction give the day up to which the record may be used and the day on which the answer is due, as in
    ``until_days=90, label_days=730``.

    Two groups of patients have no right answer. Those *outside the set* are people whom the definition set is not for,
    by age or lesion. The *undetermined* could be judged by it, but not from this much record. Neither is in `data` and
    `target`, unless an argument keeps them; the data set says how many were left out, so that it has fewer rows than
    `n_samples`.

    Parameters
    ----------
    n_samples : int
        Patients simulated.
    random_state : int, RandomState, Generator or None
        Seed; the same one gives the same cohort, and more patients leave the first ones as they are. From a generator
        of numpy, or numpy's global one for None, a seed is drawn; it is kept as `seed`.
    return_X_y : bool
        Return data and target only.
    as_frame : bool
        As pandas; numpy arrays without.
    until_days : int, days, optional
        Features use only what was recorded before this day from onset; all of the record without it.
    label_days : int, days, optional
        The label is what the complete record says on this day; at its end without it.
    target : {"category", "refractory"}
        What to predict.
    scenario : str
        A shipped name or a file.
    criteria : str, optional
        The definition set; the first of the scenario without it.
    keep_outside : bool
        Keep whom the set is not for, as a class ``outside_the_set``.
    keep_undetermined : bool
        Keep who cannot be judged, as a class ``undetermined``.
    like : sklearn.utils.Bunch, optional
        An earlier data set, whose columns this one gets, and whose classes come first with the same codes; a class that
        only this one has gets the next code, which no model fitted on the earlier one predicts. Without it two cohorts
        have the same columns and codes, too, unless one is small: see `target_names`.

    Returns
    -------
    sklearn.utils.Bunch
        `data`, shape (n_kept, n_features), floats, NaN where nothing was recorded: columns are those that records of
        the scenario can hold, whoever its patients are, less those in which nobody here has a value; counts and
        amounts of what was not recorded are 0. `target`, shape (n_kept,), integers, places in `target_names`.
        `target_names`: of categories those that somebody has, so that codes run from 0 without a gap, the class that is
        commonest in the scenario first; of the target ``refractory`` always ``not_refractory`` and ``refractory``. So a
        class that only a larger cohort has is nearly always last, and codes mean the same in both. `feature_names`;
        `constant_features`, those with the same value in every row; `absent_features`, those of the data dictionary
        that are not in the table, with the reason. `frame`, data and target together (pandas; None without `as_frame`).
        `patient`, shape (n_kept,), the number of each row's patient. `applies`, shape (n_samples,), by number of the
        patient: false for whom the set is not for. `left_out`, how many are not in the table, by reason. `seed`.
        `events`, the observed tables of everybody up to `until_days`; `truth`, tables that no feature is made of;
        `DESCR`, with the data dictionary.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    BenchError
        If scikit-learn or pandas is missing, a number cannot be used, or nobody has a right answer.
    ScenarioError, CriteriaError
        If there is no such scenario or set.

    Warns
    -----
    UserWarning
        If this cohort lacks a class that is commoner in the scenario than one it has: codes are then not those of a
        larger cohort. `like` gives it the codes of another.

    Examples
    --------
    >>> early = {"until_days": 90, "label_days": 730, "target": "refractory"}
    >>> train = make_nephrotic_cohort(60, random_state=1, **early)
    >>> train.target_names, train.left_out
    (['not_refractory', 'refractory'], {'outside_the_set': 0, 'undetermined': 1})
    >>> test = make_nephrotic_cohort(60, random_state=2, **early)
    >>> list(test.data.columns) == list(train.data.columns)
    True
    """
    need("sklearn", "pandas")
    n_samples, until_days, label_days = _checked(n_samples, until_days, label_days, target, like)
    seed = _seed(random_state)
    resolved = load(scenario, [])
    asked = criteria or resolved.scenario.criteria[0]
    task = Task(relabel.definition({"criteria": [asked], "sets": {}}, asked), target, label_days)
    tables = cohort(resolved.scenario, n_samples, seed)
    judged = task.classify(tables, "complete")
    kept = _Selection(judged, task, keep_outside=keep_outside, keep_undetermined=keep_undetermined)
    rows = kept.rows.join(features(tables, until_days), on=WHO, how="left", maintain_order="left")
    columns = _Columns(rows, resolved, like)
    words = list(like.target_names) if like is not None else kept.usual(resolved.scenario)
    words = kept.words(words, warn=like is None)
    places = rows["answer"].replace_strict(words, range(len(words)), return_dtype=pl.Int64)
    data, codes, frame = _shaped(rows.select(columns.names), places, as_frame)
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
        target_names=words,
        patient=rows["patient"].to_numpy(),
        applies=judged["applies"].fill_null(True).to_numpy(),
        left_out=kept.left_out,
        seed=seed,
        events=before(tables, until_days),
        truth={name: tables[name] for name in TRUTH},
        DESCR=_described(n_samples, seed, until_days, task, scenario, kept, columns),
    )


def _whole(name: str, value: Any, least: int, most: int, problems: list[str]) -> int:
    """Return a whole number of any integer type, numpy's among them, or note what is wrong with it."""
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
    """Return a seed: the number given, or one drawn from a generator, as scikit-learn understands `random_state`."""
    from sklearn.utils import check_random_state

    if hasattr(random_state, "integers"):  # numpy.random.Generator, which scikit-learn does not know
        return int(random_state.integers(MOST_DRAWN_SEED))
    if random_state is None or hasattr(random_state, "randint"):
        return int(check_random_state(random_state).randint(MOST_DRAWN_SEED))
    problems: list[str] = []
    seed = _whole("random_state", random_state, 0, MOST_SEED, problems)
    if problems:
        raise BenchError([f"{problems[0]}; a RandomState, a Generator or None will do, too"])
    return seed


class _Selection:
    """Who is in the table, with the answer of each as text, and who is not.

    Parameters
    ----------
    judged : polars.DataFrame
        From `Task.judge`.
    task : Task
        The question.
    keep_outside, keep_undetermined : bool
        Whether those without a right answer stay, each kind as a class of its own.
    """

    def __init__(self, judged: pl.DataFrame, task: Task, *, keep_outside: bool, keep_undetermined: bool) -> None:
        self._task = task
        outside = ~pl.col("applies").fill_null(True)
        named = judged.with_columns(
            answer=pl.when(outside).then(pl.lit(OUTSIDE)).otherwise(pl.col("answer").cast(pl.String))
        )
        gone = [*([] if keep_outside else [OUTSIDE]), *([] if keep_undetermined else [ABSTAINED])]
        self.left_out = {name: named.filter(answer=name).height for name in gone}
        self.rows = named.filter(~pl.col("answer").is_in(gone)).select(*WHO, "answer")
        if self.rows.is_empty():
            told = " and ".join(f"{count} {_reason(name)}" for name, count in self.left_out.items())
            raise BenchError([f"nobody has a right answer under {task.definition.name}: {told}"])

    def usual(self, scenario: Scenario) -> list[str]:
        """Return the classes of the scenario, the commonest first; it does not depend on who is in this cohort."""
        task = self._task
        common = _commonest(scenario.model_dump_json(), task.definition.model_dump_json(), task.target, task.until_days)
        gone = set(self.left_out)
        return [name for name in common if name not in gone]

    def words(self, order: Sequence[str], *, warn: bool) -> list[str]:
        """Return the classes in the order of their codes.

        Parameters
        ----------
        order : sequence of str
            Classes in the order wanted; any other that somebody has comes after them.
        warn : bool
            Leave out those that nobody has, with a warning where that changes the code of another; keep all without.
        """
        there = set(self.rows["answer"])
        fixed = set(REFRACTORY) if self._task.target == "refractory" else set()
        every = list(dict.fromkeys([*order, *self._task.classes, ABSTAINED, OUTSIDE]))
        present = [name for name in every if name in there or name in fixed or (name in order and not warn)]
        missing = [name for name in every[: every.index(present[-1])] if name not in present]
        if warn and missing:
            warnings.warn(
                f"nobody of this cohort is {' or '.join(missing)}: codes are not those of a larger cohort; "
                "make it larger, or give a data set with all classes as like=",
                UserWarning,
                stacklevel=3,
            )
        return present


@lru_cache(maxsize=16)
def _commonest(scenario: str, definition: str, target: Target, until_days: int | None) -> list[str]:
    """Return the answers of a scenario by how many have them, the most first; of a cohort that is always the same."""
    task = Task(DefinitionSet.model_validate_json(definition), target, until_days)
    judged = task.classify(cohort(Scenario.model_validate_json(scenario), COUNTED, COUNTED_SEED), "complete")
    outside = ~pl.col("applies").fill_null(True)
    named = judged.select(pl.when(outside).then(pl.lit(OUTSIDE)).otherwise(pl.col("answer").cast(pl.String)))
    counted = named.to_series().value_counts().sort("count", named.columns[0], descending=[True, False])
    found = counted[named.columns[0]].to_list()
    return list(dict.fromkeys([*REFRACTORY, *found])) if target == "refractory" else found


def _reason(name: str) -> str:
    return "outside the set" if name == OUTSIDE else "that cannot be judged"


@dataclass(frozen=True)
class _Columns:
    """The columns of the table.

    Attributes
    ----------
    rows : polars.DataFrame
        The features of those who are kept.
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
        """Those of the earlier data set; without one, what the scenario's records can hold and somebody has."""
        if self.like is not None:
            return list(self.like.feature_names)
        return with_values(self.rows.select(observable(self.resolved.scenario)))

    @cached_property
    def constant(self) -> list[str]:
        """Those with one value for everybody."""
        return [name for name in self.names if self.rows[name].n_unique() == 1]

    @cached_property
    def absent(self) -> dict[str, str]:
        """Those of the data dictionary that are not in the table, with the reason."""
        possible = set(observable(self.resolved.scenario))
        empty = "nobody in this table has a value" if self.like is None else "not in the data set it is to be like"
        return {
            name: empty if name in possible else "records of this scenario hold no value"
            for name in COLUMNS
            if name not in self.names
        }


def _shaped(wide: pl.DataFrame, places: pl.Series, as_frame: bool) -> tuple[Any, Any, Any]:
    if not as_frame:
        return wide.to_numpy(), places.to_numpy(), None
    import pandas as pd

    data = pd.DataFrame({name: wide[name].to_numpy() for name in wide.columns})
    codes = pd.Series(places.to_numpy(), name="target")
    return data, codes, pd.concat([data, codes], axis=1)


def _described(
    n_samples: int, seed: int, until_days: int | None, task: Task, scenario: str, kept: _Selection, columns: _Columns
) -> str:
    used = "the whole record" if until_days is None else f"what was recorded before day {until_days} from onset"
    due = "at the end of follow-up" if task.until_days is None else f"on day {task.until_days}"
    left_out = " and ".join(f"{count} {_reason(name)}" for name, count in kept.left_out.items())
    absent = "\n".join(f"{name}: {why}" for name, why in columns.absent.items())
    return f"""Synthetic nephrotic syndrome: {n_samples} patients of the scenario {scenario}, seed {seed}.
{vocabulary.NOTICE}

Features use {used}. {task.question}
The label is what the definition set says of the complete record {due}. No feature is made of the truth.
Patients outside the set are those whom it is not for, by age or lesion; the others that have no label cannot be judged
from this much record. Left out of data and target: {left_out or "nobody"}.

Features; a value is missing (NaN) where nothing was recorded that could tell:
{dictionary_text()}

Not in the table:
{absent or "none"}
"""

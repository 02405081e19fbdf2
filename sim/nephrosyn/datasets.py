"""A cohort as a data set of scikit-learn: wide features of the record, labels, and the truth apart."""

from __future__ import annotations

from typing import Any

import polars as pl

from nephrosyn import labelling, terms
from nephrosyn.bench.dictionary import FEATURES, dictionary_text
from nephrosyn.bench.errors import BenchError, need
from nephrosyn.bench.features import before, features
from nephrosyn.bench.task import TARGETS, Target, Task
from nephrosyn.bench.training import cohort
from nephrosyn.scenario import load
from nephrosyn.scenario.counts import MOST_PATIENTS, MOST_SEED, wrong_count
from nephrosyn.tables import TRUTH

__all__ = ["make_nephrotic_cohort"]

MOST_DAYS = 36_525


def make_nephrotic_cohort(
    n_samples: int = 1000,
    *,
    random_state: int,
    return_X_y: bool = False,  # noqa: N803 as scikit-learn has it
    as_frame: bool = True,
    until_days: int | None = None,
    label_days: int | None = None,
    target: Target = "category",
    scenario: str = "baseline",
    criteria: str | None = None,
) -> Any:
    """Simulate a cohort and return it as scikit-learn's loaders do.

    For early prediction give the day up to which the record may be used and the day on which the answer is due, as in
    ``until_days=90, label_days=730``.

    Parameters
    ----------
    n_samples : int
        Patients.
    random_state : int
        Seed; the same one gives the same cohort, and more patients leave the first ones as they are.
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

    Returns
    -------
    sklearn.utils.Bunch
        `data`, shape (n_samples, n_features), floats, NaN where nothing was recorded; `target`, shape (n_samples,),
        places in `target_names`; `target_names`, of which ``undetermined`` is the last; `feature_names`; `frame`, data
        and target together (pandas; None without `as_frame`); `patient`; `events`, the observed tables up to
        `until_days`; `truth`, tables that no feature is made of; `DESCR`, with the data dictionary.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    BenchError
        If scikit-learn or pandas is missing, or a number cannot be used.
    ScenarioError, CriteriaError
        If there is no such scenario or set.

    Examples
    --------
    >>> early = make_nephrotic_cohort(20, random_state=1, until_days=90, label_days=730)
    >>> early.data.shape[0], early.target_names[-1]
    (20, 'undetermined')
    """
    need("sklearn", "pandas")
    _check(n_samples, random_state, until_days, label_days, target)
    resolved = load(scenario, [])
    asked = criteria or resolved.scenario.criteria[0]
    task = Task(labelling.definition({"criteria": [asked], "sets": {}}, asked), target, label_days)
    tables = cohort(resolved.scenario, n_samples, random_state)
    answers = task.judge(tables, "complete")
    wide = answers.join(features(tables, until_days), on=["replicate", "patient"], how="left", maintain_order="left")
    names = [one.name for one in FEATURES]
    words = list(task.words)
    places = wide["answer"].cast(pl.String).replace_strict(words, range(len(words)), return_dtype=pl.Int64)
    data, codes, frame = _shaped(wide.select(names), places, as_frame)
    if return_X_y:
        return data, codes
    from sklearn.utils import Bunch

    return Bunch(
        data=data,
        target=codes,
        frame=frame,
        feature_names=names,
        target_names=words,
        patient=wide["patient"].to_numpy(),
        events=before(tables, until_days),
        truth={name: tables[name] for name in TRUTH},
        DESCR=_described(n_samples, random_state, until_days, task, scenario),
    )


def _check(n_samples: int, random_state: int, until_days: int | None, label_days: int | None, target: str) -> None:
    problems = wrong_count("n_samples", n_samples, 1, MOST_PATIENTS)
    problems += wrong_count("random_state", random_state, 0, MOST_SEED)
    for name, value in (("until_days", until_days), ("label_days", label_days)):
        if value is not None:
            problems += wrong_count(name, value, 1, MOST_DAYS)
    if until_days is not None and label_days is not None and until_days > label_days:
        problems.append(f"until_days: expected no later than label_days ({label_days}); found {until_days}")
    if target not in TARGETS:
        problems.append(f"target: expected {' or '.join(TARGETS)}; found {target}")
    if problems:
        raise BenchError(problems)


def _shaped(wide: pl.DataFrame, places: pl.Series, as_frame: bool) -> tuple[Any, Any, Any]:
    if not as_frame:
        return wide.to_numpy(), places.to_numpy(), None
    import pandas as pd

    data = pd.DataFrame({name: wide[name].to_numpy() for name in wide.columns})
    codes = pd.Series(places.to_numpy(), name="target")
    return data, codes, pd.concat([data, codes], axis=1)


def _described(n_samples: int, random_state: int, until_days: int | None, task: Task, scenario: str) -> str:
    used = "the whole record" if until_days is None else f"what was recorded before day {until_days} from onset"
    due = "at the end of follow-up" if task.until_days is None else f"on day {task.until_days}"
    return f"""Synthetic nephrotic syndrome: {n_samples} patients of the scenario {scenario}, seed {random_state}.
{terms.NOTICE}

Features use {used}. {task.question}
The label is what the definition set says of the complete record {due}; `undetermined` where it says nothing, and for
who is outside the set. No feature is made of the truth.

Features:
{dictionary_text()}
"""

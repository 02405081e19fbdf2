"""A split of a suite as a data set for scikit-learn."""

from __future__ import annotations

from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.features.data_dictionary import dictionary_text
from nephrosyn.bench.features.extract import COLUMNS, features
from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.suite.build import BuiltSuite
from nephrosyn.bench.suite.definition import Definition, load
from nephrosyn.bench.task import ABSTAINED
from nephrosyn.errors import BenchError, nearest
from nephrosyn.record.schema import PATIENT_KEY

ROLES = ("train", "validation", "test")


def load_suite_split(suite: str, task: str, split: str = "train", *, as_frame: bool = True) -> Any:
    """Return a split of a frozen benchmark as scikit-learn's loaders do.

    Parameters
    ----------
    suite : str
        A shipped suite such as ``nephro-1``, or the path of a TOML file.
    task : str
        A task of the suite.
    split : str
        A role, ``train``, ``validation`` or ``test``, or the name of a split of the task.
    as_frame : bool
        Return pandas objects instead of numpy arrays.

    Returns
    -------
    sklearn.utils.Bunch
        `data`, shape (n_rows, n_features), floats, NaN where nothing was recorded; the same columns in every split.
        `target`, shape (n_rows,), integers, positions in `target_names`, the classes of the task. `patient`, shape
        (n_rows,), numbers of the patients; those without a right answer have no row. `events`, the unperturbed observed
        tables of all patients, up to the last day of the task. `feature_names`, `frame`, `DESCR`.

    Raises
    ------
    BenchError
        If there is no such suite, task or split, or a package is missing.

    Examples
    --------
    >>> train = load_suite_split("nephro-1", "early-refractory")
    >>> train.data.shape[0] == len(train.target), train.target_names
    (True, ['not_refractory', 'refractory'])
    """
    require("sklearn", "pandas")
    from sklearn.utils import Bunch

    definition = load(suite)
    definition.selected_tasks([task])
    name = _split_name(definition, task, split)
    built = BuiltSuite(definition)
    shown = built.shown(task, name)
    answers = built.answers(task, name).filter(pl.col("answer") != ABSTAINED)
    rows = answers.join(features(shown), on=PATIENT_KEY, how="left", maintain_order="left")
    classes = list(definition.tasks[task].question().classes)
    codes = (
        rows["answer"].cast(pl.String).replace_strict(classes, range(len(classes)), return_dtype=pl.Int64).to_numpy()
    )
    data, target, frame = _arrays(rows.select(COLUMNS), codes, as_frame)
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=list(COLUMNS),
        target_names=classes,
        patient=rows["patient"].to_numpy(),
        events=shown,
        DESCR=_described(definition, task, name),
    )


def _split_name(definition: Definition, task: str, split: str) -> str:
    of_task = definition.tasks[task]
    if split in ROLES:
        return str(getattr(of_task, split))
    if split not in of_task.roles:
        like = nearest(split, [*ROLES, *of_task.roles])
        hint = f"; nearest: {like}" if like else ""
        raise BenchError([f"{definition.name}: task {task} has no split {split}{hint}"])
    return split


def _arrays(wide: pl.DataFrame, codes: Any, as_frame: bool) -> tuple[Any, Any, Any]:
    if not as_frame:
        return wide.to_numpy(), codes, None
    import pandas as pd

    data = pd.DataFrame({name: wide[name].to_numpy() for name in wide.columns})
    target = pd.Series(codes, name="target")
    return data, target, pd.concat([data, target], axis=1)


def _described(definition: Definition, task: str, split: str) -> str:
    of_task, of_split = definition.tasks[task], definition.splits[split]
    return f"""{definition.name}, task {task}, split {split}: {of_split.patients} patients, {of_split.what}.
{vocabulary.NOTICE}

{of_task.title}. Role of the split: {of_task.roles[split].replace("_", " ")}. Learn from train, choose settings with
validation; a scored split is for neither.

Features; a value is missing (NaN) where nothing relevant was recorded:
{dictionary_text()}
"""

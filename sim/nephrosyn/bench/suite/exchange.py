"""Records of a suite for a classifier in any language, and the result of the predictions that come back.

``<task>/<split>/records/<perturbation>/severity-<s>/replicate-<r>/<table>/part-00000.csv``: the records. Beside them,
for train and validation, ``answers.csv`` with the right answers; for scored splits ``predictions-template.csv``, a row
for each prediction that is due. ``README.md`` says what to do, ``manifest.json`` is written last.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from textwrap import fill
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.classifiers.definition_sets import SetClassifier
from nephrosyn.bench.classifiers.protocol import Setup, checked_answers
from nephrosyn.bench.classifiers.registry import titles
from nephrosyn.bench.files.export import PartOfCohort
from nephrosyn.bench.files.predictions import COLUMNS, WHERE, predictions, read_content
from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.perturbations import PERTURBATIONS, prepare
from nephrosyn.bench.run import Run, ask_all, with_reference
from nephrosyn.bench.run import prepare as ready_classifiers
from nephrosyn.bench.score.conditions import CLEAN_RECORD, KEYS, Condition, shifts
from nephrosyn.bench.suite.build import BuiltSuite
from nephrosyn.bench.suite.definition import SCORED_ROLES, Definition, SuiteTask, load
from nephrosyn.bench.suite.evaluate import TaskResult, bench_of, digests_of_split_and_records
from nephrosyn.bench.suite.frozen import read_frozen, require_same
from nephrosyn.bench.suite.result import ClassifierOfResult, Result, build_result
from nephrosyn.bench.suite.scores import Evaluation, evaluated
from nephrosyn.errors import BenchError
from nephrosyn.runs.folder import Format, OutputFolder
from nephrosyn.runs.folder.layout import MANIFEST, sha256, write_manifest
from nephrosyn.runs.folder.output_folder import write_texts
from nephrosyn.runs.run import Progress, silent
from nephrosyn.text_files import hidden

README, TEMPLATE, ANSWERS = "README.md", "predictions-template.csv", "answers.csv"
KEY = "suite_export"
WIDTH = 116
PREDICTIONS = (".csv", ".parquet")


def export_suite(
    name: str,
    out: Path,
    tasks: Sequence[str] | None = None,
    format: Format = "csv",
    *,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Path:
    """Write the records of a suite.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file.
    out : Path
        A folder that does not exist yet, or is empty.
    tasks : sequence of str, optional
        Tasks to write; all by default.
    format : {"csv", "parquet"}
        Format of the tables.
    overwrite : bool
        Replace an earlier export, never anything else.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BenchError
        If a name is not valid, or the records are not those that were frozen.
    RunFolderError
        If the folder cannot be written.
    """
    definition, frozen = load(name), read_frozen(name)
    selected = definition.selected_tasks(list(tasks or []))
    suite = BuiltSuite(definition)
    splits = [(task, split) for task in selected for split in definition.tasks[task].roles]
    kind = OutputFolder("an export of a suite", frozenset({MANIFEST, README, *definition.tasks}), MANIFEST, KEY)
    with kind.writing(out, overwrite=overwrite) as partial:
        built = []
        files: dict[str, Any] = {}
        for done, (task, split) in enumerate(splits):
            progress("export", done, len(splits))
            built.append(digests_of_split_and_records(suite, task, split))
            for path, facts in _split_files(suite, task, split, partial / task / split, format):
                files[f"{task}/{split}/{path}"] = facts
        require_same(name, frozen, definition, built)
        write_texts({README: readme(definition, selected, format)}, partial)
        about = {"notice": vocabulary.NOTICE, KEY: definition.name, "digest": frozen.digest, "tasks": selected}
        write_manifest(partial, {**about, "format": format, "files": files})
        progress("export", len(splits), len(splits))
    return out.resolve()


def _split_files(suite: BuiltSuite, task: str, split: str, folder: Path, format: str) -> Any:
    """Write one split, and yield each file with its facts."""
    of_task = suite.definition.tasks[task]
    part = PartOfCohort(prepare(suite.shown(task, split)), folder, f"part-00000.{format}")
    for condition in of_task.conditions(split):
        yield from part.write(condition, of_task.seed)
    if of_task.roles[split] in SCORED_ROLES:
        frame, name = _template(suite, task, split), TEMPLATE
    else:
        frame, name = suite.answers(task, split).select("patient", "answer"), ANSWERS
    frame.write_csv(folder / name, quote_style="never")
    yield name, {"rows": frame.height, "bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)}


def _template(suite: BuiltSuite, task: str, split: str) -> pl.DataFrame:
    patients = suite.tables(split)["patients"]["patient"].to_frame()
    requested = suite.definition.tasks[task].conditions(split)
    rows = [(condition.perturbation, condition.severity, condition.replicate) for condition in requested]
    listed = pl.DataFrame(rows, schema={name: COLUMNS[name] for name in KEYS}, orient="row")
    due = listed.join(patients, how="cross", maintain_order="left_right")
    return due.select(*WHERE, predicted=pl.lit(""))


def readme(definition: Definition, tasks: Sequence[str], format: str) -> str:
    """Return the text of the README: the tasks, the files and what to return."""
    title = fill(
        f"{definition.title}. The folder of each task has one folder for each split. Its unperturbed records are in "
        "`records/none/severity-0/replicate-0/`, and the perturbed ones of the test split in "
        "`records/<perturbation>/severity-<1 to 5>/replicate-<number>/`. "
        f"Tables are `part-00000.{format}` files; `patient` is the number of the patient. Days count from onset of the "
        "disease; units are in the names of columns or in a column `unit`; missing values are empty.",
        WIDTH,
        break_on_hyphens=False,
    )
    sections = "\n\n".join(_task_text(definition, name, definition.tasks[name]) for name in tasks)
    return f"""# Records of {definition.name}

{vocabulary.NOTICE}

{title}

Learn from train, choose settings with validation: their right answers are in `answers.csv`, where `undetermined` marks
patients without one. Do not use a scored split for either. Classify each record by itself: do not use the unperturbed
record, or another severity, to classify a perturbed one.

{sections}

## What to return

A folder with one file for each scored split, `<task>/<split>.csv` (or `.parquet`), with one row for each row of its
`{TEMPLATE}`: `patient`, `perturbation`, `severity`, `replicate`, `predicted`, and
optionally a probability `p_<answer>` for each answer. `undetermined` means that you abstain. A task is complete or
left out.

    nephrosyn bench score-suite FOLDER --suite {definition.name} --name NAME --out result.json
"""


def _task_text(definition: Definition, name: str, task: SuiteTask) -> str:
    question = task.question()
    when = "" if task.until_days is None else f" Records hold what came before day {task.until_days} from onset."
    splits = "\n".join(
        f"- `{split}` ({role.replace('_', ' ')}): {definition.splits[split].what}" for split, role in task.roles.items()
    )
    listed = "\n".join(f"- `{perturbation}`: {PERTURBATIONS[perturbation].what}" for perturbation in task.perturbations)
    answers = ", ".join(f"`{answer}`" for answer in question.valid_answers)
    text = f"{task.title}. {question.question}{when} Valid answers: {answers}. {question.scope}"
    return f"""## {name}

{fill(text, WIDTH, break_on_hyphens=False)}

{splits}

Perturbations of `{task.test}`:

{listed}"""


def score_predictions(
    folder: Path, name: str, classifier: str, description: str = "", *, progress: Progress = silent
) -> Result:
    """Return the result of predictions from files.

    Parameters
    ----------
    folder : Path
        With ``<task>/<split>.csv`` or ``.parquet`` for every scored split of one or more tasks.
    name : str
        A shipped suite, or the path of a TOML file.
    classifier : str
        Name on the leaderboard.
    description : str
        A line about the classifier.
    progress : callable
        Called with (stage, done, total).

    Raises
    ------
    BenchError
        If a file is missing or not valid, with every kind of fault of every file.
    """
    require("sklearn")
    definition, frozen = load(name), read_frozen(name)
    problems = _wrong_name(classifier, description)
    files = _files(folder, definition, problems)
    if problems:
        raise BenchError(problems)
    suite = BuiltSuite(definition)
    contents = {place: read_content(path) for place, path in files.items()}
    given = _read_all(suite, files, contents)
    built: list[TaskResult] = []
    tasks: dict[str, dict[str, Evaluation]] = {}
    for done, (task, split) in enumerate(files):
        progress("score", done, len(files))
        built.append(digests_of_split_and_records(suite, task, split))
        tasks.setdefault(task, {})[split] = _evaluated(suite, task, split, given[task, split], classifier)
    for task in tasks:
        of_task = definition.tasks[task]
        built += [digests_of_split_and_records(suite, task, split) for split in (of_task.train, of_task.validation)]
    require_same(name, frozen, definition, built)
    progress("score", len(files), len(files))
    about = ClassifierOfResult(
        name=classifier, kind="predictions", sha256=_digest_of_files(contents), description=description
    )
    return build_result(definition, frozen, about, tasks, {}, None)


def _wrong_name(classifier: str, description: str) -> list[str]:
    problems = []
    if not 1 <= len(classifier) <= 60 or not classifier.strip():
        problems.append(f"--name: expected 1 to 60 characters; found {len(classifier)}")
    if len(description) > 300:
        problems.append(f"--description: expected at most 300 characters; found {len(description)}")
    for option, text in (("--name", classifier), ("--description", description)):
        if wrong := hidden(text):
            problems.append(f"{option}: expected a text without control characters; found {wrong}")
    if classifier in titles():
        problems.append(f"--name {classifier}: the name of a shipped classifier; choose a different name")
    return problems


def _files(folder: Path, definition: Definition, problems: list[str]) -> dict[tuple[str, str], Path]:
    """Return the file of each task and split; add what is missing or not known to the problems."""
    if not folder.is_dir():
        problems.append(f"{folder}: expected a folder with a folder for each task")
        return {}
    tasks = [path.name for path in sorted(folder.iterdir()) if path.is_dir()]
    known = [name for name in definition.tasks if name in tasks]
    if not known:
        problems.append(
            f"{folder}: expected folders of tasks ({', '.join(definition.tasks)}); found {', '.join(tasks) or 'none'}"
        )
    else:
        problems += [
            problem for name in tasks if name not in known for problem in _unknown_task(folder, name, definition)
        ]
    files: dict[tuple[str, str], Path] = {}
    for task in known:
        for split in definition.tasks[task].scored_splits:
            paths = [path for end in PREDICTIONS if (path := folder / task / f"{split}{end}").is_file()]
            if len(paths) == 1:
                files[task, split] = paths[0]
            elif paths:
                problems.append(
                    f"{folder / task}: expected one file for {split}; found {' and '.join(p.name for p in paths)}"
                )
            else:
                problems.append(f"{folder / task / split}.csv: no such file; a task is complete or left out")
    return files


def _unknown_task(folder: Path, name: str, definition: Definition) -> Sequence[str]:
    try:
        definition.selected_tasks([name])
    except BenchError as error:
        return [f"{folder / name}: {problem}" for problem in error.problems]
    return []


def _read_all(
    suite: BuiltSuite, files: Mapping[tuple[str, str], Path], contents: Mapping[tuple[str, str], bytes]
) -> dict[tuple[str, str], pl.DataFrame]:
    """Return the predictions of every file; the faults of all files are reported together."""
    given: dict[tuple[str, str], pl.DataFrame] = {}
    problems: list[str] = []
    for (task, split), path in files.items():
        of_task = suite.definition.tasks[task]
        patients = suite.tables(split)["patients"]["patient"].to_list()
        try:
            given[task, split] = predictions(
                path, of_task.question(), patients, of_task.conditions(split), contents[task, split]
            )
        except BenchError as error:
            problems += error.problems
    if problems:
        raise BenchError(problems)
    return given


def _evaluated(suite: BuiltSuite, task: str, split: str, given: pl.DataFrame, classifier: str) -> Evaluation:
    """Return the scores of predictions, beside those of the definition set."""
    of_task, run = suite.definition.tasks[task], suite.run(task, split)
    requested = of_task.conditions(split)
    baseline = SetClassifier(run.task.definition)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nephrosyn-suite-")))
        setup = Setup(run.task, suite.training(task), 0.0)
        ready, _ = ready_classifiers([baseline], setup, stack, silent)
        of_set = ask_all(run.observed, run.reference, ready, requested, of_task.seed, folder, silent)
    names = (baseline.name, classifier)
    frames = [of_set.with_columns(pl.col("classifier").cast(pl.String).cast(pl.Enum(names)))]
    frames += _with_references(run, given, requested, of_task.seed, names)
    frame = pl.concat(frames, how="diagonal")
    return evaluated(bench_of(run, frame, names, of_task.seed), classifier, of_task.roles[split], suite.definition)


def _with_references(
    run: Run, given: pl.DataFrame, requested: Sequence[Condition], seed: int, names: tuple[str, str]
) -> list[pl.DataFrame]:
    people = run.reference.frame.select("replicate", "patient")

    def under(condition: Condition) -> pl.DataFrame:
        rows = given.filter(
            perturbation=condition.perturbation, severity=condition.severity, replicate=condition.replicate
        ).drop(KEYS)
        return checked_answers(
            rows.with_columns(pl.col("patient").cast(pl.Int32), replicate=pl.lit(0, pl.Int32)), people, run.task
        )

    clean = under(CLEAN_RECORD)
    return [
        with_reference(under(shift.condition), shift, names[1], clean, names)
        for shift in shifts(run.observed, run.reference, requested, seed)
    ]


def _digest_of_files(contents: Mapping[tuple[str, str], bytes]) -> str:
    lines = [
        f"{task}/{split} {hashlib.sha256(contents[task, split]).hexdigest()}\n" for task, split in sorted(contents)
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()

"""Export of perturbed records for a classifier in any language; `predictions` scores what comes back.

``records/<perturbation>/severity-<s>/replicate-<r>/<table>/part-00000.parquet``, ``README.md`` with the question in
words, ``predictions-template.csv`` and, written last, ``manifest.json`` with the rows and SHA-256 of each file. Truth,
labels and the scenario are not exported. Tables that a perturbation leaves unchanged are hard links to those of the
unperturbed record, where the file system supports them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.features.extract import before
from nephrosyn.bench.perturbations import PERTURBATIONS, SEVERITIES, VERSION, Prepared, Record, perturb, prepare
from nephrosyn.bench.perturbations.constants import OF_RECORDS, of_records, unknown
from nephrosyn.bench.perturbations.users import resolved
from nephrosyn.bench.score.conditions import CLEAN, CLEAN_RECORD, MOST_REPLICATES, Condition, conditions
from nephrosyn.bench.task import Task, wrong_days
from nephrosyn.errors import MOST_SEED, BenchError, RunFolderError, wrong_count
from nephrosyn.record.schema import OBSERVED
from nephrosyn.runs import relabel
from nephrosyn.runs.folder import Folder, Format, OutputFolder
from nephrosyn.runs.folder.layout import MANIFEST, reason, sha256, write_manifest
from nephrosyn.runs.folder.output_folder import write_texts
from nephrosyn.runs.folder.part import encoded
from nephrosyn.runs.folder.storage import manifest_entry as facts_of
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved

README = "README.md"
TEMPLATE = "predictions-template.csv"
KEY = "bench_export"
KIND = OutputFolder("an export of the bench", frozenset({MANIFEST, TEMPLATE, README, "records"}), MANIFEST, KEY)
ALL = "all"


def export(
    run_folder: str | Path,
    out: str | Path,
    perturbations: Sequence[str] = (ALL,),
    severities: Sequence[int] = SEVERITIES[1:],
    replicates: int = 1,
    seed: int | None = None,
    format: Format = "parquet",
    *,
    task: Task | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write perturbed records of a run.

    Parameters
    ----------
    run_folder : path
        A finished run of one replicate.
    out : path
        A folder that does not exist yet, or is empty.
    perturbations : sequence of str
        Names of perturbations that change the record, or ``all`` of them. Those of labels and cohort are applied when
        the predictions are scored.
    severities : sequence of int
        1 to 5; the unperturbed record is always written.
    replicates : int
        Number of repeats of the random draws.
    seed : int, optional
        Seed of the perturbations; by default that of the run.
    format : {"parquet", "csv"}
        Format of the tables.
    task : Task, optional
        The question in the README, and the day before which the record is exported; by default the category under the
        first definition set of the run, and the whole record.
    overwrite : bool
        Replace an existing export, never anything else.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BenchError
        If arguments are not valid, with all problems.
    RunFolderError
        If the run cannot be read or the folder cannot be written.
    """
    run, out = Folder(Path(run_folder)), Path(out).resolve()
    seed = run.manifest["seed"] if seed is None else seed
    task = task or Task(relabel.definition(run.manifest, None))
    names = _names(perturbations, severities, replicates, seed, format, run, task)
    requested = conditions(names, sorted(set(severities)), replicates)
    with KIND.writing(out, overwrite=overwrite) as partial:
        files = dict(_records(run, partial, requested, seed, format, task.until_days, progress or silent))
        files[TEMPLATE] = _template(run, partial / TEMPLATE, requested)
        write_texts({README: readme(task, format, requested)}, partial)
        write_manifest(partial, {**_about(run, task, names, severities, replicates, seed, format), "files": files})
    return out


def _names(
    perturbations: Sequence[str],
    severities: Sequence[int],
    replicates: int,
    seed: int,
    format: str,
    run: Folder,
    task: Task,
) -> list[str]:
    """Return the names of the perturbations; raise an error with all problems of the arguments."""
    perturbations, problems = resolved(perturbations)
    problems += [_refusal(name) for name in perturbations if name not in (*of_records(), ALL)]
    if not perturbations:
        problems.append("perturbations: expected at least one name, or all; found none")
    if not severities or set(severities) - set(SEVERITIES[1:]):
        problems.append(f"severities: expected some of 1 to 5; found {', '.join(map(str, severities)) or 'none'}")
    problems += wrong_count("replicates", replicates, 1, MOST_REPLICATES)
    problems += wrong_count("seed", seed, 0, MOST_SEED)
    if format not in ("parquet", "csv"):
        problems.append(f"format: expected parquet or csv; found {format}")
    if run.manifest["replicates"] != 1:
        problems.append(f"{run.path}: expected a run of one replicate; found {run.manifest['replicates']}")
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    problems += wrong_days(task.until_days, task.label_days, scenario.population.follow_up_days)
    if problems:
        raise BenchError(problems)
    return list(OF_RECORDS) if ALL in perturbations else list(dict.fromkeys(perturbations))


def _refusal(name: str) -> str:
    if name in PERTURBATIONS:
        return f"{name} changes {PERTURBATIONS[name].kind}s, not records; it applies to scoring, not to an export"
    return unknown(name)


def _records(
    run: Folder,
    folder: Path,
    requested: Sequence[Condition],
    seed: int,
    format: str,
    until_days: int | None,
    progress: Progress,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write the records part by part; memory holds one part of the cohort under one perturbation."""
    parts = run.parts("patients")
    for number in range(parts):
        part = PartOfCohort(
            prepare(before({name: run.part(name, number) for name in OBSERVED}, until_days)),
            folder,
            f"part-{number:05d}.{format}",
        )
        for done, condition in enumerate(requested):
            progress("export", number * len(requested) + done, parts * len(requested))
            yield from part.write(condition, seed)
    progress("export", parts * len(requested), parts * len(requested))


@dataclass
class PartOfCohort:
    """One part of the cohort, with the manifest entries of its clean tables."""

    clean: Prepared
    folder: Path
    file: str
    untouched: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, condition: Condition, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Write the tables under one condition; the unperturbed record must be written first."""
        record: Record = self.clean
        if condition != CLEAN_RECORD:
            name, severity, replicate = condition.perturbation, condition.severity, condition.replicate
            record, _ = perturb(self.clean, name, severity, seed=seed, replicate=replicate)
        for table in OBSERVED:
            path = f"{place_of(condition)}/{table}/{self.file}"
            if condition != CLEAN_RECORD and record[table] is self.clean[table]:
                _link(self.folder / place_of(CLEAN_RECORD) / table / self.file, self.folder / path)
                yield path, self.untouched[table]
                continue
            facts = _write(self.folder / path, record[table].drop("replicate"), f"{path} of the export")
            if condition == CLEAN_RECORD:
                self.untouched[table] = facts
            yield path, facts


def _write(path: Path, frame: pl.DataFrame, what: str) -> dict[str, Any]:
    content = encoded(frame, path.suffix.removeprefix("."), what)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RunFolderError(f"cannot write {what}: {reason(error)}") from None
    return facts_of(content, frame.height)


def _link(clean: Path, path: Path) -> None:
    """Link a table to that of the unperturbed record, or copy it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(clean, path)
    except OSError:  # the file system does not support links
        shutil.copyfile(clean, path)


def place_of(condition: Condition) -> str:
    """Return the folder of a condition within an export."""
    return f"records/{condition.perturbation}/severity-{condition.severity}/replicate-{condition.replicate}"


def _template(run: Folder, path: Path, requested: Sequence[Condition]) -> dict[str, Any]:
    """Write a row for each prediction that is due, with an empty answer."""
    patients = [run.part("patients", number)["patient"] for number in range(run.parts("patients"))]
    rows = 0
    with path.open("wb") as file:
        for condition in requested:
            for part in patients:
                frame = part.to_frame().with_columns(
                    perturbation=pl.lit(condition.perturbation),
                    severity=condition.severity,
                    replicate=condition.replicate,
                    predicted=pl.lit(""),
                )
                frame.write_csv(file, include_header=rows == 0, quote_style="never")
                rows += frame.height
    return {"rows": rows, "bytes": path.stat().st_size, "sha256": sha256(path)}


def _about(
    run: Folder, task: Task, names: Sequence[str], severities: Sequence[int], replicates: int, seed: int, format: str
) -> dict[str, Any]:
    """Return the manifest without its files; of the run it holds only the digest, which reveals nothing."""
    return {
        "notice": vocabulary.NOTICE,
        KEY: version("nephrosyn"),
        "constants_version": VERSION,
        "run_sha256": sha256(run.path / MANIFEST),
        "patients": run.manifest["patients"],
        "until_days": task.until_days,
        "label_days": task.label_days,
        "perturbations": list(names),
        "severities": sorted(set(severities)),
        "replicates": replicates,
        "seed": seed,
        "format": format,
    }


def readme(task: Task, format: str, requested: Sequence[Condition]) -> str:
    """Return the text of the README: the question, the files, and the predictions to return."""
    names = dict.fromkeys(condition.perturbation for condition in requested if condition != CLEAN_RECORD)
    listed = "\n".join(f"- `{name}`: {PERTURBATIONS[name].what}" for name in names)
    tables = ", ".join(f"`{table}`" for table in OBSERVED)
    answers = ", ".join(f"`{answer}`" for answer in task.valid_answers)
    return f"""# Records for a classifier

{vocabulary.NOTICE}

## The question

{task.question} The records hold {task.seen}. Valid answers: {answers}.
`undetermined` means that you abstain: right answers, wrong answers and
abstentions are three separate shares, and accuracy is also given among the answers.

{task.scope} Patients outside the set have no right answer. They are in the records and need a row each, but your
answer about them is not scored. The same holds for patients who cannot be judged by the set even from their complete
record.

## What is here

`records/{CLEAN}/severity-0/replicate-0/` holds the unperturbed record; each other folder
`records/<perturbation>/severity-<1 to 5>/replicate-<number>/` holds the same patients with errors of one kind in their
record, which get worse with severity. Each holds the tables {tables}, in one or more `part-*.{format}` files;
`patient` is the number of the patient. Days count from onset of the disease; units are in the names of columns or in a
column `unit`; missing values are empty. `manifest.json` has the SHA-256 of every file.

{listed}

## What to return

A CSV or Parquet file with one row for each row of `{TEMPLATE}`: `patient`, `perturbation`, `severity`, `replicate`,
`predicted`, and optionally a probability `p_<answer>` for each answer. Classify each record by itself: do not use the
unperturbed record, or another severity, to classify a perturbed one. Score the file with `nephrosyn bench score` and
the run, whose truth is not in this folder.
"""

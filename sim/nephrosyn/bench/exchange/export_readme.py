"""The README of an export: the question, the files, and the predictions to return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.record.schema import OBSERVED

CLEAN = ("none", 0, 0)
"""Perturbation, severity and replicate of the clean record."""
TEMPLATE = "predictions-template.csv"
Job = tuple[str, int, int]


@dataclass(frozen=True)
class Question:
    """The question asked about the exported records.

    Attributes
    ----------
    words : str
        The question in words.
    answers : tuple of str
        The valid answers.
    scope : str
        The population of the definition set, in words.
    """

    words: str
    answers: tuple[str, ...]
    scope: str


def readme(question: Question, format: str, jobs: Sequence[Job]) -> str:
    """Return the text of the README."""
    names = list(dict.fromkeys(name for name, _, _ in jobs if name != CLEAN[0]))
    listed = "\n".join(f"- `{name}`: {PERTURBATIONS[name].what}" for name in names)
    tables = ", ".join(f"`{table}`" for table in OBSERVED)
    answers = ", ".join(f"`{answer}`" for answer in question.answers)
    return f"""# Records for a classifier

{vocabulary.NOTICE}

## The question

{question.words} Valid answers: {answers}. `undetermined` means that you abstain: right answers, wrong answers and
abstentions are three separate shares, and accuracy is also given among the answers.

About the set: {question.scope} Patients outside the set have no right answer. They are in the records and need a row
each, but your answer about them is not scored. The same holds for patients who cannot be judged by the set even from
their complete record.

## What is here

`records/{CLEAN[0]}/severity-0/replicate-0/` holds the clean record; each other folder
`records/<perturbation>/severity-<1 to 5>/replicate-<number>/` holds the same patients with errors of one kind in their
record, which get worse with severity. Each holds the tables {tables}, in one or more `part-*.{format}` files;
`patient` is the number of the patient. Days count from onset of the disease; units are in the names of columns or in a
column `unit`; missing values are empty. `manifest.json` has the SHA-256 of every file.

{listed}

## What to return

A CSV or Parquet file with one row for each row of `{TEMPLATE}`: `patient`, `perturbation`, `severity`, `replicate`,
`predicted`, and optionally a probability `p_<answer>` for each answer. Classify each record by itself: do not use the
clean record, or another severity, to classify a perturbed one. Score the file with `nephrosyn bench score` and the run,
whose truth is not in this folder.
"""

"""What stands in an export for whoever has to answer: the question, the files, and what to hand back."""

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
    """What is asked of whoever reads the records.

    Attributes
    ----------
    words : str
        The question in plain words.
    answers : tuple of str
        Which answers are understood.
    scope : str
        Whom the definition set is for.
    """

    words: str
    answers: tuple[str, ...]
    scope: str


def readme(question: Question, format: str, asked: Sequence[Job]) -> str:
    """Return the task in plain words."""
    names = list(dict.fromkeys(name for name, _, _ in asked if name != CLEAN[0]))
    listed = "\n".join(f"- `{name}`: {PERTURBATIONS[name].what}" for name in names)
    tables = ", ".join(f"`{table}`" for table in OBSERVED)
    answers = ", ".join(f"`{answer}`" for answer in question.answers)
    return f"""# Records for a classifier

{vocabulary.NOTICE}

## The question

{question.words} Answers that are understood: {answers}. `undetermined` means that you abstain: right and wrong
answers and abstentions are three shares, and accuracy is also given of those answered.

About the set: {question.scope} Patients outside the set have no right answer. They are in the records, and a row is due
for each, but whatever you answer about them is not scored; nor about those who cannot be judged by the set even from
their complete record.

## What is here

`records/{CLEAN[0]}/severity-0/replicate-0/` holds the clean record; each other folder
`records/<perturbation>/severity-<1 to 5>/replicate-<number>/` the same patients with errors of one kind in their
record, the worse the higher the severity. Each holds the tables {tables}, in one or more `part-*.{format}` files;
`patient` says whose a row is. Days count from onset of the disease; units stand in the names of columns or in a column
`unit`; what is missing is empty. `manifest.json` has the SHA-256 of every file.

{listed}

## What to hand back

A CSV or Parquet file with one row for each row of `{TEMPLATE}`: `patient`, `perturbation`, `severity`, `replicate`,
`predicted`, and, if you like, a probability `p_<answer>` for each answer. Judge each record by itself: do not look at
the clean record, or at another severity, to judge a perturbed one. Then `nephrosyn bench score` with that file and the
run, whose truth is not in this folder.
"""

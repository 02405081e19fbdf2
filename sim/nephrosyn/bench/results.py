"""A finished bench: its scores, and the folder in which it is kept."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import __version__, terms
from nephrosyn.bench import resampling, robustness
from nephrosyn.bench.errors import BenchError
from nephrosyn.bench.running import Answers
from nephrosyn.bench.scoring import score
from nephrosyn.cohort import Documents

VALUES, SCORES, ANSWERS, BOARD, PAGE = (
    "bench.json",
    "scores.parquet",
    "predictions.parquet",
    "leaderboard.md",
    "bench.html",
)
FIGURES = ("degradation", "confusion", "slices", "prevalence", "reliability")
FILES = frozenset({VALUES, SCORES, ANSWERS, BOARD, PAGE, *(f"{name}.svg" for name in FIGURES)})
KIND = Documents("a bench of nephrosyn", FILES, VALUES, "classifiers")


@dataclass(frozen=True)
class Bench:
    """What was found.

    Attributes
    ----------
    answers : Answers
        Every answer beside the right one.
    baseline : str
        The classifier that corruption errors are held against.
    """

    answers: Answers
    baseline: str

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Every score, tidy; the columns are those of `scoring.SCHEMA`."""
        run = self.answers.run
        return score(self.answers.frame, run.task, run.groups)

    @cached_property
    def corruption(self) -> pl.DataFrame:
        """Corruption errors by classifier and perturbation."""
        return robustness.corruption_errors(self.scores, self.baseline)

    @cached_property
    def differences(self) -> list[resampling.Difference]:
        """Every pair of classifiers on the same patients."""
        return resampling.compare(self.answers.frame, self.answers.run.task, self.answers.about["seed"])

    @cached_property
    def faults(self) -> pl.DataFrame:
        """What failed: `classifier`, `fault`, `answers` and an example `patient`."""
        wrong = self.answers.frame.filter(pl.col("fault").is_not_null())
        counted = wrong.group_by("classifier", "fault").agg(answers=pl.len(), patient=pl.col("patient").min())
        return counted.sort("classifier", "answers", "fault", descending=[False, True, False])

    @property
    def names(self) -> list[str]:
        """The classifiers, the definition set itself first."""
        return list(self.answers.about["classifiers"])


def finish(answers: Answers, baseline: str | None = None) -> Bench:
    """Return what was found.

    Raises
    ------
    BenchError
        If the baseline is none of the classifiers.
    """
    names = answers.about["classifiers"]
    if baseline is not None and baseline not in names:
        raise BenchError([f"--baseline {baseline}: none of the classifiers {', '.join(names)}"])
    return Bench(answers, baseline or names[0])


def values(found: Bench) -> dict[str, Any]:
    """Return what is kept beside the tables: how it was done, and on whom."""
    run = found.answers.run
    right = run.reference.frame["reference"]
    return {
        "notice": terms.NOTICE,
        "version": __version__,
        **found.answers.about,
        "run": str(run.folder.resolve()),
        "scenario": run.manifest["scenario"]["name"],
        "patients": right.len(),
        "scored": int(right.is_in(run.task.classes).sum()),
        "baseline": found.baseline,
        "faults": [{**row, "classifier": str(row["classifier"])} for row in found.faults.to_dicts()],
    }


def write(found: Bench, folder: Path, *, overwrite: bool = False) -> Path:
    """Write scores, answers, leaderboard and page into a folder that gets its name when all stand.

    Raises
    ------
    RunFolderError
        If the folder is in use.
    """
    from nephrosyn.bench.page import texts

    folder = folder.resolve()
    KIND.check(folder, overwrite=overwrite)
    documents: Mapping[str, str] = {
        **texts(found),
        VALUES: json.dumps(values(found), indent=1, ensure_ascii=False) + "\n",
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
    try:
        partial.chmod(0o755)
        for name, text in documents.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        about = {"notice": terms.NOTICE}
        found.scores.write_parquet(partial / SCORES, metadata=about)
        found.answers.frame.write_parquet(partial / ANSWERS, metadata=about)
        KIND.check(folder, overwrite=overwrite)
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def read(folder: Path) -> tuple[dict[str, Any], pl.DataFrame]:
    """Return what is kept of a bench: how it was done, and every answer.

    Raises
    ------
    BenchError
        If there is no bench.
    """
    try:
        about = json.loads((folder / VALUES).read_text(encoding="utf-8"))
        return about, pl.read_parquet(folder / ANSWERS)
    except (OSError, ValueError, pl.exceptions.PolarsError):
        raise BenchError(
            [f"{folder}: no results of a bench; make them with: nephrosyn bench RUN --out {folder}"]
        ) from None

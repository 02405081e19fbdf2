"""A finished bench as a folder: written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import __version__, vocabulary
from nephrosyn.bench.output.page import texts
from nephrosyn.bench.output.results import ANSWERS, KIND, SCORES, VALUES, Bench
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.score_table import without_score
from nephrosyn.statistics.bootstrap import RESAMPLES

SOFTWARE = ("numpy", "scipy", "polars", "scikit-learn")
"""Packages whose versions are told: answers of a trained classifier may be others under another one."""


def values(bench: Bench) -> dict[str, Any]:
    """Return what is kept beside the tables: how it was done, and on whom."""
    run = bench.answers.run
    right = run.reference.frame["reference"]
    asked = bench.scores.filter(pl.col("perturbation") != CLEAN)
    return {
        "notice": vocabulary.NOTICE,
        "version": __version__,
        **bench.answers.about,
        "without_score": bench.without_score,
        "run": str(run.folder.resolve()),
        "scenario": run.manifest["scenario"]["name"],
        "patients": right.len(),
        **bench.counted,
        "perturbations": asked["perturbation"].cast(pl.String).unique(maintain_order=True).to_list(),
        "severities": asked["severity"].unique().sort().to_list(),
        "baseline": bench.baseline,
        "averages": bench.averages.to_dicts(),
        "resamples": RESAMPLES,
        "software": {name: version(name) for name in SOFTWARE},
        "faults": [{**row, "classifier": str(row["classifier"])} for row in bench.faults.to_dicts()],
    }


def write(bench: Bench, folder: Path, *, overwrite: bool = False) -> Path:
    """Write scores, answers, leaderboard and page into a folder that gets its name when all stand.

    Raises
    ------
    RunFolderError
        If the folder is in use.
    """
    folder = folder.resolve()
    KIND.check(folder, overwrite=overwrite)
    documents: Mapping[str, str] = {
        **texts(bench),
        VALUES: json.dumps(values(bench), indent=1, ensure_ascii=False) + "\n",
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
    try:
        partial.chmod(0o755)
        for name, text in documents.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        about = {"notice": vocabulary.NOTICE}
        scores = pl.concat([bench.scores, without_score(bench.without_score)])
        scores.write_parquet(partial / SCORES, metadata=about)
        bench.outcomes.write_parquet(partial / ANSWERS, metadata=about)
        KIND.check(folder, overwrite=overwrite)
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder

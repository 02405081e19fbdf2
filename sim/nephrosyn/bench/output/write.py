"""Writes a finished bench into a folder."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import __version__, vocabulary
from nephrosyn.bench.output.more_tables import answer_frames, csv_tables, more_values
from nephrosyn.bench.output.page import texts
from nephrosyn.bench.output.results import ANSWERS, DRAWS, KIND, SCORES, VALUES, Bench
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.score_table import without_score
from nephrosyn.runs.folder.output_folder import write_texts
from nephrosyn.statistics.bootstrap import RESAMPLES

SOFTWARE = ("numpy", "scipy", "polars", "scikit-learn")
"""Packages whose versions are stored: the answers of a fitted classifier may depend on them."""


def values(bench: Bench) -> dict[str, Any]:
    """Return the content of `VALUES`: settings, patients, averages and failures."""
    run = bench.answers.run
    right = run.reference.frame["reference"]
    perturbed = bench.scores.filter(pl.col("perturbation") != CLEAN)
    return {
        "notice": vocabulary.NOTICE,
        "version": __version__,
        **bench.answers.about,
        "without_score": bench.without_score,
        "run": str(run.folder.resolve()),
        "scenario": run.manifest["scenario"]["name"],
        "patients": right.len(),
        **bench.counted,
        "perturbations": perturbed["perturbation"].cast(pl.String).unique(maintain_order=True).to_list(),
        "severities": perturbed["severity"].unique().sort().to_list(),
        "baseline": bench.baseline,
        "averages": bench.averages.to_dicts(),
        **more_values(bench),
        **({"uncertainty": bench.draws.as_dict()} if bench.draws else {}),
        "resamples": RESAMPLES,
        "software": {name: version(name) for name in SOFTWARE},
        "faults": [{**row, "classifier": str(row["classifier"])} for row in bench.faults.to_dicts()],
    }


def write(bench: Bench, folder: Path, *, overwrite: bool = False) -> Path:
    """Write scores, answers, leaderboard and page into a folder, which appears only when complete.

    Raises
    ------
    RunFolderError
        If the folder is in use or cannot be written.
    """
    folder = folder.resolve()
    documents = {
        **texts(bench),
        **csv_tables(bench),
        VALUES: json.dumps(values(bench), indent=1, ensure_ascii=False) + "\n",
    }
    about = {"notice": vocabulary.NOTICE}
    with KIND.writing(folder, overwrite=overwrite) as partial:
        write_texts(documents, partial)
        scores = pl.concat([bench.scores, without_score(bench.without_score)])
        scores.write_parquet(partial / SCORES, metadata=about)
        if bench.draws is not None:
            bench.draws.scores.write_parquet(partial / DRAWS, metadata=about)
        for name, frame in answer_frames(bench).items():
            frame.write_parquet(partial / name, metadata=about)
        bench.outcomes.write_parquet(partial / ANSWERS, metadata=about)
    return folder

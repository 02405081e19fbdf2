"""Freeze a suite: its digests, and the results of the reference classifiers with their leaderboard.

``python tools/freeze_suite.py nephro-1`` builds the suite and replaces the digests beside its definition, and the files
in ``docs/leaderboard``. Once a suite is released it is never frozen again: a change is a new suite.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from nephrosyn.bench.suite.benchmark import bench_suite
from nephrosyn.bench.suite.frozen import freeze, frozen_path
from nephrosyn.bench.suite.leaderboard import write_page
from nephrosyn.bench.suite.output import write_results
from nephrosyn.bench.suite.result import SCHEMA, json_schema

LEADERBOARD = Path(__file__).parents[1] / "docs" / "leaderboard"


def main() -> None:
    """Freeze the suite named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite")
    parser.add_argument("--workers", type=int, default=None)
    arguments = parser.parse_args()
    SCHEMA.write_text(json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    frozen = freeze(arguments.suite, workers=arguments.workers)
    print(f"{frozen_path(arguments.suite).name}: {len(frozen.tables)} digests, {frozen.digest}")
    folder = LEADERBOARD / frozen.suite
    if folder.exists():
        shutil.rmtree(folder)
    results = bench_suite(arguments.suite, workers=arguments.workers)
    write_results(results, folder)
    page = LEADERBOARD / f"{frozen.suite}.html"
    page.unlink(missing_ok=True)
    write_page(folder, page)
    print(f"{folder}: {len(results)} results; {page}")


if __name__ == "__main__":
    sys.exit(main())

"""An earlier commit of the package, run beside this one with the same interpreter and libraries."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.commands import Tree

EARLIER_COMMIT = "a09123c"
"""The first commit that had the whole path: two engines, definition sets, Parquet, workers and report."""
ROOT = Path(__file__).parents[1]


@contextmanager
def earlier_tree(commit: str = EARLIER_COMMIT) -> Iterator[Tree | None]:
    """Unpack the package of an earlier commit into a temporary folder.

    Parameters
    ----------
    commit : str
        The commit.

    Yields
    ------
    Tree or None
        Where it is; None if this clone does not have the commit, as a shallow clone or an unpacked archive.
    """
    packed = subprocess.run(
        ["git", "-C", ROOT, "archive", "--format=tar", commit, "sim", "scenarios"], capture_output=True, check=False
    )
    if packed.returncode:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Tree(commit, Path(folder) / "sim", Path(folder) / "cache")

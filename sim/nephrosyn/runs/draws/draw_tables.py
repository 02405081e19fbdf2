"""Runs that keep the labels, tables and truth of every draw.

The kept tables have the names and columns of those of the run, with ``draws/`` before the name. Their column
`replicate` is the number of the draw, which has the random numbers of the replicate of that number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import polars as pl

from nephrosyn.errors import EngineError, RunFolderError, wrong_count
from nephrosyn.record.schema import SCHEMAS, Schema
from nephrosyn.runs.draws.design import DrawnScenarios, in_chunk

PREFIX = "draws/"
TABLES: dict[str, Schema] = {f"{PREFIX}{name}": schema for name, schema in SCHEMAS.items()}
"""Kept tables, and their columns."""
SAMPLE_PATIENTS = 100
"""Patients from whom the size of the tables of all draws is estimated."""
MOST_BYTES = 200 * 10**9
"""Largest size of the kept tables."""
_OF_ONE_COHORT = ("files", "uncertainty", "impossible_patients")


class Source(Protocol):
    """A finished run whose tables are read part by part."""

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Return some parts of a table."""


def check_option(keep: Any, draws: int | None) -> bool:
    """Return whether the tables of draws are kept.

    Raises
    ------
    EngineError
        If it is not true or false, or there are no draws.
    """
    if not isinstance(keep, bool):
        raise EngineError(f"keep_draws: expected true or false; found {keep!r}")
    if keep and draws is None:
        raise EngineError("keep_draws: there are no draws to keep; add --uncertainty N (in Python: uncertainty)")
    return keep


def check_size(draws: int, patients: int, bytes_a_patient: float, room: float, where: str) -> None:
    """Refuse to keep draws that would not fit.

    Parameters
    ----------
    draws, patients : int
        Number of draws, and of patients in each.
    bytes_a_patient : float
        Size of the tables of a patient (bytes), measured in some patients.
    room : float
        Room for them (bytes).
    where : str
        What has this room, for the message.

    Raises
    ------
    RunFolderError
        If they are larger than the room or than `MOST_BYTES`.
    """
    size = draws * patients * bytes_a_patient
    if size <= min(room, MOST_BYTES):
        return
    limit = f"{where} has room for {_text(room)}" if size > room else f"at most {_text(MOST_BYTES)} are kept"
    raise RunFolderError(
        f"keep_draws: the tables of {draws:,} draws of {patients:,} patients take about {_text(size)}, and {limit}; "
        "make --patients or --uncertainty smaller, or leave out --keep-draws (in Python: keep_draws)"
    )


def check_memory(draws: int, patients: int, sample: Mapping[str, pl.DataFrame]) -> None:
    """Refuse to keep draws in memory that would not fit; the sample has the tables of some patients.

    Raises
    ------
    RunFolderError
        If they would not fit.
    """
    from nephrosyn.engine.limits import USABLE_SHARE, memory_bytes

    size = sum(frame.estimated_size() for frame in sample.values()) / max(1, sample["patients"].height)
    check_size(draws, patients, size, USABLE_SHARE * memory_bytes(), "the memory of this machine")


def _text(size: float) -> str:
    return f"{size / 1e9:,.1f} GB ({round(size):,} bytes)"


def name_of(table: str) -> str:
    """Return the name under which a table of the draws is kept."""
    return f"{PREFIX}{table}"


def tables_of_draw(source: Source | Mapping[str, pl.DataFrame], about: Mapping[str, Any], draw: Any) -> Any:
    """Return the tables of one draw, with `replicate` 0 as in a run of their own.

    Parameters
    ----------
    source : Folder, or mapping of str to polars.DataFrame
        The tables of a run, on disk or in memory.
    about : mapping
        The manifest of the run.
    draw : int
        Number of the draw.

    Returns
    -------
    dict of str to polars.DataFrame
        Tables by name, as in a run without draws.

    Raises
    ------
    RunFolderError
        If the run has not kept its draws, or there is no such draw.
    """
    drawn = about.get("uncertainty", {})
    if not drawn.get("kept"):
        what = "kept only the counts of its draws" if drawn else "has no draws"
        raise RunFolderError(
            f"this run {what}; run it with --uncertainty N --keep-draws (in Python: uncertainty, keep_draws=True)"
        )
    if wrong := wrong_count("draw", draw, 0, drawn["draws"] - 1):
        raise RunFolderError(wrong[0])
    chunk = draw // in_chunk(about["part_patients"], drawn["patients"])
    frames = {}
    for name in SCHEMAS:
        frame = source[name_of(name)] if isinstance(source, dict) else source.part(name_of(name), chunk)  # type: ignore[union-attr]
        of_draw = frame.filter(replicate=draw)
        frames[name] = of_draw.with_columns(pl.lit(0, of_draw.schema["replicate"]).alias("replicate"))
    return frames


def manifest_of_draw(about: Mapping[str, Any], draw: int, labels: pl.DataFrame) -> dict[str, Any]:
    """Return the manifest of one draw as of a run of its own.

    Parameters
    ----------
    about : mapping
        The manifest of the run.
    draw : int
        Number of the draw.
    labels : polars.DataFrame
        Its labels; definition sets by which the run was classified later are left out.
    """
    from nephrosyn.scenario import Resolved

    drawn = about["uncertainty"]
    resolved = DrawnScenarios(Resolved.from_dict(about["scenario"]), paired=drawn["paired"], checked=False).of(draw)
    resolved = replace(resolved, scenario=resolved.scenario.model_copy(update={"replicates": 1}))
    names = set(labels["criteria"].unique().to_list())
    sets = {name: entry for name, entry in about["sets"].items() if name in names}
    return {
        **{key: value for key, value in about.items() if key not in _OF_ONE_COHORT},
        "replicates": 1,
        "criteria": [entry["asked"] for entry in sets.values()],
        "sets": sets,
        "digest": resolved.digest(),
        "scenario": resolved.as_dict(),
        "draw": draw,
    }

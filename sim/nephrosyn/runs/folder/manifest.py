"""Read a manifest, and refuse one that is damaged or contradicts itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.draws.counts import TABLES as DRAW_TABLES
from nephrosyn.runs.draws.draw_tables import name_of
from nephrosyn.runs.folder.layout import FILE, LAYOUT, MANIFEST, REPAIR, table_folder
from nephrosyn.scenario import digest_of
from nephrosyn.text_files import UnreadableError, parsed_json

KINDS = {
    "files": dict,
    "scenario": dict,
    "criteria": list,
    "patients": int,
    "replicates": int,
    "seed": int,
}
ENGINES = ("compiled", "simpy")
DRAWS = {"draws": int, "patients": int, "paired": bool, "clustered": bool, "kept": bool, "quantities": list}
OWN_ROWS = ("patients", "follow_up")
"""Tables with one row for each patient."""


def read(content: bytes, where: str) -> dict[str, Any]:
    """Parse a manifest.

    Parameters
    ----------
    content : bytes
        Content of its file.
    where : str
        Path or URL of the run, for messages.

    Raises
    ------
    RunFolderError
        If it is damaged, has another layout, or contradicts its own scenario, definition sets or files.
    """
    try:
        manifest = parsed_json(content)
    except UnreadableError as error:
        raise RunFolderError(f"{where}: {MANIFEST} is damaged ({error}); {REPAIR}") from None
    if not _is_complete(manifest):
        raise RunFolderError(f"{where}: {MANIFEST} is damaged; {REPAIR}")
    if manifest.get("layout") != LAYOUT:
        raise RunFolderError(f"{where} has another layout ({manifest.get('layout')}); make the run again")
    wrong = list(_contradictions(manifest))
    if wrong:
        raise RunFolderError(f"{where}: {MANIFEST} was changed: {'; '.join(wrong)}; {REPAIR}")
    return dict(manifest)


def _is_complete(manifest: Any) -> bool:
    """Whether a manifest has every entry that is read, and names no file outside the run."""
    if not isinstance(manifest, dict) or manifest.get("format") not in ("parquet", "csv"):
        return False
    if not all(isinstance(manifest.get(key), kind) for key, kind in KINDS.items()):
        return False
    if not all(isinstance(name, str) for name in manifest["criteria"]):
        return False
    facts, sets = manifest["files"].values(), manifest.get("sets", {})
    return (
        _has_draws_or_none(manifest)
        and all(FILE.fullmatch(name) for name in manifest["files"])
        and all(isinstance(fact, dict) and _has(fact, rows=int, bytes=int, sha256=str) for fact in facts)
        and isinstance(sets, dict)
        and all(isinstance(entry, dict) and _has(entry, asked=str, sha256=str, text=str) for entry in sets.values())
    )


def _has_draws_or_none(manifest: Mapping[str, Any]) -> bool:
    """Whether the entry of a run with draws is complete; one without draws has none."""
    if "uncertainty" not in manifest:
        return True
    drawn = manifest["uncertainty"]
    if not isinstance(drawn, dict) or not _has(drawn, **DRAWS):
        return False
    of_each = {"keys": list, "kind": str, "law": str, "source": str}
    return drawn["draws"] > 0 and all(isinstance(item, dict) and _has(item, **of_each) for item in drawn["quantities"])


def _has(values: Mapping[str, Any], **kinds: type) -> bool:
    return all(isinstance(values.get(key), kind) for key, kind in kinds.items())


def _contradictions(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield every contradiction; missing entries are none."""
    inner = manifest["scenario"].get("scenario")
    if isinstance(inner, dict):
        yield from _of_scenario(manifest, inner)
    yield from _of_sets(manifest)
    yield from _of_rows(manifest)
    if "uncertainty" in manifest:
        yield from _of_draws(manifest)


def _of_scenario(manifest: Mapping[str, Any], scenario: Mapping[str, Any]) -> Iterator[str]:
    stated, computed = manifest.get("digest"), digest_of(scenario)
    if stated is not None and stated != computed:
        yield f"digest is {stated}, and that of its scenario {computed}"
    for key in ("seed", "patients", "replicates"):
        if manifest[key] != scenario.get(key):
            yield f"{key} is {manifest[key]}, and in its scenario {scenario.get(key)}"
    engine, requested = manifest.get("engine"), scenario.get("engine")
    if engine is not None and (engine not in ENGINES or requested not in (engine, "auto")):
        yield f"engine is {engine}, and its scenario asks for {requested}"


def _of_sets(manifest: Mapping[str, Any]) -> Iterator[str]:
    sets = manifest.get("sets", {})
    for name, entry in sets.items():
        computed = hashlib.sha256(entry["text"].encode("utf-8", "surrogatepass")).hexdigest()
        if entry["sha256"] != computed:
            yield f"sets.{name}.sha256 is {entry['sha256'][:8]}..., and that of its text {computed[:8]}..."
    missing = sorted(set(manifest["criteria"]) - {entry["asked"] for entry in sets.values()})
    if sets and missing:
        yield f"criteria has {', '.join(missing)}, and sets does not"


def _of_rows(manifest: Mapping[str, Any]) -> Iterator[str]:
    people = manifest["patients"] * manifest["replicates"]
    for table in OWN_ROWS:
        rows = [fact["rows"] for name, fact in manifest["files"].items() if name.startswith(f"{table_folder(table)}/")]
        if rows and sum(rows) != people:
            yield f"the files of {table} have {sum(rows):,} rows, and {people:,} patients were simulated"


def _of_draws(manifest: Mapping[str, Any]) -> Iterator[str]:
    draws = manifest["uncertainty"]["draws"]
    for table in DRAW_TABLES:
        rows = _rows(manifest, table)
        if not rows or rows % draws:
            yield f"uncertainty has {draws} draws, and the files of {table} have {rows:,} rows"
    expected = draws * manifest["uncertainty"]["patients"] if manifest["uncertainty"]["kept"] else 0
    for table in map(name_of, OWN_ROWS):
        rows = _rows(manifest, table)
        if rows != expected:
            yield f"the files of {table} have {rows:,} rows, and {expected:,} patients of draws were kept"


def _rows(manifest: Mapping[str, Any], table: str) -> int:
    """Return the rows of all files of a table."""
    folder = f"{table_folder(table)}/"
    return sum(int(fact["rows"]) for name, fact in manifest["files"].items() if name.startswith(folder))

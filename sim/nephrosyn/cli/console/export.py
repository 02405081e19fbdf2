"""What an export wrote."""

from __future__ import annotations

import json
from pathlib import Path

from nephrosyn.cli.console.terminal import say


def exported(folder: Path) -> None:
    """Print the rows that an export wrote, and those that the format has no place for."""
    counts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    for head, key in (("written", "written"), ("not mapped", "left_out"), ("own codes", "local")):
        rows = counts[key]
        say(f"{head:<12}{sum(rows.values()):>14,} rows")
    say(f"{'folder':<12}{folder}; its README.md says what was not mapped")

"""What an export wrote, and how a record that was made elsewhere was classified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn.cli.console.terminal import say
from nephrosyn.vocabulary import CATEGORIES, NOTICE, plain_name

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.explore.page import Explorer
    from nephrosyn.interchange.outside.record import OutsideRecord

COUNTS = {
    "written": "written",
    "left_out": "left out, as the format has no place for them",
    "local": "under codes of nephrosyn's own",
}


def exported(folder: Path) -> None:
    """Print the rows that an export wrote, and those that the format has no place for."""
    counts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    for key, text in COUNTS.items():
        say(f"{sum(counts[key].values()):>12,} rows {text}")
    say()
    say(f"folder  {folder}")
    say(f"read    {folder / 'README.md'}")


def explorer(page: Explorer, file: Path) -> None:
    """Print where a page is, and how to open it."""
    say(f"page    {file}, {file.stat().st_size / 1000:,.0f} kB, works without a network")
    say("open    it in a browser; " + NOTICE)


def outside_labels(record: OutsideRecord, labels: pl.DataFrame, out: Path | None, *, quiet: bool) -> None:
    """Print the categories of patients by each definition set, and write the labels if a file is named."""
    if out is not None:
        from nephrosyn.interchange.outside.record import write_labels

        write_labels(labels, out)
    if quiet:
        return
    for note in record.notes:
        say(f"note: {note}")
    for name in labels["criteria"].unique(maintain_order=True):
        rows = labels.filter(criteria=name)
        say()
        say(f"{name} criteria, {rows.height:,} patients")
        counted = dict(rows.group_by("category").len().iter_rows())
        for category in CATEGORIES:
            if category in counted:
                say(f"{plain_name(category):<34}{counted[category]:>10,}  {counted[category] / rows.height:>6.1%}")
        outside = (~rows["applies"]).sum()
        if outside:
            say(f"{'outside the set by age or lesion':<34}{outside:>10,}  {outside / rows.height:>6.1%}")
        say(f"{'refractory':<34}{rows['refractory'].sum():>10,}  {rows['refractory'].sum() / rows.height:>6.1%}")
    if out is not None:
        say()
        say(f"labels  {out}")

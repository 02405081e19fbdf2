"""Run folders describe themselves: Frictionless Data Package, Croissant and RO-Crate, beside the manifest.

All three are made from the manifest and from `nephrosyn.record.schema`, the one table of names, types, units and
meanings. They hold no date of the run and name no file that the manifest does not; the manifest does not name them.
"""

from __future__ import annotations

from nephrosyn.runs.folder.descriptions.describe import NAMES, describe

__all__ = ["NAMES", "describe"]

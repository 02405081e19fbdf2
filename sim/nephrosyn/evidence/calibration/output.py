"""A calibration as files: scenarios with the fitted values and their sources, the residuals, and the values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nephrosyn import vocabulary
from nephrosyn.evidence.calibration.fit import Calibration, Fitted
from nephrosyn.evidence.validation.page import spelled
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.folder.output_folder import Documents
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.tree import Path as KeyPath
from nephrosyn.scenario.tree import at, dotted, is_law

VALUES = "calibration.json"
DIGITS = 4
NUMBERS = ("number", "setting", "was", "fitted", "95% interval (approximate)")
RESIDUALS = ("figure", "what", "published (95%)", "before", "after", "distance before", "distance after")


NOTE = (
    "The intervals take the figures as independent. Rows of one study are not, so they are somewhat too narrow where "
    "several rows of one study are fitted."
)


def numbers(found: Calibration) -> Table:
    """Return the fitted numbers."""
    rows = [
        (
            one.free.key,
            one.free.setting,
            f"{one.free.start:.{DIGITS}g}",
            f"{one.value:.{DIGITS}g}" + (" (at the end of its range)" if one.at_limit else ""),
            f"{one.low:.3g} to {one.high:.3g}",
        )
        for one in found.fitted
    ]
    return Table("Fitted numbers", NUMBERS, rows)


def residuals(found: Calibration) -> Table:
    """Return the figures before and after."""
    rows = []
    for before, after in zip(found.before, found.after, strict=True):
        one, (low, high) = after.figure, after.interval
        published = f"{spelled(one, after.value)} ({spelled(one, low)} to {spelled(one, high)})"
        seen = (spelled(one, row.simulated.value) for row in (before, after))
        rows.append((one.id, one.quantity, published, *seen, f"{before.distance:+.2f}", f"{after.distance:+.2f}"))
    return Table("Figures before and after", RESIDUALS, rows)


def files(found: Calibration) -> dict[str, str]:
    """Return every file of a calibration, text by name: a scenario for each setting whose numbers were fitted."""
    made = {}
    for setting in dict.fromkeys(one.free.setting for one in found.fitted):
        own = [one for one in found.fitted if one.free.setting == setting]
        made[f"{Path(setting).name.removesuffix('.toml')}-calibrated.toml"] = scenario(found, setting, own)
    body = [
        f"# {found.setting}, calibrated",
        f"> {vocabulary.NOTICE}",
        numbers(found).markdown(),
        residuals(found).markdown(),
        NOTE,
    ]
    values = {**found.as_dict(), "source": found.source}
    return {
        **made,
        "residuals.md": "\n\n".join(body) + "\n",
        VALUES: json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
    }


def scenario(found: Calibration, setting: str, own: Sequence[Fitted]) -> str:
    """Return a scenario that extends a setting and holds its fitted numbers, each with its source."""
    resolved = load(setting)
    tree = resolved.scenario.model_dump(mode="json")
    for one in own:
        _put(tree, one)
    base = str(Path(setting).resolve()) if setting.endswith(".toml") else setting
    lines = [f"extends = {json.dumps(base)}", "", f"title = {json.dumps(resolved.scenario.title + ', calibrated')}"]
    leaves = dict.fromkeys(leaf(tree, one.free.path) for one in own)
    for path in leaves:
        lines += (
            ["", f"[{dotted(path[:-1])}]", f"{path[-1]} = {_toml(at(tree, path))}"]
            if _new(lines, path)
            else [f"{path[-1]} = {_toml(at(tree, path))}"]
        )
    lines += ["", "[sources]"]
    for path in leaves:
        spans = [f"{one.low:.3g} to {one.high:.3g}" for one in own if leaf(tree, one.free.path) == path]
        lines.append(f"# approximate 95% interval: {', '.join(spans)}")
        lines.append(f"{json.dumps(dotted(path))} = {json.dumps(found.source)}")
    return "\n".join(lines) + "\n"


def _new(lines: Sequence[str], path: KeyPath) -> bool:
    """Whether a key needs a table header: its table is not the one that stands last."""
    heads = [line for line in lines if line.startswith("[")]
    return not heads or heads[-1] != f"[{dotted(path[:-1])}]"


def leaf(tree: Any, path: KeyPath) -> KeyPath:
    """Return the path of what is written as one thing: the law around a parameter, or the number itself."""
    return path[:-1] if is_law(at(tree, path[:-1])) else path


def _put(tree: Any, one: Fitted) -> None:
    here = at(tree, one.free.path[:-1])
    here[one.free.path[-1]] = float(f"{one.value:.{DIGITS}g}")


def _toml(value: Any) -> str:
    if is_law(value):
        inner = ", ".join(f"{key} = {json.dumps(part)}" for key, part in value.items())
        return f"{{ {inner} }}"
    return json.dumps(value)


def write(found: Calibration, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a calibration into a folder of its own.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    target = Path(folder)
    _kind(found.setting).write(files(found), target, overwrite=overwrite)
    return target


def check(folder: Path, setting: str, *, overwrite: bool) -> None:
    """Refuse a name that is taken by anything but an empty folder, or a calibration that may be replaced."""
    _kind(setting).check(folder, overwrite=overwrite)


def _kind(setting: str) -> Documents:
    names = {*shipped(), Path(setting).name.removesuffix(".toml")}
    kept = frozenset({VALUES, "residuals.md", *(f"{name}-calibrated.toml" for name in names)})
    return Documents("a calibration of nephrosyn", kept, VALUES, "runs")

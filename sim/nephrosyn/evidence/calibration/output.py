"""Files of a calibration: scenarios with the fitted values and their sources, draws, residuals, all values as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nephrosyn.evidence.calibration.free_parameters import given_parameters
from nephrosyn.evidence.calibration.result import DIGITS, Calibration, FittedParameter
from nephrosyn.evidence.validation.output import value_text, with_interval
from nephrosyn.report.formatting import json_text
from nephrosyn.report.page.frame import plain_markdown
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.folder.output_folder import OutputFolder
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.files.posteriors import rendered
from nephrosyn.scenario.tree import Path as KeyPath
from nephrosyn.scenario.tree import dotted, get, is_distribution

VALUES = "calibration.json"
NUMBERS = ("parameter", "setting", "before", "fitted", "95% interval", "bounded by the estimates")
RESIDUALS = ("estimate", "what", "published (95%)", "before", "fitted", "difference before", "difference fitted")


NOTE = (
    "The intervals treat the estimates as independent. Estimates of one study are not, so the intervals are somewhat "
    "too narrow where several estimates of one study are fitted."
)


def fitted_table(calibration: Calibration) -> Table:
    """Return the table of fitted parameters."""
    rows = [
        (
            fit.parameter.key,
            fit.parameter.setting,
            f"{fit.parameter.start:.{DIGITS}g}",
            f"{fit.value:.{DIGITS}g}" + (" (at the end of its range)" if fit.at_limit else ""),
            f"{fit.low:.3g} to {fit.high:.3g}",
            fit.determined,
        )
        for fit in calibration.fitted
    ]
    return Table("Fitted parameters", NUMBERS, rows)


def residuals(calibration: Calibration) -> Table:
    """Return the table of the estimates before and after the fit."""
    rows = []
    for before, after in zip(calibration.before, calibration.after, strict=True):
        estimate, (low, high) = after.published, after.interval
        values = [value_text(estimate, row.simulated.value) for row in (before, after)]
        distances = [f"{row.distance:+.2f}" for row in (before, after)]
        published = with_interval(estimate, after.value, low, high)
        rows.append((estimate.id, estimate.quantity, published, *values, *distances))
    return Table("Estimates before and after the fit (differences in standard errors)", RESIDUALS, rows)


def sentences(calibration: Calibration) -> list[str]:
    """Return what to know of the search and of the posterior, in sentences."""
    search = (
        "The search for the least sum of squares converged."
        if calibration.converged
        else "The search for the least sum of squares did NOT converge: its rounds ran out. Take the interval, and not "
        "the value; or begin elsewhere with KEY=START."
    )
    others = zip(calibration.fitted, calibration.rival or [], strict=False)
    rival = [f"{fit.column} = {value:.3g}" for fit, value in others]
    flat = [f"Other values fit as well, within the Monte Carlo error: {', '.join(rival)}."] if rival else []
    many = len(calibration.fitted[0].draws)
    posterior = (
        f"The intervals are those of {many} draws of the joint posterior, which are worth "
        f"{calibration.effective_draws:.0f} independent ones. The emulators of the estimates miss simulated values by "
        f"{calibration.emulator_error:.2f} published standard errors, of which {calibration.emulator_uncertainty:.2f} "
        "would vanish with more simulations."
    )
    loose = [fit.column for fit in calibration.fitted if fit.determined != "yes"]
    undetermined = (
        [f"The estimates do not bound {', '.join(loose)} on both sides: the range does, which is an assumption."]
        if loose
        else []
    )
    return [search, *flat, posterior, *undetermined, NOTE]


def files(calibration: Calibration) -> dict[str, str]:
    """Return the text of every file of a calibration by name, with one scenario for each setting that was fitted."""
    scenarios = {}
    for setting in dict.fromkeys(fit.parameter.setting for fit in calibration.fitted):
        fits = [fit for fit in calibration.fitted if fit.parameter.changes(setting)]
        scenarios[f"{_stem(setting)}-calibrated.toml"] = scenario(calibration, setting, fits)
    tables = (fitted_table(calibration).markdown(), residuals(calibration).markdown())
    values = {**calibration.as_dict(), "source": calibration.source}
    return {
        **scenarios,
        _table_name(calibration.setting): rendered(calibration.draws(), DIGITS),
        "residuals.md": plain_markdown(f"{_stem(calibration.setting)}, calibrated", *tables, *sentences(calibration)),
        VALUES: json_text(values, indent=2) + "\n",
    }


def _stem(setting: str) -> str:
    return Path(setting).name.removesuffix(".toml")


def _table_name(setting: str) -> str:
    """Return the name of the file with the draws."""
    return f"{_stem(setting)}-posterior.csv"


def scenario(calibration: Calibration, setting: str, fits: Sequence[FittedParameter]) -> str:
    """Return the TOML of a scenario that extends a setting and sets its fitted values, each with source and draws."""
    resolved = load(setting)
    tree = resolved.scenario.model_dump(mode="json")
    for fit in fits:
        _put(tree, fit)
    base = str(Path(setting).resolve()) if setting.endswith(".toml") else setting
    lines = [f"extends = {json.dumps(base)}", "", f"title = {json.dumps(resolved.scenario.title + ', calibrated')}"]
    leaves = dict.fromkeys(leaf(tree, fit.parameter.path) for fit in fits)
    for path in leaves:
        lines += (
            ["", f"[{dotted(path[:-1])}]", f"{path[-1]} = {_toml(get(tree, path))}"]
            if _new(lines, path)
            else [f"{path[-1]} = {_toml(get(tree, path))}"]
        )
    lines += ["", "[sources]", *(f"{json.dumps(dotted(path))} = {json.dumps(calibration.source)}" for path in leaves)]
    columns = [*(fit.column for fit in fits), *(name for name in calibration.given if _belongs(name, setting, fits))]
    entries = [entry(column, _table_name(calibration.setting)) for column in columns]
    return "\n".join([*lines, "", "[uncertainty]", *entries]) + "\n"


def _belongs(column: str, setting: str, fits: Sequence[FittedParameter]) -> bool:
    """Whether a setting has its number from the setting of a column, and it was not fitted."""
    earlier = given_parameters({column: [0.0]}, [setting], [fit.parameter for fit in fits])
    return bool(earlier)


def entry(column: str, table: str) -> str:
    """Return the line of ``[uncertainty]`` for a column of a table of draws, ``setting:key``."""
    key = column.rpartition(":")[2]
    return f"{json.dumps(key)} = {{ posterior = {json.dumps(table)}, column = {json.dumps(column)} }}"


def _new(lines: Sequence[str], path: KeyPath) -> bool:
    """Whether a key needs a table header, because the last header is that of another table."""
    heads = [line for line in lines if line.startswith("[")]
    return not heads or heads[-1] != f"[{dotted(path[:-1])}]"


def leaf(tree: Any, path: KeyPath) -> KeyPath:
    """Return the path of the value to write: the distribution that a number belongs to, or the number itself."""
    return path[:-1] if is_distribution(get(tree, path[:-1])) else path


def _put(tree: Any, fit: FittedParameter) -> None:
    table = get(tree, fit.parameter.path[:-1])
    table[fit.parameter.path[-1]] = float(f"{fit.value:.{DIGITS}g}")


def _toml(value: Any) -> str:
    if is_distribution(value):
        inner = ", ".join(f"{key} = {json.dumps(part)}" for key, part in value.items())
        return f"{{ {inner} }}"
    return json.dumps(value)


def write(calibration: Calibration, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a calibration into a folder of its own.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    target = Path(folder)
    _kind(calibration.setting).write(files(calibration), target, overwrite=overwrite)
    return target


def check(folder: Path, setting: str, *, overwrite: bool) -> None:
    """Check that a folder may be written: it is new, empty, or a calibration that may be replaced.

    Raises
    ------
    RunFolderError
        If it may not.
    """
    _kind(setting).check(folder, overwrite=overwrite)


def _kind(setting: str) -> OutputFolder:
    names = {*shipped(), _stem(setting)}
    scenarios = {f"{name}-calibrated.toml" for name in names}
    documents = frozenset({VALUES, "residuals.md", _table_name(setting), *scenarios})
    return OutputFolder("a calibration of nephrosyn", documents, VALUES, "runs")

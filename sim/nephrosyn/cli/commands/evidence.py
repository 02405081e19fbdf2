"""Verbs that hold the model against evidence: validate, calibrate, sensitivity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephrosyn.cli import console
from nephrosyn.cli.options import Quiet, ScenarioName, Sets

EXIT_FAILED = 1

Patients = Annotated[int | None, typer.Option("--patients", metavar="N", help="Patients in each cohort.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="S", help="Seed of the random numbers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the values as JSON.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what stands there.")]


def _asked(**options: int | None) -> dict[str, int]:
    return {name: value for name, value in options.items() if value is not None}


def validate(
    setting: Annotated[str | None, typer.Option(metavar="NAME", help="Only the figures of one setting.")] = None,
    figure: Annotated[
        str | None, typer.Option(metavar="ID", help="Only one figure, or those of one evidence id.")
    ] = None,
    patients: Patients = None,
    seed: Seed = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes that share the settings; without it, all cores.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write page, values and forest plot.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hold simulated settings against the published figures."""
    from nephrosyn.evidence.validation import comparison
    from nephrosyn.evidence.validation import page as pages

    if out is not None:
        pages.FOLDER.check(out, overwrite=overwrite)
    with console.Progress(quiet) as progress:
        asked = _asked(patients=patients, seed=seed)
        found = comparison.validate(setting, figure, workers=workers, progress=progress, **asked)
    page = None if out is None else pages.write(found, out, overwrite=overwrite)
    if as_json:
        console.say_json(found.json())
    elif not quiet:
        console.validation(found, page)
    if found.failed:
        raise typer.Exit(EXIT_FAILED)


def calibrate(
    setting: Annotated[str, typer.Argument(metavar="SETTING", help="A shipped scenario or a TOML file.")],
    free: Annotated[
        list[str] | None,
        typer.Option(
            "--free", metavar="KEY", help="A number to fit: KEY, SETTING:KEY or either with =START; repeatable."
        ),
    ] = None,
    figures: Annotated[
        list[str] | None, typer.Option("--figures", metavar="ID", help="A figure to fit it to; repeatable.")
    ] = None,
    patients: Patients = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write scenarios, residuals and values.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fit a few numbers of a setting to published figures.

    Never to one third, and never to a row that is kept for validation. Several ids may follow one another with commas.
    """
    from nephrosyn.evidence.calibration import fit, output

    if out is not None:
        output.check(out, setting, overwrite=overwrite)
    asked = _asked(patients=patients, seed=seed)
    with console.Progress(quiet) as progress:
        found = fit.calibrate(setting, _listed(free), _listed(figures), progress=progress, **asked)
    folder = None if out is None else output.write(found, out, overwrite=overwrite)
    if as_json:
        import json

        console.say_json(json.dumps(found.as_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    elif not quiet:
        console.calibration(found, folder)


def sensitivity(
    scenario: ScenarioName,
    criteria: Sets = None,
    patients: Patients = None,
    seed: Seed = None,
    trajectories: Annotated[int | None, typer.Option(metavar="N", help="Trajectories of Morris' screening.")] = None,
    base: Annotated[
        int | None, typer.Option(metavar="N", help="Base of Sobol's sample, a power of 2; 0: none.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables, figure and values.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say which assumptions move the refractory share.

    Needs SALib: the extra `sensitivity`.
    """
    from nephrosyn.evidence.sensitivity import analysis, output

    if out is not None:
        output.FOLDER.check(out, overwrite=overwrite)
    asked = _asked(patients=patients, seed=seed, trajectories=trajectories, base=base)
    with console.Progress(quiet) as progress:
        found = analysis.sensitivity(scenario, criteria, progress=progress, **asked)
    folder = None if out is None else output.write(found, out, overwrite=overwrite)
    if as_json:
        import json

        console.say_json(json.dumps(found.as_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    elif not quiet:
        console.sensitivity(found, folder)


def _listed(texts: list[str] | None) -> list[str]:
    return [part.strip() for text in texts or [] for part in text.split(",") if part.strip()]


def register(app: typer.Typer) -> None:
    """Give the command line these verbs."""
    for verb in (validate, calibrate, sensitivity):
        app.command()(verb)

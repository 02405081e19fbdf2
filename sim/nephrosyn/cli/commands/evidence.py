"""Commands that compare the model with evidence, and show what its answer depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nephrosyn.cli import console
from nephrosyn.cli.console.errors import EXIT_FAILED
from nephrosyn.cli.options import AsJson, Out, Overrides, Quiet, ScenarioName, Sets, listed, local_path

Patients = Annotated[int | None, typer.Option("--patients", metavar="N", help="Number of patients in each cohort.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="S", help="Seed of the random numbers.")]
Uncertainty = Annotated[
    int | None,
    typer.Option(
        "--uncertainty", metavar="N", help="Also give prediction intervals from N draws of the settings' numbers."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier output of this command.")]


def _given(**options: int | None) -> dict[str, int]:
    return {name: value for name, value in options.items() if value is not None}


def validate(
    setting: Annotated[str | None, typer.Option(metavar="NAME", help="Use only the estimates of one setting.")] = None,
    estimate: Annotated[
        str | None, typer.Option(metavar="ID", help="Use only one estimate, or those of one evidence id.")
    ] = None,
    figure: Annotated[str | None, typer.Option(hidden=True, help="Earlier name of --estimate.")] = None,
    patients: Patients = None,
    seed: Seed = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of processes [default: all cores].")
    ] = None,
    uncertainty: Uncertainty = None,
    out: Annotated[
        Path | None,
        typer.Option(parser=local_path, metavar="DIR", help="Write the page, values and forest plot to a folder."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare simulated settings with published estimates."""
    from nephrosyn.evidence.validation import output
    from nephrosyn.evidence.validation.validate import validate as simulate_and_compare

    if out is not None:
        output.FOLDER.check(out, overwrite=overwrite)
    with console.Progress(quiet) as progress:
        options = _given(patients=patients, seed=seed, uncertainty=uncertainty)
        validation = simulate_and_compare(setting, estimate or figure, workers=workers, progress=progress, **options)
    page = None if out is None else output.write(validation, out, overwrite=overwrite)
    if as_json:
        console.say_json(validation.json())
    elif not quiet:
        console.validation(validation, page)
    if validation.failed:
        raise typer.Exit(EXIT_FAILED)


def calibrate(
    setting: Annotated[str, typer.Argument(metavar="SETTING", help="Shipped scenario or TOML file.")],
    free: Annotated[
        list[str] | None,
        typer.Option(
            "--free",
            metavar="KEY",
            help="Key to fit: KEY, SETTING:KEY, or either with =START or =START:LOW:HIGH; repeatable.",
        ),
    ] = None,
    estimates: Annotated[
        list[str] | None, typer.Option("--estimates", metavar="ID", help="Id of an estimate to fit to; repeatable.")
    ] = None,
    figures: Annotated[
        list[str] | None, typer.Option("--figures", hidden=True, help="Earlier name of --estimates.")
    ] = None,
    given: Annotated[
        str | None, typer.Option(metavar="TABLE", help="Draws of numbers that were calibrated before.")
    ] = None,
    patients: Patients = None,
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option(parser=local_path, metavar="DIR", help="Write the scenarios, residuals and values to a folder."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fit a few parameters of a setting to published estimates.

    The share of one third and the estimates reserved for validation are never fitted. Separate several keys or ids with
    commas.
    """
    from nephrosyn.evidence.calibration import fit, output

    if out is not None:
        output.check(out, setting, overwrite=overwrite)
    ids = listed([*(estimates or ()), *(figures or ())])
    options = _given(patients=patients, seed=seed)
    with console.Progress(quiet) as progress:
        calibration = fit.calibrate(setting, listed(free), ids, given=given, progress=progress, **options)
    folder = None if out is None else output.write(calibration, out, overwrite=overwrite)
    if as_json:
        console.say_json(_json(calibration.as_dict()))
    elif not quiet:
        console.calibration(calibration, folder)


def sensitivity(
    scenario: ScenarioName,
    criteria: Sets = None,
    patients: Patients = None,
    seed: Seed = None,
    trajectories: Annotated[int | None, typer.Option(metavar="N", help="Trajectories of the Morris screening.")] = None,
    base: Annotated[
        int | None, typer.Option(metavar="N", help="Base size of the Sobol sample, a power of 2; 0 for none.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(parser=local_path, metavar="DIR", help="Write the tables, figure and values to a folder."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show which assumptions change the refractory share most.

    Requires SALib, installed with the extra `sensitivity`.
    """
    from nephrosyn.evidence.sensitivity import analysis, output

    if out is not None:
        output.FOLDER.check(out, overwrite=overwrite)
    options = _given(patients=patients, seed=seed, trajectories=trajectories, base=base)
    with console.Progress(quiet) as progress:
        result = analysis.sensitivity(scenario, criteria, progress=progress, **options)
    folder = None if out is None else output.write(result, out, overwrite=overwrite)
    if as_json:
        console.say_json(_json(result.as_dict()))
    elif not quiet:
        console.sensitivity(result, folder)


def specifications(
    scenario: ScenarioName,
    criteria: Sets = None,
    years: Annotated[
        str | None, typer.Option("--years", metavar="A,B,...", help="Lengths of follow-up from onset [default: 1,2,5].")
    ] = None,
    overrides: Overrides = None,
    patients: Patients = None,
    seed: Seed = None,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show the share under every combination of choices.

    This is a specification curve. The choices are ages and lesions of the patients, definition set, partial
    remission as response or not, length of follow-up, observed or complete record, and denominator. One cohort is
    simulated.
    """
    import nephrosyn as ns
    from nephrosyn.evidence.specifications import output

    if out is not None:
        output.FOLDER.check(out, overwrite=overwrite)
    options: dict[str, Any] = _given(patients=patients, seed=seed)
    if years is not None:
        options["years"] = listed([years])
    with console.Progress(quiet) as progress:
        curve = ns.specification_curve(
            scenario, criteria=criteria, overrides=overrides or (), progress=progress, **options
        )
    page = None if out is None else curve.write(out, overwrite=overwrite)
    if as_json:
        console.say_json(curve.json())
    elif not quiet:
        console.specifications(curve, page)


def _json(values: dict[str, Any]) -> str:
    import json

    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (validate, calibrate, sensitivity, specifications):
        app.command()(command)

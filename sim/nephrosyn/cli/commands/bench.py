"""Commands of the robustness bench: ``bench RUN``, ``bench export``, ``bench score``, ``bench explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nephrosyn import vocabulary
from nephrosyn.cli import console
from nephrosyn.cli.commands.group import RunFirstGroup
from nephrosyn.cli.options import Format, OneSet, Overwrite, Quiet, RunFolder, listed, local_path

SEVERITY = "1-5"
EXIT_NO_ANSWER = 1
MOST_SEVERE = 5
OUT_SUFFIX = "-bench"


class BenchGroup(RunFirstGroup):
    """The commands of the bench; ``bench RUN`` means ``bench run RUN``."""

    default = "run"


bench = typer.Typer(
    cls=BenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Test classifiers on records with known errors.",
    epilog="`nephrosyn bench RUN` means `nephrosyn bench run RUN`; write ./NAME for a folder named like a command.",
)

Classifiers = Annotated[
    list[str] | None,
    typer.Option(
        "--classifier",
        metavar="NAME|FILE.py:NAME",
        help="Classifier (see `list classifiers`), or your own as FILE.py:NAME or MODULE:NAME; repeatable.",
    ),
]
Perturbations = Annotated[
    list[str] | None,
    typer.Option("--perturbations", metavar="all|NAME", help="Kinds of error, separated by commas; repeatable."),
]
Severity = Annotated[str, typer.Option("--severity", metavar="1-5", help="Severities, e.g. 3, 1-5 or 1,3,5.")]
Replicates = Annotated[
    int, typer.Option("--replicates", metavar="R", help="Number of random replicates of each perturbation.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="S", help="Seed of the perturbations [default: that of the run].")
]
Target = Annotated[str, typer.Option("--target", metavar="category|refractory", help="What classifiers predict.")]
OtherCriteria = Annotated[
    str | None,
    typer.Option(
        "--other-criteria", metavar="NAME", help="Definition set of another clinic, for the perturbation that uses one."
    ),
]
UntilDays = Annotated[
    int | None,
    typer.Option(
        "--until-days",
        metavar="DAY",
        help="Early prediction: classifiers see what was recorded before this day [default: the whole record].",
    ),
]
LabelDays = Annotated[
    int | None,
    typer.Option("--label-days", metavar="DAY", help="Day of the right answer [default: the end of follow-up]."),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline", metavar="NAME", help="Reference classifier of corruption errors [default: the definition set]."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", parser=local_path, metavar="DIR", help="Folder for the results [default: RUN-bench]."),
]


def severities_of(text: str) -> list[int]:
    """Return the severities of an option, as ``3``, ``1-5`` or ``1,3,5``."""
    severities: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            ends = [int(first), int(last)] if dash else [int(first)]
        except ValueError:
            raise typer.BadParameter(f"expected 3, 1-5 or 1,3,5; found {text}", param_hint="--severity") from None
        within = min(ends) >= 1 and max(ends) <= MOST_SEVERE
        severities += range(ends[0], ends[-1] + 1) if within else ends
    return severities


def _days(text: str) -> list[int]:
    try:
        return [int(part) for part in listed([text])]
    except ValueError:
        raise typer.BadParameter(f"expected days such as 30,90,365; found {text}", param_hint="--at-days") from None


def classifier_names(texts: list[str] | None) -> list[str]:
    """Return the classifiers of an option, separated at commas that do not belong to the path of a file."""
    files = [text for text in texts or [] if any(Path(part).is_file() for part in (text, text.rpartition(":")[0]))]
    return [name for text in texts or [] for name in ([text] if text in files else listed([text]))]


def _out(out: Path | None, run: Path, overwrite: bool) -> Path:
    from nephrosyn.bench.output.results import KIND

    folder = out if out is not None else run.resolve().with_name(run.resolve().name + OUT_SUFFIX)
    KIND.check(folder, overwrite=overwrite)
    return folder


@bench.command("run")
def bench_run(
    run: RunFolder,
    classifier: Classifiers = None,
    criteria: OneSet = None,
    target: Target = "category",
    until_days: UntilDays = None,
    label_days: LabelDays = None,
    perturbations: Perturbations = None,
    severity: Severity = SEVERITY,
    replicates: Replicates = 1,
    seed: Seed = None,
    baseline: Baseline = None,
    other_criteria: OtherCriteria = None,
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit", metavar="SECONDS", min=0.1, help="Time limit for one prediction of your own classifier."
        ),
    ] = 10.0,
    training: Annotated[
        int,
        typer.Option(
            "--training", metavar="N", min=50, help="Number of training patients, simulated with another seed."
        ),
    ] = 2000,
    training_cohorts: Annotated[
        int,
        typer.Option("--training-cohorts", metavar="N", help="Fit the classifiers that learn on N training cohorts."),
    ] = 1,
    train_perturbed: Annotated[
        bool,
        typer.Option(
            "--train-perturbed",
            help="Also fit the classifiers that learn on perturbed records and on wrong labels.",
        ),
    ] = False,
    at_days: Annotated[
        str,
        typer.Option("--at-days", metavar="DAYS", help="Also predict on these days of the disease, e.g. 30,90,365."),
    ] = "",
    at_visits: Annotated[bool, typer.Option("--at-visits", help="Also predict at every visit.")] = False,
    uncertainty: Annotated[
        int | None,
        typer.Option(
            "--uncertainty", metavar="N", help="Also score in N draws of the scenario's uncertain numbers, at least 20."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Number of processes for the draws [default: all cores]."),
    ] = None,
    out: Out = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Score classifiers on a run, unperturbed and perturbed."""
    from nephrosyn.bench import run as bench_runs
    from nephrosyn.bench.output import results, write

    folder = _out(out, run, overwrite)
    opened = bench_runs.open_run(
        run,
        criteria,
        target,  # type: ignore[arg-type]
        other_criteria,
        until_days=until_days,
        label_days=label_days,
    )
    with console.Progress(quiet) as progress:
        answers = bench_runs.ask(
            opened,
            classifier_names(classifier),
            listed(perturbations),
            severities_of(severity),
            replicates,
            seed=seed,
            seconds=time_limit,
            training=training,
            uncertainty=uncertainty,
            workers=workers,
            train_perturbed=train_perturbed,
            training_cohorts=training_cohorts,
            at_days=_days(at_days),
            at_visits=at_visits,
            progress=progress,
        )
        finished = results.finish(answers, baseline)
        if uncertainty is not None:
            finished = results.with_draws(finished, progress=progress)
        folder = write.write(finished, folder, overwrite=overwrite)
    announce(finished, folder, quiet)


@bench.command("export")
def bench_export(
    run: RunFolder,
    out: Annotated[Path, typer.Option("--out", parser=local_path, metavar="DIR", help="Folder for the records.")],
    criteria: OneSet = None,
    target: Target = "category",
    until_days: UntilDays = None,
    label_days: LabelDays = None,
    perturbations: Perturbations = None,
    severity: Severity = SEVERITY,
    replicates: Replicates = 1,
    seed: Seed = None,
    format_: Annotated[Format, typer.Option("--format", help="Format of the tables.")] = Format.csv,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Export perturbed records for a classifier in any language.

    The truth and the labels are not exported.
    """
    from nephrosyn.bench.files.export import export
    from nephrosyn.bench.task import Task
    from nephrosyn.runs import relabel
    from nephrosyn.runs.folder import Folder

    manifest = Folder(run).manifest
    task = Task(relabel.definition(manifest, criteria), target, label_days, until_days)  # type: ignore[arg-type]
    with console.Progress(quiet) as progress:
        folder = export(
            run,
            out,
            listed(perturbations) or ["all"],
            severities_of(severity),
            replicates,
            seed,
            format_.value,
            task=task,
            overwrite=overwrite,
            progress=progress,
        )
    if quiet:
        console.say(str(folder))
    else:
        console.say(vocabulary.NOTICE)
        console.say(f"records  {folder}")
        words = ("bench", "score", "PREDICTIONS", "--run", run, "--export", folder)
        console.say(f"next     {console.command_line(*words)}")


@bench.command("score")
def bench_score(
    predictions: Annotated[
        Path, typer.Argument(parser=local_path, metavar="PREDICTIONS", help="Predictions as CSV or Parquet.")
    ],
    run: Annotated[
        Path, typer.Option("--run", parser=local_path, metavar="RUN", help="Run whose records were exported.")
    ],
    export: Annotated[
        Path, typer.Option("--export", parser=local_path, metavar="DIR", help="Export that the predictions are for.")
    ],
    criteria: OneSet = None,
    target: Target = "category",
    baseline: Baseline = None,
    other_criteria: OtherCriteria = None,
    out: Out = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Score predictions for exported records."""
    from nephrosyn.bench import run as bench_runs
    from nephrosyn.bench.files import predictions as files
    from nephrosyn.bench.output import results, write

    folder = _out(out, run, overwrite)
    days = files.export_days(export)
    opened = bench_runs.open_run(run, criteria, target, other_criteria, **days)  # type: ignore[arg-type]
    conditions, seed = files.export_conditions(export, opened)
    with console.Progress(quiet) as progress:
        answers = files.score_file(opened, predictions, conditions, seed=seed, progress=progress)
        finished = results.finish(answers, baseline)
        folder = write.write(finished, folder, overwrite=overwrite)
    announce(finished, folder, quiet)


@bench.command("explain")
def bench_explain(
    patient: Annotated[int, typer.Argument(metavar="PATIENT", help="Number of the patient.")],
    results: Annotated[Path, typer.Option("--results", parser=local_path, metavar="DIR", help="Results of a bench.")],
) -> None:
    """Show which perturbations change predictions for a patient.

    The changes of the record that are enough to do so are listed.
    """
    from nephrosyn.bench.flips.explain import explain

    console.bench_patient(explain(results, patient))


def announce(results: Any, folder: Path, quiet: bool) -> None:
    """Print the results of a bench; the exit code says if no classifier has a score."""
    if quiet:
        console.say(str(folder))
    else:
        console.bench(results, folder)
    if results.nothing_asked:
        for name, reason in results.without_score.items():
            console.complain(f"{name} {reason}")
        raise typer.Exit(EXIT_NO_ANSWER)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(bench, name="bench")

"""The verbs of the robustness bench: ``bench RUN``, ``bench export``, ``bench score``, ``bench explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nephrosyn import vocabulary
from nephrosyn.cli import console
from nephrosyn.cli.options import Format, OneSet, Overwrite, Quiet, RunFolder

SEVERITY = "1-5"
EXIT_NOTHING_ASKED = 1
MOST_SEVERE = 5
OUT_SUFFIX = "-bench"


class BenchGroup(TyperGroup):
    """The verbs of the bench; what is none of them is the folder of a run, and ``run`` is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` before the folder of a run."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help flag, false rather than absent, which spares loading pydantic."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


bench = typer.Typer(
    cls=BenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Hold classifiers against records made worse in known ways.",
    epilog="`nephrosyn bench RUN` means `nephrosyn bench run RUN`; a folder named like a verb is written ./NAME.",
)

Classifiers = Annotated[
    list[str] | None,
    typer.Option(
        "--classifier",
        metavar="NAME|FILE.py:NAME",
        help="See `list classifiers`; or a function or estimator of a file, or MODULE:NAME; repeatable.",
    ),
]
Perturbations = Annotated[
    list[str] | None,
    typer.Option("--perturbations", metavar="all|NAME", help="Kinds of error; repeatable, or with commas."),
]
Severity = Annotated[str, typer.Option("--severity", metavar="1-5", help="Severities, as 3, 1-5 or 1,3,5.")]
Replicates = Annotated[int, typer.Option("--replicates", metavar="R", help="Repeats of the draws.")]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="S", help="Seed of the perturbations [default: of the run].")
]
Target = Annotated[str, typer.Option("--target", metavar="category|refractory", help="What is asked.")]
OtherCriteria = Annotated[
    str | None, typer.Option("--other-criteria", metavar="NAME", help="The definition set of another clinic.")
]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="NAME", help="Corruption errors are held against it [default: the set]."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where results go [default: RUN-bench].")]


def _severities(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            ends = [int(first), int(last)] if dash else [int(first)]
        except ValueError:
            raise typer.BadParameter(f"expected 3, 1-5 or 1,3,5; found {text}", param_hint="--severity") from None
        within = min(ends) >= 1 and max(ends) <= MOST_SEVERE
        found += range(ends[0], ends[-1] + 1) if within else ends
    return found


def _listed(texts: list[str] | None) -> list[str]:
    return [part.strip() for text in texts or [] for part in text.split(",") if part.strip()]


def _classifiers(texts: list[str] | None) -> list[str]:
    """Return the classifiers asked for; a comma parts two, unless it stands in the path of a file."""
    files = [text for text in texts or [] if any(Path(part).is_file() for part in (text, text.rpartition(":")[0]))]
    return [one for text in texts or [] for one in ([text] if text in files else _listed([text]))]


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
    perturbations: Perturbations = None,
    severity: Severity = SEVERITY,
    replicates: Replicates = 1,
    seed: Seed = None,
    baseline: Baseline = None,
    other_criteria: OtherCriteria = None,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", min=0.1, help="For one answer of your own classifier.")
    ] = 10.0,
    training: Annotated[
        int, typer.Option("--training", metavar="N", min=50, help="Patients to learn from, of another seed.")
    ] = 2000,
    out: Out = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Ask classifiers about a run's records, clean and perturbed, and score them."""
    from nephrosyn.bench import run as running
    from nephrosyn.bench.output import results, write

    folder = _out(out, run, overwrite)
    opened = running.open_run(run, criteria, target, other_criteria)  # type: ignore[arg-type]
    with console.Progress(quiet) as progress:
        answers = running.ask(
            opened,
            _classifiers(classifier),
            _listed(perturbations),
            _severities(severity),
            replicates,
            seed=seed,
            seconds=time_limit,
            training=training,
            progress=progress,
        )
        found = results.finish(answers, baseline)
        folder = write.write(found, folder, overwrite=overwrite)
    _announce(found, folder, quiet)


@bench.command("export")
def bench_export(
    run: RunFolder,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the records go.")],
    criteria: OneSet = None,
    target: Target = "category",
    perturbations: Perturbations = None,
    severity: Severity = SEVERITY,
    replicates: Replicates = 1,
    seed: Seed = None,
    format_: Annotated[Format, typer.Option("--format", help="Format of the tables.")] = Format.csv,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Write perturbed records without truth or labels, for a classifier in any language."""
    from nephrosyn.bench.exchange.export import export
    from nephrosyn.bench.exchange.export_readme import Question
    from nephrosyn.bench.task import Task
    from nephrosyn.runs import relabel
    from nephrosyn.runs.folder import Folder

    manifest = Folder(run).manifest
    task = Task(relabel.definition(manifest, criteria), target)  # type: ignore[arg-type]
    with console.Progress(quiet) as progress:
        folder = export(
            run,
            out,
            _listed(perturbations) or ["all"],
            _severities(severity),
            replicates,
            seed,
            format_.value,
            question=Question(task.question, task.words, task.scope),
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
    predictions: Annotated[Path, typer.Argument(metavar="PREDICTIONS", help="CSV or Parquet.")],
    run: Annotated[Path, typer.Option("--run", metavar="RUN", help="The run whose records were exported.")],
    export: Annotated[Path, typer.Option("--export", metavar="DIR", help="The export that was answered.")],
    criteria: OneSet = None,
    target: Target = "category",
    baseline: Baseline = None,
    other_criteria: OtherCriteria = None,
    out: Out = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Score predictions that came back for exported records."""
    from nephrosyn.bench import run as running
    from nephrosyn.bench.exchange import predictions as files
    from nephrosyn.bench.output import results, write

    folder = _out(out, run, overwrite)
    opened = running.open_run(run, criteria, target, other_criteria)  # type: ignore[arg-type]
    asked, seed = files.export_conditions(export, opened)
    with console.Progress(quiet) as progress:
        answers = files.score_file(opened, predictions, asked, seed=seed, progress=progress)
        found = results.finish(answers, baseline)
        folder = write.write(found, folder, overwrite=overwrite)
    _announce(found, folder, quiet)


@bench.command("explain")
def bench_explain(
    patient: Annotated[int, typer.Argument(metavar="PATIENT", help="Number of the patient.")],
    results: Annotated[Path, typer.Option("--results", metavar="DIR", help="The results of a bench.")],
) -> None:
    """Say which perturbations flip one patient, and by which changes."""
    from nephrosyn.bench.flips.explain import explain

    console.bench_patient(explain(results, patient))


def _announce(found: Any, folder: Path, quiet: bool) -> None:
    if quiet:
        console.say(str(folder))
    else:
        console.bench(found, folder)
    if found.nothing_asked:
        for name, reason in found.without_score.items():
            console.complain(f"{name} {reason}")
        raise typer.Exit(EXIT_NOTHING_ASKED)


def register(app: typer.Typer) -> None:
    """Give the command line these verbs."""
    app.add_typer(bench, name="bench")

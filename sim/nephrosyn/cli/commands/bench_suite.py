"""Commands of frozen benchmarks: run, verify, export, score, check and compare results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephrosyn import vocabulary
from nephrosyn.cli import console
from nephrosyn.cli.commands.bench import EXIT_NO_ANSWER, Classifiers, bench, classifier_names
from nephrosyn.cli.options import Format, Overwrite, Quiet, listed, local_path

SuiteName = Annotated[str, typer.Argument(metavar="SUITE", help="Shipped suite (see `list suites`) or TOML file.")]
SuiteOption = Annotated[
    str, typer.Option("--suite", metavar="SUITE", help="Shipped suite (see `list suites`) or TOML file.")
]
MaybeSuite = Annotated[
    str | None,
    typer.Option("--suite", metavar="SUITE", help="Suite that results are about [default: the one that they name]."),
]
Tasks = Annotated[list[str] | None, typer.Option("--task", metavar="NAME", help="Task of the suite; repeatable.")]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes that share the tasks [default: all cores].")
]


@bench.command("suite")
def bench_suite(
    suite: SuiteName,
    classifier: Classifiers = None,
    task: Tasks = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build the records again and compare them with the frozen digests only.")
    ] = False,
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit", metavar="SECONDS", min=0.1, help="Time limit for one prediction of your own classifier."
        ),
    ] = 10.0,
    workers: Workers = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", parser=local_path, metavar="DIR", help="Folder for the results [default: SUITE-results]."
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Run classifiers on a frozen benchmark.

    Without --classifier all shipped classifiers with a reference result run.
    """
    from nephrosyn.bench.suite import benchmark
    from nephrosyn.bench.suite.output import check_folder, write_results

    if verify:
        if classifier or out is not None:
            raise typer.BadParameter("expected neither --classifier nor --out", param_hint="--verify")
        with console.Progress(quiet) as progress:
            verified = benchmark.verify(suite, listed(task), workers=workers, progress=progress)
        if not quiet:
            console.suite_verified(verified)
        return
    folder = out if out is not None else Path(f"{Path(suite).stem}-results")
    check_folder(folder, overwrite=overwrite)
    names = classifier_names(classifier) if classifier else None
    with console.Progress(quiet) as progress:
        results = benchmark.bench_suite(
            suite, names, listed(task), seconds=time_limit, workers=workers, progress=progress
        )
        files = write_results(results, folder, overwrite=overwrite)
    if quiet:
        console.say(str(folder.resolve()))
    else:
        console.suite_results(results, folder)
    if silent := [result for result in results if not result.tasks]:
        for result in silent:
            reasons = dict.fromkeys(result.without_score.values())
            console.complain(f"{result.classifier.name} {'; '.join(reasons)}")
        if len(silent) >= len(files) - 1:
            raise typer.Exit(EXIT_NO_ANSWER)


@bench.command("freeze-suite")
def bench_freeze_suite(
    file: Annotated[Path, typer.Argument(parser=local_path, metavar="FILE", help="Your own suite, a TOML file.")],
    workers: Workers = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Freeze a suite of your own.

    Its digests are written beside its file, so that others can verify it.
    """
    from nephrosyn.bench.suite.frozen import freeze_own

    with console.Progress(quiet) as progress:
        frozen, path = freeze_own(file, workers=workers, overwrite=overwrite, progress=progress)
    if quiet:
        console.say(str(path))
    else:
        console.suite_frozen(frozen, path)


@bench.command("export-suite")
def bench_export_suite(
    suite: SuiteName,
    out: Annotated[Path, typer.Option("--out", parser=local_path, metavar="DIR", help="Folder for the records.")],
    task: Tasks = None,
    format_: Annotated[Format, typer.Option("--format", help="Format of the tables.")] = Format.csv,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Export the records of a suite, for any language."""
    from nephrosyn.bench.suite.exchange import export_suite

    with console.Progress(quiet) as progress:
        folder = export_suite(suite, out, listed(task), format_.value, overwrite=overwrite, progress=progress)
    if quiet:
        console.say(str(folder))
        return
    console.say(vocabulary.NOTICE)
    console.say(f"records  {folder}")
    words = ("bench", "score-suite", "PREDICTIONS", "--suite", suite, "--name", "NAME", "--out", "result.json")
    console.say(f"next     {console.command_line(*words)}")


@bench.command("score-suite")
def bench_score_suite(
    predictions: Annotated[
        Path,
        typer.Argument(
            parser=local_path, metavar="PREDICTIONS", help="Folder with TASK/SPLIT.csv for every scored split."
        ),
    ],
    suite: SuiteOption,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Name of the classifier on the leaderboard.")],
    out: Annotated[Path, typer.Option("--out", parser=local_path, metavar="FILE", help="File for the result.")],
    description: Annotated[
        str, typer.Option("--description", metavar="TEXT", help="A line about the classifier.")
    ] = "",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Score predictions for the records of a suite."""
    from nephrosyn.bench.suite.exchange import score_predictions
    from nephrosyn.bench.suite.output import check_file, write_file

    check_file(out, overwrite=overwrite)
    with console.Progress(quiet) as progress:
        result = score_predictions(predictions, suite, name, description, progress=progress)
    write_file(result.text(), out, overwrite=overwrite)
    if quiet:
        console.say(str(out))
    else:
        console.suite_result(result, out)


@bench.command("submit-check")
def bench_submit_check(
    file: Annotated[Path, typer.Argument(parser=local_path, metavar="FILE", help="Result of a suite.")],
    suite: MaybeSuite = None,
    quiet: Quiet = False,
) -> None:
    """Check a result before it is submitted.

    It must be about the frozen records, complete, and agree with itself.
    """
    from nephrosyn.bench.suite.check import read_result

    result = read_result(file, suite)
    if not quiet:
        console.suite_checked(result, file)


@bench.command("leaderboard")
def bench_leaderboard(
    folder: Annotated[
        Path, typer.Argument(parser=local_path, metavar="FOLDER", help="Folder of results of one suite.")
    ],
    out: Annotated[Path, typer.Option("--out", parser=local_path, metavar="FILE", help="The page.")],
    suite: MaybeSuite = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Write the leaderboard of a folder of results."""
    from nephrosyn.bench.suite.leaderboard import write_page

    results = write_page(folder, out, suite, overwrite=overwrite)
    if quiet:
        console.say(str(out))
    else:
        console.say(vocabulary.NOTICE)
        console.say(f"page  {out}  ({len(results)} results of {results[0].suite.name})")


def register(app: typer.Typer) -> None:
    """Do nothing: the commands belong to the group ``bench``, which is already registered."""

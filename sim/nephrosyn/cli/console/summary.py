"""Lists of shipped files, and the summary of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import command_line, heading, prose, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nephrosyn.api import Cohort
    from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
    from nephrosyn.statistics.proportions import Share


def catalogue(kind: str, titles: dict[str, str]) -> None:
    """Print shipped names with their titles."""
    heading(kind)
    table(("name", "title"), titles.items())


def perturbations() -> None:
    """Print the perturbations: what each does, and its numbers at the severities."""
    from nephrosyn.bench.perturbations import PERTURBATIONS
    from nephrosyn.bench.perturbations.users import GROUP
    from nephrosyn.bench.user_objects import installed_objects

    heading("perturbations")
    for name, entry in installed_objects(GROUP).items():
        say(f"{name}: installed, {entry.value}")
    for name, perturbation in PERTURBATIONS.items():
        say(f"{name}: {perturbation.title.lower()} ({perturbation.kind}; {perturbation.mechanism})")
        say(f"  {perturbation.what}")
        for constant in perturbation.constants.values():
            if constant.steps:
                say(f"  severity 1 to 5: {', '.join(f'{value:g}' for value in constant.values)} {constant.unit}")


def summary(cohort: Cohort) -> None:
    """Print categories and refractory share by each definition set, and the next commands."""
    about = cohort.manifest
    answers, categories = cohort.answers()
    repeats = f", {about['replicates']} replicates" if about["replicates"] > 1 else ""
    say(f"{about['scenario']['name']}: seed {about['seed']}{repeats}, engine {about['engine']}")
    say(vocabulary.NOTICE)
    for share in answers.refractory:
        if share.view == "observed":
            _classified(share, categories[share.criteria, share.view])
    if (known := cohort.uncertainty) is not None and not all(item.chance_is_known for item in known.sets):
        _one_clinic()
    _hangs_on(cohort)
    _next_commands(cohort)


def _classified(refractory: Refractory, shares: Sequence[Category]) -> None:
    from nephrosyn import vocabulary
    from nephrosyn.report import formatting, text

    def row(name: str, share: Share, met: str = "") -> tuple[str, ...]:
        between = formatting.interval(share.low, share.high)
        return name, formatting.number(share.count), formatting.percent(share.share), between, met

    say()
    heading(f"{refractory.criteria} criteria, observed record, {text.of_whom(refractory)}")
    if not refractory.patients:
        prose(text.headline(refractory))
        return
    rows = [
        row(vocabulary.plain_name(category.category), category.share, text.criteria_met(category))
        for category in shares
    ]
    rows.append(("",) * 5)
    rows += [
        row(name, share) for name, share in (*text.denominators(refractory), *text.undetermined_and_outside(refractory))
    ]
    table(("category", "patients", "share", "95% interval", text.WITH_CRITERIA), rows, right=(1, 2, 3, 4))
    say()
    if known := text.two_intervals(refractory):
        prose(known)
    prose(text.headline(refractory))


def _one_clinic() -> None:
    from nephrosyn.report import text

    say()
    prose(text.ONE_CLINIC)


def _hangs_on(cohort: Cohort) -> None:
    if cohort.uncertainty is not None and (influence := cohort.uncertainty.influence) is not None:
        from nephrosyn.report import influence_text

        prose(f"{influence_text.moved_most(influence)}.")


def _page(cohort: Cohort) -> Path | str | None:
    """Return the page of the report, if there is one; at a URL, if it has just been written."""
    page = cohort.folder / "report.html" if cohort.folder is not None else None
    return page if page is not None and page.is_file() else cohort.answers().summary.page


def _next_commands(cohort: Cohort) -> None:
    from nephrosyn import criteria

    held = cohort.tables.part("labels", 0) if hasattr(cohort.tables, "part") else cohort.labels
    refractory = held.filter("refractory")
    say()
    if page := _page(cohort):
        say(f"report  {page}")
    commands = []
    if refractory.height:
        replicate, patient = refractory.row(0)[:2]
        commands.append(
            ["explain", cohort.location, str(patient), *(["--replicate", str(replicate)] if replicate else [])]
        )
    others = [name for name in criteria.sets() if name not in set(held["criteria"])]
    commands.append(["classify", cohort.location, "--criteria", others[0] if others else "my-set.toml"])
    for label, words in zip(("next", ""), commands, strict=False):
        say(f"{label:<8}{command_line(*words)}")

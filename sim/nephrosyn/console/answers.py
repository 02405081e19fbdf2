"""The answers of the verbs: what is shipped, the result of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nephrosyn import terms
from nephrosyn.console.screen import heading, prose, say, table

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.api import Cohort
    from nephrosyn.report.scope import Defined
    from nephrosyn.report.statistics import Refractory, Share


def catalogue(kind: str, titles: dict[str, str]) -> None:
    """Print shipped names with their titles."""
    heading(kind)
    table(("name", "title"), titles.items())


def summary(cohort: Cohort) -> None:
    """Print the answer of a run: the categories and the refractory share by each definition set, and where to go on."""
    from nephrosyn.report import statistics, summary

    about = cohort.manifest
    defined = summary.defined_by(cohort.labels, about["criteria"], about.get("sets", {}))
    repeats = f", {about['replicates']} replicates" if about["replicates"] > 1 else ""
    say(f"{about['scenario']['name']}: seed {about['seed']}{repeats}, engine {about['engine']}")
    say(terms.NOTICE)
    for found in statistics.refractory(cohort.labels):
        if found.view == "observed":
            _judged(cohort.labels, found, defined[found.criteria])
    _where_to_go_on(cohort)


def _judged(labels: pl.DataFrame, found: Refractory, defined: Defined) -> None:
    from nephrosyn.report import statistics, wording

    def row(name: str, share: Share) -> tuple[str, ...]:
        between = wording.interval(share.low, share.high)
        return name, wording.number(share.count), wording.percent(share.share), between

    say()
    heading(f"{found.criteria} criteria, observed record, {wording.of_whom(found)}")
    if not found.patients:
        prose(wording.headline(found))
        return
    shares = statistics.categories(labels, found.criteria, found.view, defined)
    rows = [row(wording.plain(each.category), each.share) for each in shares]
    rows += [("",) * 4, row("refractory", found.share), row("not judged", found.unjudged)]
    table(("category", "patients", "share", "95% interval"), rows, right=(1, 2, 3))
    say()
    prose(wording.headline(found))


def _where_to_go_on(cohort: Cohort) -> None:
    from nephrosyn import criteria

    assert cohort.folder is not None
    page = cohort.folder / "report.html"
    refractory = cohort.labels.filter("refractory")
    say()
    if page.is_file():
        say(f"report  {page}")
    if refractory.height:
        replicate, patient = refractory.row(0)[:2]
        again = f" --replicate {replicate}" if replicate else ""
        say(f"next    nephrosyn explain {cohort.folder} {patient}{again}")
    others = [name for name in criteria.sets() if name not in set(cohort.labels["criteria"])]
    say(f"        nephrosyn classify {cohort.folder} --criteria {others[0] if others else 'my-set.toml'}")

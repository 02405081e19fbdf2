"""Published beside simulated: every figure with both intervals, how far apart they are, and what that says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nephrosyn import vocabulary
from nephrosyn.errors import RefusalError
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.measures import estimators
from nephrosyn.evidence.measures.estimators import NORMAL, Estimate
from nephrosyn.evidence.published.estimates_table import Figure, figures
from nephrosyn.evidence.simulate_setting import Question, Watch, count, unwatched
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, cores, silent
from nephrosyn.scenario import Scenario, load
from nephrosyn.scenario.counts import MOST_WORKERS, wrong_count
from nephrosyn.scenario.messages import nearest

PATIENTS, SEED = 20_000, 20
Place = Literal["inside", "edge", "outside", "nobody"]


@dataclass(frozen=True)
class Row:
    """One figure: as published, and as simulated."""

    figure: Figure
    simulated: Estimate

    @property
    def value(self) -> float:
        """The published number."""
        assert self.figure.value is not None
        return self.figure.value

    @property
    def interval(self) -> tuple[float, float]:
        """The published 95% interval."""
        assert self.figure.interval is not None
        return self.figure.interval

    @property
    def distance(self) -> float:
        """Simulated less published, in standard errors of the published number on that side of it."""
        low, high = self.interval
        away = self.simulated.value - self.value
        half = high - self.value if away > 0 else self.value - low
        # A figure at the end of its interval (a share of 0) has no width there.
        return away / (half / NORMAL) if half > 0 else math.copysign(math.inf, away) if away else 0.0

    @property
    def place(self) -> Place:
        """Where the simulated number lies.

        ``outside`` only if its whole Monte-Carlo interval lies beyond the published interval: then more patients would
        not bring it back. ``edge`` if the number lies beyond but its interval does not, so that more patients decide.
        ``nobody`` if no simulated patient counts, so that there is no number.
        """
        if math.isnan(self.simulated.value):
            return "nobody"
        low, high = self.interval
        if low <= self.simulated.value <= high:
            return "inside"
        near = self.simulated.high >= low and self.simulated.low <= high
        return "edge" if near else "outside"

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        one = self.figure
        numbers = {
            "value": self.value,
            "low": self.interval[0],
            "high": self.interval[1],
            "simulated": self.simulated.value,
            "simulated_low": self.simulated.low,
            "simulated_high": self.simulated.high,
            "distance": self.distance,
        }
        known = {name: number if math.isfinite(number) else None for name, number in numbers.items()}
        words = {name: getattr(one, name) for name in ("population", "quantity", "kind", "use", "scenario", "against")}
        return {
            "id": one.id, **words, **known, "basis": one.basis, "counted": self.simulated.people, "place": self.place,
            "citation": one.citation, "grade": one.grade,
        }  # fmt: skip


class Validation:
    """Some figures, published and simulated.

    Attributes
    ----------
    rows : list of Row
        In the order of the table of figures.
    patients, seed : int
        Of each simulated cohort.
    """

    def __repr__(self) -> str:
        """How many figures of how many settings, in a line."""
        places = len(settings([row.figure for row in self.rows]))
        return f"<Validation of {len(self.rows)} figures in {places} settings of {self.patients} patients>"

    def _repr_html_(self) -> str:
        """Every figure, published and simulated, for a notebook."""
        rows = [
            (one.id, one.scenario, one.quantity, one.use, _short(row.value), _short(row.simulated.value), row.place)
            for row, one in ((row, row.figure) for row in self.rows)
        ]
        head = ("figure", "setting", "what", "use", "published", "simulated", "")
        return Table(repr(self).strip("<>"), head, rows, words=4).html()

    def __init__(self, rows: Sequence[Row], patients: int, seed: int) -> None:
        self.rows, self.patients, self.seed = list(rows), patients, seed

    def used(self, use: str) -> list[Row]:
        """Return the rows of one use."""
        return [row for row in self.rows if row.figure.use == use]

    def unseen(self) -> list[Row]:
        """Return the validation rows of studies that no number was set to, neither to the row nor to another one."""
        fitted = {one.citation for one in figures() if one.use == "fit"}
        return [row for row in self.used("validation") if row.figure.citation not in fitted]

    def chi_square(self, use: str) -> tuple[float, int]:
        """Return the sum of squared distances of the rows of one use, and how many there are.

        Rows of one study are not independent, and fitted numbers take degrees of freedom from the fit rows, so this is
        a yardstick; it is not put into a test.
        """
        each = [row.distance**2 for row in self.used(use) if math.isfinite(row.distance)]
        return math.fsum(each), len(each)

    @property
    def failed(self) -> list[Row]:
        """The fit rows that lie outside, or have no number."""
        return [row for row in self.used("fit") if row.place in ("outside", "nobody")]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        squares = {use: dict(zip(("chi_square", "rows"), self.chi_square(use), strict=True)) for use in USES}
        return {
            "notice": vocabulary.NOTICE,
            "patients": self.patients,
            "seed": self.seed,
            "chi_square": squares,
            "unseen": [row.figure.id for row in self.unseen()],
            "figures": [row.plain() for row in self.rows],
        }

    def json(self) -> str:
        """Return `as_dict` as text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


USES = ("fit", "validation")


def chosen(setting: str | None, figure: str | None) -> list[Figure]:
    """Return the figures that are simulated, of one setting and of one id.

    Raises
    ------
    RefusalError
        If there is none of that name.
    """
    every = [one for one in figures() if one.use != "none"]
    names = {one.scenario for one in every}
    if setting is not None and setting not in names:
        like = nearest(setting, names)
        raise RefusalError(f"no figure is simulated by setting {setting}; nearest: {like or ', '.join(names)}")
    found = [one for one in every if setting in (None, one.scenario)]
    if figure is None:
        return found
    found = [one for one in found if figure in (one.id, one.evidence)]
    if not found:
        raise RefusalError(_unknown(figure))
    return found


def _unknown(figure: str) -> str:
    for one in figures():
        if figure in (one.id, one.evidence) and one.use == "none":
            return f"figure {figure} is not simulated: {one.note}"
    homes = dict.fromkeys(one.scenario for one in figures() if figure in (one.id, one.evidence))
    if homes:
        return f"figure {figure} is not of this setting; it is simulated by {', '.join(homes)}"
    like = nearest(figure, [one.id for one in figures()])
    return f"no figure {figure}" + (f"; nearest: {like}" if like else "")


def validate(
    setting: str | None = None,
    figure: str | None = None,
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Validation:
    """Simulate the settings of the published figures and hold each figure against what its study would have seen.

    Parameters
    ----------
    setting : str, optional
        Only the figures this scenario imitates.
    figure : str, optional
        Only this figure, or those of this evidence id.
    patients, seed : int
        Of each cohort.
    workers : int, optional
        Processes that share the settings, without it as many as there are cores; the numbers do not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Validation
        A row for each figure.

    Raises
    ------
    RefusalError
        If no figure is simulated under these names.
    """
    check_cohort(patients, seed)
    if workers is not None and (wrong := wrong_count("workers", workers, 1, MOST_WORKERS)):
        raise RefusalError(wrong[0])
    found = chosen(setting, figure)
    workers = min(workers or cores(), len(settings(found)))
    if workers > 1:
        simulated = shared(found, patients, seed, workers, progress or silent)
    else:
        simulated = simulate(found, lambda name: load(name).scenario, patients, seed, progress or silent)
    return Validation([Row(one, simulated[one.id]) for one in found], patients, seed)


def simulate(
    found: Sequence[Figure], scenario: Callable[[str], Scenario], patients: int, seed: int, progress: Progress = silent
) -> dict[str, Estimate]:
    """Return the simulated number of each figure by its id; every scenario is played once.

    Parameters
    ----------
    found : sequence of Figure
        The figures.
    scenario : callable
        From the name of a setting to its scenario.
    patients, seed : int
        Of each cohort.
    progress : callable
        Called with (stage, done, total).
    """
    names = settings(found)
    arms: dict[tuple[str, str], Estimate] = {}
    for place, name in enumerate(names):

        def watch(done: int, before: int = place * patients) -> None:
            progress("simulate", before + done, len(names) * patients)

        arms.update(arm(found, name, scenario(name), patients, seed, watch))
    return whole(found, arms)


def arm(
    found: Sequence[Figure], name: str, scenario: Scenario, patients: int, seed: int, watch: Watch = unwatched
) -> dict[tuple[str, str], Estimate]:
    """Return what the figures that name a setting count in it, by figure and setting."""
    here = [one for one in found if name in (one.scenario, one.against)]
    questions: list[Question] = [(one.measure, one.arguments) for one in here]
    seen = count(scenario, questions, patients, seed, watch)
    return {(one.id, name): each.estimate() for one, each in zip(here, seen, strict=True)}


def whole(found: Sequence[Figure], arms: Mapping[tuple[str, str], Estimate]) -> dict[str, Estimate]:
    """Return the number of each figure by its id, from its arm or both of them."""
    return {one.id: together(one, arms[one.id, one.scenario], arms.get((one.id, one.against))) for one in found}


def together(one: Figure, first: Estimate, other: Estimate | None) -> Estimate:
    """Return the number of a figure from its arm, or from both of them."""
    if other is None:
        return first
    return estimators.ratio(first, other) if one.kind == "ratio" else estimators.difference(first, other)


def settings(found: Iterable[Figure]) -> list[str]:
    """Return the scenarios of figures, of both arms, in order."""
    return list(dict.fromkeys(name for one in found for name in (one.scenario, one.against) if name))


def shared(found: Sequence[Figure], patients: int, seed: int, workers: int, progress: Progress) -> dict[str, Estimate]:
    """Return what `simulate` does of shipped settings, played by several processes."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    names = settings(found)
    arms: dict[tuple[str, str], Estimate] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_one, name, [one.id for one in found], patients, seed) for name in names]
        for done, one in enumerate(as_completed(waiting), 1):
            arms.update(one.result())
            progress("simulate", done * patients, len(names) * patients)
    return whole(found, arms)


def _one(name: str, ids: Sequence[str], patients: int, seed: int) -> dict[tuple[str, str], Estimate]:
    found = [one for one in figures() if one.id in ids]
    return arm(found, name, load(name).scenario, patients, seed)

"""Validation: published and simulated estimates with their intervals, and the distance between them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from nephrosyn import vocabulary
from nephrosyn.errors import MOST_WORKERS, EngineError, EvidenceError, nearest, wrong_count
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.measures import estimators
from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.causes import Cause, cause_of
from nephrosyn.evidence.published.estimates_table import GROUPS, PublishedEstimate, published_estimates
from nephrosyn.evidence.simulate_setting import MeasureCall, OnProgress, count_measures, no_progress
from nephrosyn.evidence.validation.draws import patients_of_draw, simulate_draws
from nephrosyn.evidence.validation.prediction import Coverage, PredictedPlace, Prediction, coverage, predict
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.draws.design import FEWEST_DRAWS, check_draws
from nephrosyn.runs.run import Progress, cores, silent
from nephrosyn.scenario import Scenario, load
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

PATIENTS, SEED = 20_000, 20
Place = Literal["inside", "edge", "outside", "nobody"]
PLACES: tuple[Place, ...] = get_args(Place)


@dataclass(frozen=True)
class Row:
    """One estimate, published and simulated.

    Attributes
    ----------
    published : PublishedEstimate
        The published estimate.
    simulated : Estimate
        The same in the simulated record.
    prediction : Prediction or None
        What draws of the setting's numbers predict, if there were any.
    """

    published: PublishedEstimate
    simulated: Estimate
    prediction: Prediction | None = None

    @property
    def value(self) -> float:
        """The published number."""
        assert self.published.value is not None
        return self.published.value

    @property
    def interval(self) -> tuple[float, float]:
        """The published 95% interval."""
        assert self.published.interval is not None
        return self.published.interval

    @property
    def distance(self) -> float:
        """Simulated minus published, in standard errors of the published number on that side of it."""
        low, high = self.interval
        away = self.simulated.value - self.value
        half = high - self.value if away > 0 else self.value - low
        # An estimate at the end of its interval (a share of 0) has no width there.
        return away / (half / NORMAL_QUANTILE) if half > 0 else math.copysign(math.inf, away) if away else 0.0

    @property
    def place(self) -> Place:
        """Position of the simulated number relative to the published interval.

        ``outside`` if the whole Monte Carlo interval lies beyond the published interval, so that more patients would
        not change it. ``edge`` if only the number lies beyond; more patients would decide. ``nobody`` if no simulated
        patient counts, so that there is no number.
        """
        if math.isnan(self.simulated.value):
            return "nobody"
        low, high = self.interval
        if low <= self.simulated.value <= high:
            return "inside"
        near = self.simulated.high >= low and self.simulated.low <= high
        return "edge" if near else "outside"

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        estimate = self.published
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
        texts = {
            name: getattr(estimate, name)
            for name in ("population", "quantity", "kind", "use", "group", "scenario", "against")
        }
        predicted = {"prediction": self.prediction.as_json()} if self.prediction else {}
        return {
            "id": estimate.id, **texts, **known, "basis": estimate.basis, "counted": self.simulated.people,
            "place": self.place, "citation": estimate.citation, "grade": estimate.grade, **predicted,
        }  # fmt: skip


class Validation:
    """Published estimates compared with simulated ones.

    Attributes
    ----------
    rows : list of Row
        In the order of the table of estimates.
    patients, seed : int
        Size and seed of each simulated cohort.
    draws : int or None
        Draws of the settings' numbers, each with `patients_of_draw` patients.
    """

    def __init__(self, rows: Sequence[Row], patients: int, seed: int, draws: int | None = None) -> None:
        self.rows, self.patients, self.seed, self.draws = list(rows), patients, seed, draws

    def __repr__(self) -> str:
        """The number of estimates, settings and draws, in a line."""
        settings = len(scenario_names([row.published for row in self.rows]))
        drawn = f" and {self.draws} draws" if self.draws else ""
        return f"<Validation of {len(self.rows)} estimates in {settings} settings of {self.patients} patients{drawn}>"

    def _repr_html_(self) -> str:
        """Every estimate, published and simulated, for a notebook."""
        rows = [
            (
                row.published.id,
                row.published.scenario,
                row.published.quantity,
                row.published.use,
                _short(row.value),
                _short(row.simulated.value),
                row.place,
                *((f"{_short(drawn.low)} to {_short(drawn.high)}", drawn.place) if (drawn := row.prediction) else ()),
            )
            for row in self.rows
        ]
        drawn_head = ("prediction interval", "published within it") if self.draws else ()
        head = ("estimate", "setting", "what", "use", "published", "simulated", "within the published interval")
        return Table(repr(self).strip("<>"), (*head, *drawn_head), rows, words=4).html()

    @property
    def patients_of_draw(self) -> int:
        """Patients of each setting in each draw."""
        return patients_of_draw(self.patients)

    def used(self, use: str) -> list[Row]:
        """Return the rows with one use."""
        return [row for row in self.rows if row.published.use == use]

    def unseen(self) -> list[Row]:
        """Return the validation rows of studies that have no fit row."""
        fitted = {estimate.citation for estimate in published_estimates() if estimate.use == "fit"}
        return [row for row in self.used("validation") if row.published.citation not in fitted]

    def coverage(self, use: str) -> dict[str, dict[Place, int]]:
        """Return how many rows with one use lie inside, on the edge and outside, by group, in the order of `GROUPS`."""
        rows = self.used(use)
        present = [group for group in GROUPS if any(row.published.group == group for row in self.rows)]
        return {
            group: {place: sum(row.published.group == group and row.place == place for row in rows) for place in PLACES}
            for group in present
        }

    def prediction_coverage(self, use: str) -> dict[str, dict[PredictedPlace, int]]:
        """Return how many published values with one use lie in and outside their 95% prediction interval, by group."""
        places: tuple[PredictedPlace, ...] = get_args(PredictedPlace)
        drawn = [(row.published.group, row.prediction.place) for row in self.used(use) if row.prediction]
        return {group: {place: drawn.count((group, place)) for place in places} for group in self.coverage(use)}

    def calibration(self, use: str) -> list[Coverage]:
        """Return how many published values with one use lie in prediction intervals of several levels.

        Intervals that hold are too narrow or too wide for no level. For rows used for fitting this is in-sample.
        """
        return coverage(row.prediction for row in self.used(use) if row.prediction)

    def explained(self) -> list[tuple[list[Row], Cause | None]]:
        """Return the rows outside or on the edge of their interval by their cause.

        Rows with the same cause stand together, in the order of the table. Rows outside without a cause come last;
        rows on the edge without one are left out, because more patients would decide.
        """
        together: dict[Cause | None, list[Row]] = {}
        for row in self.rows:
            cause = cause_of().get(row.published.id)
            if row.place == "outside" or (row.place == "edge" and cause):
                together.setdefault(cause, []).append(row)
        unexplained = together.pop(None, [])
        return [*((rows, cause) for cause, rows in together.items()), *([(unexplained, None)] if unexplained else [])]

    def chi_square(self, use: str) -> tuple[float, int]:
        """Return the sum of squared distances of the rows with one use, and the number of rows in it.

        This is a measure of distance, not a test: rows of one study are not independent, and fitted numbers take
        degrees of freedom from the fit rows.
        """
        squares = [row.distance**2 for row in self.used(use) if math.isfinite(row.distance)]
        return math.fsum(squares), len(squares)

    @property
    def failed(self) -> list[Row]:
        """The fit rows that lie outside or have no number."""
        return [row for row in self.used("fit") if row.place in ("outside", "nobody")]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        squares = {use: dict(zip(("chi_square", "rows"), self.chi_square(use), strict=True)) for use in USES}
        causes = [
            {
                "estimates": {row.published.id: row.place for row in rows},
                "part": cause.part if cause else None,
                "text": cause.text if cause else None,
            }
            for rows, cause in self.explained()
        ]
        return {
            "notice": vocabulary.NOTICE,
            "patients": self.patients,
            "seed": self.seed,
            **(self._drawn() if self.draws else {}),
            "chi_square": squares,
            "coverage": {use: self.coverage(use) for use in USES},
            "causes": causes,
            "unseen": [row.published.id for row in self.unseen()],
            "figures": [row.as_json() for row in self.rows],
        }

    def _drawn(self) -> dict[str, Any]:
        """Return the coverage of the prediction intervals as plain values."""
        calibration = {use: [asdict(level) for level in self.calibration(use)] for use in USES}
        for level in (level for levels in calibration.values() for level in levels if not level["of"]):
            level |= {"low": None, "high": None}
        coverages = {use: self.prediction_coverage(use) for use in USES}
        about = {"draws": self.draws, "patients": self.patients_of_draw}
        return {"uncertainty": {**about, "coverage": coverages, "levels": calibration}}

    def json(self) -> str:
        """Return `as_dict` as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


USES = ("fit", "validation")


def select_estimates(setting: str | None, estimate: str | None) -> list[PublishedEstimate]:
    """Return the estimates that are simulated, of one setting and with one id.

    Raises
    ------
    EvidenceError
        If there is none.
    """
    simulated = [candidate for candidate in published_estimates() if candidate.use != "none"]
    names = {candidate.scenario for candidate in simulated}
    if setting is not None and setting not in names:
        like = nearest(setting, names)
        raise EvidenceError(f"no estimate is simulated by setting {setting}; nearest: {like or ', '.join(names)}")
    of_setting = [candidate for candidate in simulated if setting in (None, candidate.scenario)]
    if estimate is None:
        return of_setting
    matching = [candidate for candidate in of_setting if estimate in (candidate.id, candidate.evidence)]
    if not matching:
        raise EvidenceError(_unknown(estimate))
    return matching


def _unknown(estimate: str) -> str:
    matching = [candidate for candidate in published_estimates() if estimate in (candidate.id, candidate.evidence)]
    for candidate in matching:
        if candidate.use == "none":
            return f"estimate {estimate} is not simulated: {candidate.note}"
    if matching:
        scenarios = ", ".join(dict.fromkeys(candidate.scenario for candidate in matching))
        return f"estimate {estimate} is not of this setting; it is simulated by {scenarios}"
    like = nearest(estimate, [candidate.id for candidate in published_estimates()])
    return f"no estimate {estimate}" + (f"; nearest: {like}" if like else "")


def validate(
    setting: str | None = None,
    estimate: str | None = None,
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    workers: int | None = None,
    uncertainty: int | None = None,
    progress: Progress | None = None,
) -> Validation:
    """Simulate the settings of the published estimates and compare each estimate with what its study would have seen.

    Parameters
    ----------
    setting : str, optional
        Only the estimates of this scenario.
    estimate : str, optional
        Only this estimate, or those of this evidence id.
    patients, seed : int
        Size and seed of each cohort.
    workers : int, optional
        Number of processes that share the settings; one per core by default. Results do not depend on it.
    uncertainty : int, optional
        Number of draws of the settings' uncertain numbers, at least 20; then every row has a prediction interval. Each
        draw of a setting has patients of its own, as many as the cohort but at most 500.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Validation
        One row for each estimate.

    Raises
    ------
    EvidenceError
        If no estimate matches these names, or numbers are out of range.
    ScenarioError
        If draws are asked for and no number of a setting is uncertain.
    """
    _check(patients, seed, workers, uncertainty)
    estimates = select_estimates(setting, estimate)
    names, workers, progress = scenario_names(estimates), workers or cores(), progress or silent
    predictions: dict[str, Prediction] = {}
    if uncertainty is not None:
        size = patients_of_draw(patients)
        drawn = simulate_draws(estimates, names, size, seed, uncertainty, workers=workers, progress=progress)
        predictions = predictions_of(estimates, drawn)
    if min(workers, len(names)) > 1:
        simulated = simulate_in_processes(estimates, patients, seed, min(workers, len(names)), progress)
    else:
        simulated = simulate(estimates, lambda name: load(name).scenario, patients, seed, progress)
    rows = [Row(published, simulated[published.id], predictions.get(published.id)) for published in estimates]
    return Validation(rows, patients, seed, uncertainty)


def _check(patients: int, seed: int, workers: int | None, uncertainty: int | None) -> None:
    """Raise an error with every number that is out of range."""
    problems = [] if workers is None else wrong_count("workers", workers, 1, MOST_WORKERS)
    try:
        check_cohort(patients, seed)
    except EvidenceError as error:
        problems.append(str(error))
    try:
        check_draws(FEWEST_DRAWS if uncertainty is None else uncertainty)
    except EngineError as error:
        problems.append(str(error))
    if problems:
        raise EvidenceError("; ".join(problems))


def predictions_of(
    estimates: Sequence[PublishedEstimate], drawn: Mapping[tuple[str, str], Sequence[Estimate]]
) -> dict[str, Prediction]:
    """Return the prediction of each estimate by its id, from its values by id and setting in every draw.

    The two arms of an estimate are combined draw by draw.
    """
    predictions = {}
    for published in estimates:
        firsts = drawn[published.id, published.scenario]
        seconds = drawn[published.id, published.against] if published.against else [None] * len(firsts)
        together = [combine_arms(published, *arms) for arms in zip(firsts, seconds, strict=True)]
        predictions[published.id] = predict(published, together)
    return predictions


def simulate(
    estimates: Sequence[PublishedEstimate],
    scenario: Callable[[str], Scenario],
    patients: int,
    seed: int,
    progress: Progress = silent,
) -> dict[str, Estimate]:
    """Return the simulated value of each estimate by its id; every scenario is simulated once.

    Parameters
    ----------
    estimates : sequence of PublishedEstimate
        What to simulate.
    scenario : callable
        From the name of a setting to its scenario.
    patients, seed : int
        Size and seed of each cohort.
    progress : callable
        Called with (stage, done, total).
    """
    names = scenario_names(estimates)
    arms: dict[tuple[str, str], Estimate] = {}
    for place, name in enumerate(names):

        def on_progress(done: int, before: int = place * patients) -> None:
            progress("simulate", before + done, len(names) * patients)

        arms.update(simulate_arm(estimates, name, scenario(name), patients, seed, on_progress))
    return combine_all(estimates, arms)


def simulate_arm(
    estimates: Sequence[PublishedEstimate],
    name: str,
    scenario: Scenario,
    patients: int,
    seed: int,
    on_progress: OnProgress = no_progress,
) -> dict[tuple[str, str], Estimate]:
    """Simulate one setting and return the values of the estimates that refer to it, by estimate and setting."""
    of_setting = [published for published in estimates if name in (published.scenario, published.against)]
    calls: list[MeasureCall] = [(published.measure, published.arguments) for published in of_setting]
    counts = count_measures(scenario, calls, patients, seed, on_progress)
    return {(published.id, name): counted.estimate() for published, counted in zip(of_setting, counts, strict=True)}


def combine_all(
    estimates: Sequence[PublishedEstimate], arms: Mapping[tuple[str, str], Estimate]
) -> dict[str, Estimate]:
    """Return the simulated value of each estimate by its id, from its arm or from both arms."""
    return {
        published.id: combine_arms(
            published, arms[published.id, published.scenario], arms.get((published.id, published.against))
        )
        for published in estimates
    }


def combine_arms(published: PublishedEstimate, first: Estimate, second: Estimate | None) -> Estimate:
    """Return the simulated value of an estimate: that of its arm, or the ratio or difference of two arms."""
    if second is None:
        return first
    return estimators.ratio(first, second) if published.kind == "ratio" else estimators.difference(first, second)


def scenario_names(estimates: Iterable[PublishedEstimate]) -> list[str]:
    """Return the scenarios of estimates, including those of second arms, in order."""
    return list(
        dict.fromkeys(name for published in estimates for name in (published.scenario, published.against) if name)
    )


def simulate_in_processes(
    estimates: Sequence[PublishedEstimate], patients: int, seed: int, workers: int, progress: Progress
) -> dict[str, Estimate]:
    """Return the same as `simulate` for shipped settings, computed by several processes."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    names = scenario_names(estimates)
    ids = [published.id for published in estimates]
    arms: dict[tuple[str, str], Estimate] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_simulate_named, name, ids, patients, seed) for name in names]
        for done, future in enumerate(as_completed(futures), 1):
            arms.update(future.result())
            progress("simulate", done * patients, len(names) * patients)
    return combine_all(estimates, arms)


def _simulate_named(name: str, ids: Sequence[str], patients: int, seed: int) -> dict[tuple[str, str], Estimate]:
    estimates = [published for published in published_estimates() if published.id in ids]
    return simulate_arm(estimates, name, load(name).scenario, patients, seed)

"""Made-up cohorts for the report: tables of the right shape, with no model behind them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report.findings.verdicts import eligibility

BANDS = ("children", "adults")
WEIGHTS = (0.12, 0.16, 0.12, 0.05, 0.22, 0.22, 0.05, 0.06)
REFRACTORY = set(eligibility.FLAG_OF_CATEGORY)


def people(count, replicates, rng):
    ids = {
        "replicate": np.repeat(np.arange(replicates), count).astype(np.int32),
        "patient": np.tile(np.arange(count), replicates).astype(np.int32),
    }
    size = count * replicates
    biopsied = rng.random(size) < 0.5
    lesions = rng.choice(vocabulary.LESIONS, size, p=[0.5, 0.2, 0.15, 0.06, 0.04, 0.02, 0.03])
    bands = rng.choice(BANDS, size, p=[0.6, 0.4])
    traits = pl.DataFrame({**ids, "lesion": pl.Series(lesions, dtype=pl.Enum(vocabulary.LESIONS))})
    patients = pl.DataFrame(
        {
            **ids,
            "band": bands,
            "sex": pl.Series(rng.choice(vocabulary.SEXES, size), dtype=pl.Enum(vocabulary.SEXES)),
            "age_at_onset_years": np.where(bands == "children", 5.0, 45.0) + rng.random(size),
            "lesion": pl.Series(np.where(biopsied, lesions, None).tolist(), dtype=pl.Enum(vocabulary.LESIONS)),
        }
    )
    return ids, patients, traits


def labels_of(ids, categories, criteria="source", view="observed", flags=vocabulary.FLAGS):
    """Labels from a list of category names, by a set that defines some flags; refractory follows the category.

    ``outside`` is no category: it says that the set is not for this person.
    """
    applies = [name != "outside" for name in categories]
    categories = [name if here else "undetermined" for name, here in zip(categories, applies, strict=True)]
    met = [None if name == "undetermined" else name in REFRACTORY for name in categories]
    columns = {
        flag: [None if m is None or flag not in flags else name == of for name, m in zip(categories, met, strict=True)]
        for flag, of in vocabulary.CATEGORY_OF_FLAG.items()
    }
    return pl.DataFrame(
        {
            "replicate": pl.Series(ids["replicate"], dtype=pl.Int32),
            "patient": pl.Series(ids["patient"], dtype=pl.Int32),
            "criteria": [criteria] * len(categories),
            "view": pl.Series([view] * len(categories), dtype=pl.Enum(vocabulary.VIEWS)),
            "applies": pl.Series(applies, dtype=pl.Boolean),
            "category": pl.Series(categories, dtype=pl.Enum(vocabulary.CATEGORIES)),
            **{name: pl.Series(values, dtype=pl.Boolean) for name, values in columns.items()},
            **{name: pl.Series([None] * len(met), dtype=pl.Boolean) for name in vocabulary.COURSE_FLAGS},
            "refractory": pl.Series(met, dtype=pl.Boolean),
            "refractory_kind": pl.Series([True if m else None for m in met], dtype=pl.Boolean),
            "first_met_days": pl.Series([90 + 7 * (i % 60) if m else None for i, m in enumerate(met)], dtype=pl.Int32),
        }
    )


def label_tables(ids, sets, rng, weights=WEIGHTS):
    frames = []
    weights = (*weights, *[0] * (len(vocabulary.CATEGORIES) - len(weights)))
    for criteria in sets:
        complete = rng.choice(vocabulary.CATEGORIES, len(ids["patient"]), p=weights).tolist()
        lost = rng.random(len(complete)) < 0.15
        observed = ["undetermined" if gone else name for gone, name in zip(lost, complete, strict=True)]
        frames += [labels_of(ids, complete, criteria, "complete"), labels_of(ids, observed, criteria, "observed")]
    both = pl.concat(frames)
    also = (pl.col("resistant") | pl.col("frequent")) & (pl.col("patient") % 3 == 0)
    return both.with_columns(dependent=pl.col("dependent") | also)


def event_table(ids, rng, end):
    rows = []
    for replicate, patient in zip(ids["replicate"].tolist(), ids["patient"].tolist(), strict=True):
        rows.append((replicate, patient, 0.0, "onset", None))
        if rng.random() < 0.15:
            continue
        time = 7 + rng.gamma(2.0, 12.0 + 10 * (patient % 2))
        relapse_rate = rng.gamma(1.0, 1.2)
        while time < end:
            rows.append((replicate, patient, time, "complete_remission", None))
            time += 3 + rng.exponential(365.25 / max(relapse_rate, 1e-3))
            if time < end:
                rows.append((replicate, patient, time, "relapse", None))
                time += 10 + rng.exponential(10)
    schema = {
        "replicate": pl.Int32,
        "patient": pl.Int32,
        "time_days": pl.Float64,
        "event": pl.Enum(vocabulary.EVENTS),
        "value": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def record(ids, rng, end):
    """Visits, readings, diary, doses and conditions of the first patient, enough for one timeline."""
    who = {"replicate": int(ids["replicate"][0]), "patient": int(ids["patient"][0])}
    days = list(range(3, end, 30))
    level = [5.0 if day < 40 or 300 < day < 330 else 0.05 for day in days]
    n = len(days)
    visits = pl.DataFrame(
        {"planned_days": days, "actual_days": [None if i % 9 == 5 else d for i, d in enumerate(days)]}
    )
    visits = visits.with_columns(
        missed=pl.col("actual_days").is_null(), **{k: pl.lit(v, pl.Int32) for k, v in who.items()}
    )
    upcr = pl.DataFrame(
        {
            "taken_days": days,
            "analyte": ["upcr"] * n,
            "value": level,
            "below_limit": [v < 0.06 for v in level],
            "reference_low": [0.0] * n,
        }
    )
    albumin = pl.DataFrame(
        {
            "taken_days": days,
            "analyte": ["albumin"] * n,
            "value": [2.0 if v > 1 else 4.1 for v in level],
            "below_limit": [False] * n,
            "reference_low": [3.5] * n,
        }
    )
    readings = pl.concat([upcr, albumin]).with_columns(**{k: pl.lit(v, pl.Int32) for k, v in who.items()})
    doses = pl.DataFrame(
        {
            "drug": ["prednisone"] * 3,
            "first_days": [3, 45, 120],
            "last_days": [44, 119, 200],
            "dose_mg": [40.0, 40.0, 16.0],
            "schedule": ["daily", "alternate_day", "alternate_day"],
            "mean_mg_per_day": [40.0, 20.0, 8.0],
            "dosing_weight_kg": [20.0] * 3,
        }
    )
    diary = pl.DataFrame(
        {"first_days": [3, 40, 300, 330], "last_days": [39, 299, 329, end], "grade": ["4+", "negative", "3+", "trace"]}
    )
    conditions = pl.DataFrame(
        {"noted_days": [295, 400], "condition": ["infection", "cataract"], "kind": ["infection", "toxicity"]}
    )
    corners = {
        "start_days": [0.0, 20.0, 300.0, 320.0],
        "upcr_start_mg_per_mg": [5.0, 5.0, 0.05, 5.0],
        "log_slope_per_day": [0.0, -0.3, 0.6, -0.3],
        "upcr_target_mg_per_mg": [5.0, 0.05, 5.0, 0.05],
    }
    path = pl.DataFrame(corners)
    named = {
        "visits": visits,
        "readings": readings,
        "doses": doses,
        "diary": diary,
        "conditions": conditions,
        "truth/proteinuria": path,
    }
    return {
        k: v if "patient" in v.columns else v.with_columns(**{c: pl.lit(x, pl.Int32) for c, x in who.items()})
        for k, v in named.items()
    }


def cohort(count=200, replicates=1, seed=1, sets=("made-up",), weights=WEIGHTS, end=730):
    """The tables of a made-up cohort."""
    rng = np.random.default_rng(seed)
    ids, patients, traits = people(count, replicates, rng)
    ends = pl.DataFrame({**ids, "end_days": np.full(count * replicates, end, dtype=np.int32)})
    noted = record(ids, rng, end)
    return {
        "patients": patients,
        "follow_up": ends,
        **noted,
        "truth/doses": noted["doses"],
        "truth/conditions": noted["conditions"],
        "truth/traits": traits,
        "truth/events": event_table(ids, rng, end),
        "truth/follow_up": ends,
        "labels": label_tables(ids, sets, rng, weights),
    }


def resolved(title="A made-up cohort", end=730.0, bands=BANDS):
    """What the report reads of a resolved scenario."""
    population = SimpleNamespace(follow_up_days=end, bands=dict.fromkeys(bands))
    scenario = SimpleNamespace(title=title, description="No model stands behind it.", population=population)
    return SimpleNamespace(name="made-up", scenario=scenario, origins={})


MANIFEST = {"version": "0.0", "seed": 1, "engine": "none"}
ROWS = [
    ("population.follow_up_days", "730", "days", "assumed: two years are enough to look at"),
    ("disease.relapse.rate_per_year", "1.2", "1/year", "A01"),
    ("criteria", "source", "", ""),
]

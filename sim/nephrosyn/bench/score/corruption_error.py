"""Loss of accuracy under perturbation: means over conditions, and errors relative to a baseline.

Means are taken over replicates, then over severities, then over perturbations of the record, with equal weights.
"""

from __future__ import annotations

import polars as pl

from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.score.metrics import ALL, PARTS
from nephrosyn.bench.task import ABSTAINED, FAILED


def corruption_errors(scores: pl.DataFrame, baseline: str) -> pl.DataFrame:
    """Return the corruption error of every classifier and perturbation, and its mean.

    Errors (1 - accuracy) are summed over severities and divided by the same sum of the baseline, as for ImageNet-C
    [1]_.

    Parameters
    ----------
    scores : polars.DataFrame
        From `score_table.score`.
    baseline : str
        Name of a classifier.

    Returns
    -------
    polars.DataFrame
        `classifier`, `perturbation`, `corruption_error`, null where the baseline makes no error; `wrong`, `abstained`
        and `failed`, the parts of the error, means over severities. Rows of perturbation ``all`` hold the mean over the
        perturbations of the record where it is defined, and their number in `perturbations`.

    References
    ----------
    .. [1] Hendrycks D, Dietterich T. Benchmarking neural network robustness to common corruptions and perturbations.
       ICLR 2019.
    """
    errors = (
        _accuracy(scores)
        .filter(pl.col("perturbation") != CLEAN)
        .group_by("classifier", "perturbation", "severity", maintain_order=True)
        .agg(error=1 - pl.col("value").mean())
        .group_by("classifier", "perturbation", maintain_order=True)
        .agg(error=pl.col("error").sum())
    )
    of_baseline = errors.filter(classifier=baseline).select("perturbation", of_baseline="error")
    ratio = pl.when(pl.col("of_baseline") > 0).then(pl.col("error") / pl.col("of_baseline"))
    single = errors.join(of_baseline, on="perturbation", how="left", maintain_order="left")
    single = single.join(_parts(scores), on=["classifier", "perturbation"], how="left", maintain_order="left").select(
        "classifier", "perturbation", *PARTS, corruption_error=ratio, perturbations=pl.lit(1, pl.UInt32)
    )
    mean = (
        counted(single)
        .group_by("classifier", maintain_order=True)
        .agg(
            perturbation=pl.lit(ALL),
            perturbations=pl.col("corruption_error").count(),
            corruption_error=pl.col("corruption_error").mean(),
            **{part: pl.col(part).mean() for part in PARTS},
        )
    )
    return pl.concat([single, mean.select(single.columns)])


def _accuracy(scores: pl.DataFrame) -> pl.DataFrame:
    return scores.filter(slice=ALL, metric="accuracy")


def _parts(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the parts of the error by classifier and perturbation: means over replicates, then over severities."""
    rows = scores.filter(pl.col("metric").is_in(PARTS), slice=ALL, of=ALL)
    keys = ["classifier", "perturbation", "metric", "severity"]
    for by in (keys, keys[:3]):
        rows = rows.group_by(by, maintain_order=True).agg(pl.col("value").mean())
    named = [pl.col("value").filter(pl.col("metric") == part).first().alias(part) for part in PARTS]
    return rows.group_by(keys[:2], maintain_order=True).agg(named)


def means(scores: pl.DataFrame, metric: str) -> dict[str, float | None]:
    """Return the mean of a metric over perturbed records by classifier, where it is defined."""
    rows = counted(scores.filter(slice=ALL, metric=metric, of=ALL))
    by = ["classifier", "perturbation", "severity"]
    for keys in (by, by[:2], by[:1]):
        rows = rows.group_by(keys, maintain_order=True).agg(pl.col("value").mean())
    return dict(zip(rows["classifier"], rows["value"], strict=True))


def clean(scores: pl.DataFrame, metric: str, of: str = ALL) -> dict[str, tuple[float | None, ...]]:
    """Return a metric on the unperturbed record by classifier: value, and ends of its interval."""
    rows = scores.filter(slice=ALL, metric=metric, of=of, perturbation=CLEAN)
    return {row["classifier"]: (row["value"], row["low"], row["high"]) for row in rows.to_dicts()}


def curves(scores: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Return a metric by perturbation and severity, averaged over replicates; severity 0 is the unperturbed record."""
    rows = scores.filter(slice=ALL, metric=metric, of=ALL)
    perturbed = rows.filter(pl.col("perturbation") != CLEAN)
    at_zero = rows.filter(perturbation=CLEAN).select("classifier", "severity", "value")
    starts = perturbed.select("classifier", "perturbation").unique(maintain_order=True).join(at_zero, on="classifier")
    averages = perturbed.group_by("classifier", "perturbation", "severity", maintain_order=True).agg(
        pl.col("value").mean()
    )
    return pl.concat([starts.select(averages.columns), averages]).sort("perturbation", "classifier", "severity")


def latent(frame: pl.DataFrame, traits: pl.DataFrame, refractory: tuple[str, ...]) -> pl.DataFrame:
    """Return the share called refractory on the unperturbed record, by latent response to steroid.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    traits : polars.DataFrame
        `patient` and `response`.
    refractory : tuple of str
        Answers that count as refractory.

    Returns
    -------
    polars.DataFrame
        `classifier` (the reference among them), `response`, `n`, `called`, `abstained`, `failed`.
    """
    rows = frame.filter(perturbation=CLEAN)
    first = rows.filter(pl.col("classifier") == rows["classifier"][0])
    right = first.select("patient", classifier=pl.lit("(reference)"), answer="reference")
    predicted = rows.select("patient", classifier=pl.col("classifier").cast(pl.String), answer="predicted")
    both = pl.concat([right, predicted]).join(traits, on="patient", how="inner")
    answer = pl.col("answer")
    counts = both.group_by("classifier", "response", maintain_order=True).agg(
        n=pl.len(),
        called=answer.is_in(refractory).sum(),
        abstained=(answer == ABSTAINED).sum(),
        failed=(answer == FAILED).sum(),
    )
    return counts.sort("response", maintain_order=True)

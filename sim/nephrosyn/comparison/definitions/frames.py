"""A reclassification as data frames, and as plain values for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from nephrosyn.comparison.definitions import text
from nephrosyn.comparison.definitions.deciding_clauses import Difference, Reason
from nephrosyn.comparison.definitions.draws import Uncertainty
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report import formatting
from nephrosyn.report.findings.verdicts.cross_classification import Moves
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD, Refractory
from nephrosyn.statistics.drawn_estimates import WithNumbers
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import NOTICE

TEXT, COUNT, NUMBER = pl.String, pl.Int64, pl.Float64
WITH_NUMBERS = ("expected", "low_with_numbers", "high_with_numbers", "low_error", "high_error", "numbers_variance")
Rows = Iterable[dict[str, Any]]


def _frame(rows: Rows, schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema).with_columns(pl.col(NUMBER).fill_nan(None))


def _share(share: Share, name: str = "share") -> dict[str, float]:
    return {name: share.share, f"{name}_low": share.low, f"{name}_high": share.high}


def _numbers(*names: str) -> dict[str, Any]:
    return {f"{name}{end}": NUMBER for name in names for end in ("", "_low", "_high")}


def flows(moves: Moves) -> pl.DataFrame:
    """Return patients by category under both sets."""
    rows = (
        {"from": flow.before, "to": flow.after, "patients": flow.of_all.count}
        | _share(flow.of_before, "share_of_from")
        | _share(flow.of_all, "share_of_all")
        for flow in moves.flows
    )
    return _frame(rows, {"from": TEXT, "to": TEXT, "patients": COUNT, **_numbers("share_of_from", "share_of_all")})


def agreement(moves: Moves) -> pl.DataFrame:
    """Return Cohen's kappa by question (category or refractory) and by patients included."""
    rows = (
        {"of": what, "among": who, "patients": kappa.patients, "agree": kappa.observed, "by_chance": kappa.expected,
         "kappa": kappa.value, "standard_error": kappa.error, "low": kappa.low, "high": kappa.high,
         "note": kappa.note or None}
        for (what, who), kappa in moves.kappas.items()
    )  # fmt: skip
    numbers = dict.fromkeys(("agree", "by_chance", "kappa", "standard_error", "low", "high"), NUMBER)
    return _frame(rows, {"of": TEXT, "among": TEXT, "patients": COUNT, **numbers, "note": TEXT})


def moves(reasons: Sequence[Reason]) -> pl.DataFrame:
    """Return the changes of category by the clauses responsible."""
    answers = pl.List(pl.Struct(dict.fromkeys(("clause", "from", "to"), TEXT)))
    schema = {"from": TEXT, "to": TEXT, "because": TEXT, "clauses": answers, "patients": COUNT}
    rows = (
        {"from": reason.before, "to": reason.after, "because": text.because(reason), "patients": reason.share.count}
        | {"clauses": [dict(zip(("clause", "from", "to"), clause, strict=True)) for clause in reason.clauses]}
        | _share(reason.share)
        | {"replicate": reason.replicate, "patient": reason.patient}
        for reason in reasons
    )
    return _frame(rows, {**schema, **_numbers("share"), **dict.fromkeys(PATIENT_KEY, COUNT)})


def clauses(differences: Sequence[Difference]) -> pl.DataFrame:
    """Return the clauses whose answer differs, among patients who change category."""
    rows = (
        {
            "clause": difference.clause,
            "from": difference.before,
            "to": difference.after,
            "patients": difference.share.count,
        }
        | _share(difference.share)
        for difference in differences
    )
    return _frame(rows, {"clause": TEXT, "from": TEXT, "to": TEXT, "patients": COUNT, **_numbers("share")})


def refractory(findings: Findings) -> pl.DataFrame:
    """Return the refractory share of every set compared with one third, at the end and by length of follow-up.

    Shares are among the `patients` of the set. For the two sets compared, at the end of follow-up, the columns
    ``in_both`` hold the share among the patients to whom both may apply; they are null in all other rows.
    """
    rows = [_verdict(refractory_counts, None) for refractory_counts in findings.refractory]
    for row, share in zip(rows, findings.moves.refractory, strict=False):  # the two sets come first
        row |= {"in_both": share.total, "refractory_in_both": share.count, **_share(share, "share_in_both")}
    for curve in findings.shares_over_time.sets.values():
        rows += [_verdict(moment.refractory, moment.days) for moment in curve.moments]
    counts = dict.fromkeys(("follow_up_days", "patients", "outside", "refractory", "not_judged"), COUNT)
    schema = {"criteria": TEXT, **counts}
    both = {"in_both": COUNT, "refractory_in_both": COUNT, **_numbers("share_in_both")}
    return _frame(rows, {**schema, **_numbers("share"), "distance_to_one_third": NUMBER, **both})


def _verdict(verdict: Refractory, days: int | None) -> dict[str, Any]:
    return {
        "criteria": verdict.criteria,
        "follow_up_days": days,
        "patients": verdict.patients,
        "outside": verdict.outside,
        "refractory": verdict.met,
        "not_judged": verdict.unknown,
        **_share(verdict.share),
        "distance_to_one_third": verdict.share.share - ONE_THIRD,
    }


def intervals(uncertainty: Uncertainty | None) -> pl.DataFrame:
    """Return what is estimated with both intervals; no rows without draws."""
    values = ("value", "low", "high", *WITH_NUMBERS)
    rows = (
        {
            **dict(zip(("of", "from", "to"), interval.of, strict=True)),
            "value": interval.value, "low": interval.low, "high": interval.high,
            **dict(zip(WITH_NUMBERS, _with_numbers(interval.numbers), strict=True)),
        }
        for interval in (uncertainty.intervals if uncertainty else [])
    )  # fmt: skip
    return _frame(rows, {**dict.fromkeys(("of", "from", "to"), TEXT), **dict.fromkeys(values, NUMBER)})


def _with_numbers(numbers: WithNumbers | None) -> tuple[float | None, ...]:
    if numbers is None:
        return (None,) * len(WITH_NUMBERS)
    return (numbers.expected, numbers.low, numbers.high, numbers.low_error, numbers.high_error, numbers.numbers)


def patients(findings: Findings) -> pl.DataFrame:
    """Return every patient with category and refractory under both sets, and the clause that decides a change.

    For patients outside a set, `applies` is false and `decided` is null.
    """
    pairs = [("applies", "applies"), ("category", "category"), ("refractory", "refractory"), ("decided", "clause")]
    columns = [pl.col(f"{c}{end}").alias(f"{n}_{side}") for n, c in pairs for side, end in SIDES.items()]
    return findings.patients.select(*PATIENT_KEY, *columns)


SIDES = {"from": "", "to": "_after"}


def as_dict(findings: Findings) -> dict[str, Any]:
    """Return everything except the rows by patient as JSON values; missing values are None."""
    parts = {
        "flows": flows(findings.moves),
        "agreement": agreement(findings.moves),
        "moves": moves(findings.reasons),
        "clauses": clauses(findings.differences),
        "refractory": refractory(findings),
    }
    drawn: dict[str, Any] = {}
    if findings.uncertainty is not None:
        parts["intervals"] = intervals(findings.uncertainty)
        drawn = {"uncertainty": findings.uncertainty.about.as_dict()}
    excluded = findings.moves.excluded
    return {
        "notice": NOTICE,
        "sentence": text.sentence(findings),
        **{key: findings.manifest[key] for key in ("version", "seed", "patients", "replicates")},
        "from": findings.before.name,
        "to": findings.after.name,
        "view": findings.view,
        "compared": findings.moves.patients,
        "left_aside": {
            "patients": excluded.patients,
            "outside_from": excluded.second_only,
            "outside_to": excluded.first_only,
            "outside_both": excluded.neither,
        },
        "moved": findings.moves.moved.count,
        **drawn,
        **{name: frame.to_dicts() for name, frame in parts.items()},
    }


def json_text(findings: Findings) -> str:
    """Return `as_dict` as JSON."""
    return formatting.json_text(as_dict(findings))

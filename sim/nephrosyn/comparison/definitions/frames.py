"""What was found as frames, and as plain values for a program to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from nephrosyn.comparison.definitions import text
from nephrosyn.comparison.definitions.deciding_clauses import Difference, Reason
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.findings.verdicts.cross_classification import Moves
from nephrosyn.report.findings.verdicts.refractory_share import ID, ONE_THIRD, Refractory
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import NOTICE

TEXT, COUNT, NUMBER = pl.String, pl.Int64, pl.Float64
Rows = Iterable[dict[str, Any]]


def _frame(rows: Rows, schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema).with_columns(pl.col(NUMBER).fill_nan(None))


def _share(share: Share, name: str = "share") -> dict[str, float]:
    return {name: share.share, f"{name}_low": share.low, f"{name}_high": share.high}


def _numbers(*names: str) -> dict[str, Any]:
    return {f"{name}{end}": NUMBER for name in names for end in ("", "_low", "_high")}


def flows(found: Moves) -> pl.DataFrame:
    """Return patients by category under either set."""
    rows = (
        {"from": flow.before, "to": flow.after, "patients": flow.of_all.count}
        | _share(flow.of_before, "share_of_from")
        | _share(flow.of_all, "share_of_all")
        for flow in found.flows
    )
    return _frame(rows, {"from": TEXT, "to": TEXT, "patients": COUNT, **_numbers("share_of_from", "share_of_all")})


def agreement(found: Moves) -> pl.DataFrame:
    """Return Cohen's kappa of what is asked, and of whom."""
    rows = (
        {"of": what, "among": who, "patients": kappa.patients, "agree": kappa.observed, "by_chance": kappa.expected,
         "kappa": kappa.value, "standard_error": kappa.error, "low": kappa.low, "high": kappa.high,
         "note": kappa.note or None}
        for (what, who), kappa in found.kappas.items()
    )  # fmt: skip
    numbers = dict.fromkeys(("agree", "by_chance", "kappa", "standard_error", "low", "high"), NUMBER)
    return _frame(rows, {"of": TEXT, "among": TEXT, "patients": COUNT, **numbers, "note": TEXT})


def moves(found: Sequence[Reason]) -> pl.DataFrame:
    """Return the moves by the clauses responsible."""
    answers = pl.List(pl.Struct(dict.fromkeys(("clause", "from", "to"), TEXT)))
    schema = {"from": TEXT, "to": TEXT, "because": TEXT, "clauses": answers, "patients": COUNT}
    rows = (
        {"from": one.before, "to": one.after, "because": text.because(one), "patients": one.share.count}
        | {"clauses": [dict(zip(("clause", "from", "to"), clause, strict=True)) for clause in one.clauses]}
        | _share(one.share)
        | {"replicate": one.replicate, "patient": one.patient}
        for one in found
    )
    return _frame(rows, {**schema, **_numbers("share"), **dict.fromkeys(ID, COUNT)})


def clauses(found: Sequence[Difference]) -> pl.DataFrame:
    """Return the clauses whose answer differs among those who move."""
    rows = (
        {"clause": one.clause, "from": one.before, "to": one.after, "patients": one.share.count} | _share(one.share)
        for one in found
    )
    return _frame(rows, {"clause": TEXT, "from": TEXT, "to": TEXT, "patients": COUNT, **_numbers("share")})


def refractory(found: Findings) -> pl.DataFrame:
    """Return the refractory share of every set beside one third, at the end and as follow-up grows.

    Shares are among the `patients` of the set. For the two sets that are compared, at the end of follow-up, the
    columns ``in_both`` have the share among the patients to whom both may apply; they are null in all other rows.
    """
    rows = [_verdict(one, None) for one in found.refractory]
    for row, share in zip(rows, found.moves.refractory, strict=False):  # the two sets come first
        row |= {"in_both": share.total, "refractory_in_both": share.count, **_share(share, "share_in_both")}
    for curve in found.growth.sets.values():
        rows += [_verdict(moment.refractory, moment.days) for moment in curve.moments]
    counts = dict.fromkeys(("follow_up_days", "patients", "outside", "refractory", "not_judged"), COUNT)
    schema = {"criteria": TEXT, **counts}
    both = {"in_both": COUNT, "refractory_in_both": COUNT, **_numbers("share_in_both")}
    return _frame(rows, {**schema, **_numbers("share"), "distance_to_one_third": NUMBER, **both})


def _verdict(one: Refractory, days: int | None) -> dict[str, Any]:
    counts = {"patients": one.patients, "outside": one.outside, "refractory": one.met, "not_judged": one.unknown}
    distance = {"distance_to_one_third": one.share.share - ONE_THIRD}
    return {"criteria": one.criteria, "follow_up_days": days, **counts, **_share(one.share), **distance}


def patients(found: Findings) -> pl.DataFrame:
    """Return every patient with category and refractory under either set, and what decides a move.

    Of who is outside a set, `applies` is false, and `decided` null.
    """
    pairs = [("applies", "applies"), ("category", "category"), ("refractory", "refractory"), ("decided", "clause")]
    columns = [pl.col(f"{c}{end}").alias(f"{n}_{side}") for n, c in pairs for side, end in SIDES.items()]
    return found.patients.select(*ID, *columns)


SIDES = {"from": "", "to": "_after"}


def as_dict(found: Findings) -> dict[str, Any]:
    """Return all but the single patients as plain values that JSON can hold; what has no value is None."""
    parts = {
        "flows": flows(found.moves),
        "agreement": agreement(found.moves),
        "moves": moves(found.reasons),
        "clauses": clauses(found.differences),
        "refractory": refractory(found),
    }
    aside = found.moves.aside
    return {
        "notice": NOTICE,
        "sentence": text.sentence(found),
        **{key: found.manifest[key] for key in ("version", "seed", "patients", "replicates")},
        "from": found.before.name,
        "to": found.after.name,
        "view": found.view,
        "compared": found.moves.patients,
        "left_aside": {
            "patients": aside.patients,
            "outside_from": aside.second_only,
            "outside_to": aside.first_only,
            "outside_both": aside.neither,
        },
        "moved": found.moves.moved.count,
        **{name: frame.to_dicts() for name, frame in parts.items()},
    }


def json_text(found: Findings) -> str:
    """Return `as_dict` as JSON."""
    return json.dumps(as_dict(found), indent=1, ensure_ascii=False, allow_nan=False)

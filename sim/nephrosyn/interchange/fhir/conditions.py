"""Diagnoses: the disease and its lesion, what was noted, kidney failure; adverse events of drugs; biopsies."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.fhir.text import by_word, concept, lines, start

_SYSTEMS = "http://terminology.hl7.org/CodeSystem"
CONFIRMED = f'"verificationStatus":{{"coding":[{{"system":"{_SYSTEMS}/condition-ver-status","code":"confirmed"}}]}}'
ACTIVE = f'"clinicalStatus":{{"coding":[{{"system":"{_SYSTEMS}/condition-clinical","code":"active"}}]}}'
PROBLEM, DIAGNOSIS = (
    f'"category":[{{"coding":[{{"system":"{_SYSTEMS}/condition-category","code":"{code}"}}]}}]'
    for code in ("problem-list-item", "encounter-diagnosis")
)
OF_DRUGS = ("toxicity", "agent_toxicity")
"""Kinds of conditions that are adverse events of drugs."""


def conditions(part: FhirPart) -> Iterator[pl.Series]:
    """Yield Conditions: nephrotic syndrome, lesions seen in a biopsy, conditions noted, and kidney failure."""
    yield _disease(part)
    yield _lesions(part)
    yield _noted(part)
    yield _kidney_failures(part)


def _subject(name: str) -> tuple[str | pl.Expr, ...]:
    """Return the subject, and the beginning of a date."""
    return ',"subject":{"reference":"Patient/p', pl.col("key"), f'"}},"{name}":"'


def _disease(part: FhirPart) -> pl.Series:
    people = part.people
    return lines(
        people,
        f"{start('Condition')}ns-",
        pl.col("key"),
        f'",{ACTIVE},{CONFIRMED},{PROBLEM},"code":{part.concept("disease", "nephrotic_syndrome", people.height)}',
        *_subject("onsetDateTime"),
        pl.col("onset_date"),
        '"}',
    )


def _biopsied(part: FhirPart) -> pl.DataFrame:
    return part.people.filter(pl.col("biopsy_days").is_not_null())


def _lesions(part: FhirPart) -> pl.Series:
    people = _biopsied(part)
    return lines(
        people,
        f"{start('Condition')}l-",
        pl.col("key"),
        f'",{CONFIRMED},{DIAGNOSIS},"code":',
        part.concepts(people, "lesion", "lesion"),
        *_subject("recordedDate"),
        pl.col("biopsy_date"),
        '","evidence":[{"detail":[{"reference":"Procedure/b-',
        pl.col("key"),
        '"}]}]}',
    )


def _noted(part: FhirPart) -> pl.Series:
    rows = part.table("conditions", "noted_days")
    return lines(
        rows,
        f"{start('Condition')}c",
        pl.col("row"),
        f'",{CONFIRMED},{DIAGNOSIS},"code":',
        part.concepts(rows, "condition", "condition"),
        *_subject("recordedDate"),
        pl.col("noted_date"),
        '","note":[{"text":"',
        by_word(rows["kind"], vocabulary.KIND_NAMES.__getitem__),
        by_word(rows["action"], _action),
        '"}]}',
    )


def _action(word: str) -> str:
    return "" if word == "none" else f"; steroid {vocabulary.ACTION_NAMES[word]}"


def _kidney_failures(part: FhirPart) -> pl.Series:
    people = part.people
    failed = people.filter(pl.col("reason") == "kidney_failure")
    known = people["reason"].is_in(["kidney_failure", "death"])
    part.counts.left_out["ends of records that are neither death nor kidney failure"] += int((~known).sum())
    return lines(
        failed,
        f"{start('Condition')}kf-",
        pl.col("key"),
        f'",{CONFIRMED},{DIAGNOSIS},"code":{part.concept("end", "kidney_failure", failed.height)}',
        *_subject("recordedDate"),
        pl.col("end_date"),
        '"}',
    )


def adverse_events(part: FhirPart) -> pl.Series:
    """Return an AdverseEvent for each toxicity noted, beside its Condition; that of steroid names the drug."""
    rows = part.table("conditions", "noted_days").filter(pl.col("kind").is_in(OF_DRUGS))
    drug = concept(part.code("drug", vocabulary.STEROID))
    contained = f'"contained":[{{"resourceType":"Medication","id":"steroid","code":{drug}}}],'
    suspect = ',"suspectEntity":[{"instance":{"reference":"#steroid"}}]'
    by_steroid = pl.col("kind") == "toxicity"
    return lines(
        rows,
        f"{start('AdverseEvent')}ae",
        pl.col("row"),
        '",',
        pl.when(by_steroid).then(pl.lit(contained)),
        '"actuality":"actual","event":',
        part.concepts(rows, "condition", "condition"),
        *_subject("recordedDate"),
        pl.col("noted_date"),
        '","resultingCondition":[{"reference":"Condition/c',
        pl.col("row"),
        '"}]',
        pl.when(by_steroid).then(pl.lit(suspect)),
        "}",
    )


def procedures(part: FhirPart) -> pl.Series:
    """Return a Procedure for each biopsy."""
    people = _biopsied(part)
    return lines(
        people,
        f"{start('Procedure')}b-",
        pl.col("key"),
        f'","status":"completed","code":{part.concept("procedure", "kidney_biopsy", people.height)}',
        *_subject("performedDateTime"),
        pl.col("biopsy_date"),
        '"}',
    )

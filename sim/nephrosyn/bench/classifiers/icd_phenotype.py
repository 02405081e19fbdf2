"""A published phenotype of primary nephrotic syndrome from ICD-10-CM codes, followed by what was prescribed.

The phenotype is that of Vanderbilt University Medical Center on PCORnet data, as the knowledge object
kgrid-lab/nephroticsyndrome-computablephenotype describes it. Encounters are read in order of time. A patient is a case
at the first encounter by which two have a code of primary nephrotic syndrome (below 20 years a code of unspecified
nephrotic syndrome counts too), none a code of another cause, and at most one a code of another glomerular disease.

It says who has the disease and nothing of the response to steroid. So cases get a category by their prescriptions, and
everybody else no answer. Its weaknesses show: focal segmental, mesangial proliferative and, under the code N04.2,
membranous disease have no code among those that include; adults without a biopsy never become cases; and hepatitis B,
here a reason against steroid, excludes.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nephrosyn.bench.classifiers.heuristics import Rule, coded_care
from nephrosyn.bench.task import ABSTAINED
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import DAYS_PER_YEAR

PRIMARY = ("N02.2", "N03.3", "N04.0", "N05.2")
"""Codes that include at any age: membranous disease, and minimal change."""
UNSPECIFIED = "N04.9"
"""Code that includes below `ADULT_FROM_YEARS`."""
ADULT_FROM_YEARS = 20
EXCLUDED = ("B18.1",)
"""Codes that exclude at their first use, of those that a record here can hold."""
EXCLUDED_TWICE = ("N05.5",)
"""Codes that exclude at the second encounter."""
FEWEST_ENCOUNTERS = 2
CODE_OF_LESION = {
    "minimal_change": "N04.0",
    "fsgs": "N04.1",
    "membranous": "N04.2",
    "mesangial_proliferative": "N04.3",
    "membranoproliferative": "N04.5",
    "c1q": "N04.8",
    "iga": "N02.8",
}
"""Code of a biopsied lesion in ICD-10; before a biopsy the code is `UNSPECIFIED`."""
CODE_OF_CONDITION = {"hepatitis": "B18.1"}
"""Code of a condition that the phenotype asks about, from the day on which it is noted."""
Tables = Mapping[str, pl.DataFrame]


def diagnoses(tables: Tables) -> pl.DataFrame:
    """Return the codes of every visit: `replicate`, `patient`, `day`, `age_years` and `code`.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables. Every visit that was not missed is an encounter with the code of the disease, and with those of
        the conditions noted by then.
    """
    patients = tables["patients"].unique(PATIENT_KEY, keep="first", maintain_order=True)
    visits = tables["visits"].filter(~pl.col("missed")).select(*PATIENT_KEY, day="actual_days").drop_nulls().unique()
    people = patients.select(
        *PATIENT_KEY, "age_at_onset_years", "biopsy_days", code=pl.col("lesion").cast(pl.String).replace_strict(
            CODE_OF_LESION, default=UNSPECIFIED
        ),
    )  # fmt: skip
    coded = visits.join(people, on=PATIENT_KEY, how="inner")
    biopsied = (pl.col("biopsy_days") <= pl.col("day")).fill_null(False)
    disease = coded.select(*PATIENT_KEY, "day", code=pl.when(biopsied).then("code").otherwise(pl.lit(UNSPECIFIED)))
    noted = tables["conditions"].select(
        *PATIENT_KEY,
        "noted_days",
        code=pl.col("condition").cast(pl.String).replace_strict(CODE_OF_CONDITION, default=None),
    )
    conditions = visits.join(noted.drop_nulls(), on=PATIENT_KEY).filter(pl.col("noted_days") <= pl.col("day"))
    listed = pl.concat([disease, conditions.select(*PATIENT_KEY, "day", "code")]).unique()
    age = pl.col("age_at_onset_years") + pl.col("day") / DAYS_PER_YEAR
    ages = people.select(*PATIENT_KEY, "age_at_onset_years")
    return listed.join(ages, on=PATIENT_KEY).select(*PATIENT_KEY, "day", "code", age_years=age)


def cases(tables: Tables) -> pl.DataFrame:
    """Return who is a case: `replicate`, `patient` and `case_days`, the day of the encounter by which it is.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables.
    """
    code = pl.col("code")
    encounters = (
        diagnoses(tables)
        .group_by(*PATIENT_KEY, "day")
        .agg(
            primary=code.is_in(PRIMARY).any(),
            unspecified=(code == UNSPECIFIED).any(),
            excluded=code.is_in(EXCLUDED).any(),
            **{name: (code == name).any() for name in EXCLUDED_TWICE},
            age_years=pl.col("age_years").first(),
        )
        .sort(*PATIENT_KEY, "day")
    )

    def total(name: str) -> pl.Expr:
        return pl.col(name).cum_sum().over(PATIENT_KEY)

    young = pl.col("age_years") < ADULT_FROM_YEARS
    included = (total("primary") >= FEWEST_ENCOUNTERS) | (
        young & (total("primary") + total("unspecified") >= FEWEST_ENCOUNTERS)
    )
    twice = pl.any_horizontal(total(name) >= FEWEST_ENCOUNTERS for name in EXCLUDED_TWICE)
    included_at = encounters.filter(included & ~twice & (total("excluded") == 0))
    return included_at.group_by(PATIENT_KEY).agg(case_days=pl.col("day").min())


def by_codes(tables: Tables) -> pl.DataFrame:
    """Return a category of every case by prescriptions, and no answer for others."""
    given = coded_care(tables).join(cases(tables), on=PATIENT_KEY, how="left", maintain_order="left")
    answer = pl.when(pl.col("case_days").is_null()).then(pl.lit(ABSTAINED)).otherwise("predicted")
    return given.select(*PATIENT_KEY, predicted=answer)


ICD_PHENOTYPE = Rule("icd-10-cm", "cases by a published phenotype of ICD-10-CM codes, then prescriptions", by_codes)

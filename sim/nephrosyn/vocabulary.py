"""Terms of the field and their codes.

Each vocabulary is a tuple of names; the code of a name is its position. Compiled code uses codes, tables on disk use
names. New names are appended, so that codes keep their meaning. `UNITS` gives the unit in which each analyte is used
throughout the package; days per week, month and year, and body surface by weight, are defined here too.
"""

from __future__ import annotations

from dataclasses import dataclass

DAYS_PER_WEEK = 7
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
NOTICE = "Synthetic data from a simulation. Not for clinical use."

SEXES = ("male", "female")


def body_surface_m2(weight_kg: float) -> float:
    """Return body surface (m2) from weight (kg) alone: (4 W + 7) / (W + 90).

    Care is simulated and scenarios are checked with it; definition sets have a formula of their own.

    Examples
    --------
    >>> round(body_surface_m2(20.0), 2)
    0.79
    """
    return (4.0 * weight_kg + 7.0) / (weight_kg + 90.0)


LESIONS = (
    "minimal_change",
    "fsgs",
    "membranous",
    "mesangial_proliferative",
    "membranoproliferative",
    "c1q",
    "iga",
)

ANALYTES = ("upcr", "dipstick", "albumin", "creatinine", "cholesterol", "weight", "uacr", "anti_pla2r")

UNITS = {
    "upcr": "mg/mg",
    "dipstick": "band",
    "albumin": "g/dL",
    "creatinine": "mg/dL",
    "cholesterol": "mg/dL",
    "weight": "kg",
    "uacr": "mg/mg",
    "anti_pla2r": "RU/mL",
}

DIPSTICK_BANDS = ("negative", "trace", "1+", "2+", "3+", "4+")

VISIT_KINDS = ("presentation", "scheduled", "confirmation", "unscheduled")


@dataclass(frozen=True)
class DrugEntry:
    """One drug: everything but its regimens, which are part of scenarios.

    Attributes
    ----------
    name : str
        International nonproprietary name.
    drug_class : str
        Mechanism; definition sets count drugs of one class as one mechanism.
    routes : tuple of str
        ``oral``, ``intravenous`` or ``subcutaneous``.
    atc : str
        Code in the ATC classification of the WHO.
    rxnorm : int or None
        RxNorm number of the ingredient; None if not confirmed by two public sources.
    american : str
        American spelling, where it differs.
    """

    name: str
    drug_class: str
    routes: tuple[str, ...]
    atc: str
    rxnorm: int | None
    american: str = ""


DRUG_TABLE = (
    DrugEntry("prednisone", "glucocorticoid", ("oral",), "H02AB07", 8640),
    DrugEntry("cyclophosphamide", "alkylating", ("oral", "intravenous"), "L01AA01", 3002),
    DrugEntry("azathioprine", "antimetabolite", ("oral",), "L04AX01", 1256),
    DrugEntry("mycophenolate", "antimetabolite", ("oral",), "L04AA06", 68149),
    DrugEntry("ciclosporin", "calcineurin_inhibitor", ("oral",), "L04AD01", 3008, american="cyclosporine"),
    DrugEntry("tacrolimus", "calcineurin_inhibitor", ("oral",), "L04AD02", 42316),
    DrugEntry("vincristine", "vinca_alkaloid", ("intravenous",), "L01CA02", 11202),
    DrugEntry("rituximab", "anti_cd20", ("intravenous",), "L01FA01", 121191),
    DrugEntry("levamisole", "immunomodulator", ("oral",), "P02CE01", None),
    DrugEntry("obinutuzumab", "anti_cd20", ("intravenous",), "L01FA03", None),
    DrugEntry("methylprednisolone", "glucocorticoid", ("intravenous",), "H02AB04", 6902),
    DrugEntry("ramipril", "renin_angiotensin_blockade", ("oral",), "C09AA05", None),
)
"""All drugs. To add one, append an entry and give it a regimen in a scenario."""

DRUGS = tuple(drug.name for drug in DRUG_TABLE)
STEROID = "prednisone"
PULSE = "methylprednisolone"
"""Drug of the pulses: steroid by vein, no second agent and no part of the course of tablets."""
SUPPORTIVE_CLASSES = ("renin_angiotensin_blockade",)
SUPPORTIVE = tuple(drug.name for drug in DRUG_TABLE if drug.drug_class in SUPPORTIVE_CLASSES)
"""Drugs of supportive care: recorded, but no treatment of the disease in the sense of a definition set."""
AGENTS = tuple(drug.name for drug in DRUG_TABLE if drug.drug_class not in ("glucocorticoid", *SUPPORTIVE_CLASSES))
"""Drugs against the disease given together with steroid or after it."""
AGENT_CLASSES = tuple(dict.fromkeys(drug.drug_class for drug in DRUG_TABLE if drug.name in AGENTS))
"""Classes of second agents."""
REMISSION_CAUSES = ("steroid", "spontaneous", *AGENT_CLASSES)
"""What can bring a remission: steroid, nothing, or a second agent, by its class."""

SCHEDULES = ("daily", "alternate_day", "single")

ROUTES = ("oral", "intravenous", "subcutaneous")


def route_of(drug: DrugEntry, schedule: str) -> str:
    """Return the route of a dose; a drug with several is given by vein where the dose is a single one.

    Examples
    --------
    >>> cyclophosphamide = DRUG_TABLE[1]
    >>> route_of(cyclophosphamide, "daily"), route_of(cyclophosphamide, "single")
    ('oral', 'intravenous')
    """
    by_vein = schedule == "single" and "intravenous" in drug.routes
    return "intravenous" if by_vein else drug.routes[0]


CONTRAINDICATIONS = ("peptic_ulcer", "tuberculosis", "hepatitis", "diabetes")

TOXICITIES = ("steroid_diabetes", "osteonecrosis", "psychosis", "gastrointestinal_bleeding", "cataract")

AGENT_TOXICITIES_BY_TIME = (
    "leukopenia",
    "nephrotoxicity",
    "hypertension",
    "hepatotoxicity",
    "neuropathy",
    "infusion_reaction",
    "hypogammaglobulinaemia",
    "diarrhoea",
)
"""Toxicities that occur at a rate while an agent is given."""

AGENT_TOXICITIES = (
    *AGENT_TOXICITIES_BY_TIME,
    "gut_reaction",
    "gonadal_damage",
    "haemorrhagic_cystitis",
)

COMPLICATIONS = ("venous_thrombosis", "renal_vein_thrombosis", "serious_infection")

PROVOKING_FACTORS = (
    "hidden_infection",
    "hidden_thrombosis",
    "non_adherence",
    "under_dosing",
    "malabsorption",
    "interacting_drug",
)

CAUSES_OF_DEATH = (
    "death_from_other_disease",
    "death_from_cardiovascular_disease",
    "death_from_infection",
    "death_from_thrombosis",
)

CONDITIONS = (
    *CONTRAINDICATIONS,
    *TOXICITIES,
    "infection",
    *AGENT_TOXICITIES,
    *COMPLICATIONS,
    *PROVOKING_FACTORS,
    "genetic_form",
    *CAUSES_OF_DEATH,
)

CONDITION_KINDS = (
    "contraindication",
    "toxicity",
    "infection",
    "agent_toxicity",
    "complication",
    "provoking_factor",
    "genetic_form",
    "cause_of_death",
)

STEROID_ACTIONS = ("none", "withheld", "cut", "stopped")

END_REASONS = ("end_of_study", "dropout", "death", "kidney_failure", "discharged")

STARTS = (
    "steroid_start",
    "slow_response",
    "relapse",
    "frequent_relapse",
    "dependence",
    "resistance",
    "intolerance",
    "conservative",
)

EVENTS = (
    "onset",
    "presentation",
    "response_begins",
    "complete_remission",
    "partial_remission",
    "spontaneous_fall_begins",
    "relapse",
    "late_resistance",
    "resistance_reversed",
    "infection",
    "infection_window_ends",
    "exertion",
    "exertion_window_ends",
    "steroid_toxicity",
    "declared_remission",
    "declared_partial_remission",
    "declared_relapse",
    "declared_resistant",
    "taper_started",
    "steroid_stopped",
    "biopsy",
    "dropout",
    "death",
    "end_of_study",
    "agent_started",
    "agent_in_effect",
    "agent_effect_ends",
    "agent_response_begins",
    "agent_stopped",
    "agent_failed",
    "agent_toxicity",
    "venous_thrombosis",
    "renal_vein_thrombosis",
    "serious_infection",
    "complication_treated",
    "provoking_factor_found",
    "provoking_factor_removed",
    "provocation_test",
    "discharged",
    "kidney_failure",
    "immunological_response",
    "immunological_relapse",
    "genetic_result",
    "contraindication_treated",
    "agent_refused",
)

UNDETERMINED = "undetermined"
"""Category of patients who cannot be classified."""

CATEGORIES = (
    "steroid_resistant",
    "steroid_dependent",
    "frequently_relapsing",
    "steroid_intolerant",
    "infrequently_relapsing",
    "non_relapsing",
    UNDETERMINED,
    "non_remitting",
)

FLAGS = ("resistant", "dependent", "frequent", "intolerant", "non_remitting")

CATEGORY_OF_FLAG = {
    "resistant": "steroid_resistant",
    "dependent": "steroid_dependent",
    "frequent": "frequently_relapsing",
    "intolerant": "steroid_intolerant",
    "non_remitting": "non_remitting",
}
"""Category of a patient by the first flag that is set."""

COURSE_FLAGS = (
    "late_responder",
    "secondary_resistant",
    "partial_remission",
    "calcineurin_resistant",
    "multidrug_resistant",
)

VIEWS = ("complete", "observed")

PLAIN_NAMES = {
    "minimal_change": "minimal change disease",
    "fsgs": "focal segmental glomerulosclerosis",
    "membranous": "membranous nephropathy",
    "mesangial_proliferative": "mesangial proliferative glomerulonephritis",
    "membranoproliferative": "membranoproliferative glomerulonephritis",
    "c1q": "C1q nephropathy",
    "iga": "IgA nephropathy",
    "steroid_resistant": "steroid-resistant",
    "steroid_dependent": "steroid-dependent",
    "frequently_relapsing": "frequently relapsing",
    "steroid_intolerant": "steroid-intolerant",
    "infrequently_relapsing": "infrequently relapsing",
    "non_relapsing": "non-relapsing",
    "undetermined": "undetermined",
    "non_remitting": "persistently non-remitting",
    "upcr": "urine protein/creatinine ratio",
    "uacr": "urine albumin/creatinine ratio",
    "anti_pla2r": "anti-PLA2R antibody",
    "non_adherence": "non-adherence",
    "under_dosing": "under-dosing",
    "steroid_diabetes": "steroid-induced diabetes",
    "exertion": "strenuous exercise or fatigue",
    "spontaneous_fall_begins": "proteinuria begins to fall spontaneously",
    "agent_refused": "second agent refused",
    "declared_resistant": "classified as resistant by the clinician",
    "contraindication_treated": "contraindication treated: steroid reconsidered",
    "provoking_factor_found": "reversible cause of resistance found",
    "provoking_factor_removed": "reversible cause of resistance removed",
    "genetic_form": "genetic form of nephrotic syndrome",
    "genetic_result": "result of the genetic test",
    "immunological_response": "immunological response, ahead of the urine",
    "immunological_relapse": "immunological relapse, ahead of the urine",
}

ACTION_NAMES = {"none": "none", "withheld": "withheld", "cut": "reduced", "stopped": "stopped"}
"""Changes of steroid in words."""

CLAUSE_NAMES = {
    "frequent_n6": "relapses in 6 months",
    "frequent_n12": "relapses in 12 months",
    "frequent_any6": "relapses in any 6 months",
    "toxicity": "steroid toxicity",
    "persistence": "persistent disease",
    "calcineurin_resistance": "calcineurin inhibitor resistance",
    "multidrug_resistance": "multidrug resistance",
}
"""Names of clauses in words, where the name itself does not read well."""

KIND_NAMES = {
    "contraindication": "contraindication to steroid",
    "toxicity": "steroid toxicity",
    "infection": "infection",
    "agent_toxicity": "toxicity of another drug",
    "complication": "complication",
    "provoking_factor": "reversible cause of apparent resistance",
    "genetic_form": "result of a genetic test",
    "cause_of_death": "cause of death",
}
"""Names of the kinds of conditions in words."""


def clause_name(name: str) -> str:
    """Return the name of a clause in words."""
    return CLAUSE_NAMES.get(name) or plain_name(name)


def plain_name(name: str) -> str:
    """Return the plain name of a vocabulary term; one without a plain name loses its underscores."""
    return PLAIN_NAMES.get(name, name.replace("_", " "))

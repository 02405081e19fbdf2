"""Synthetic cohorts of nephrotic syndrome, classified by published criteria. Not for clinical use.

How the data flow: a *scenario* says what to simulate; *patients* are drawn from it; an *engine* plays each one's
*course*; the *record* holds what a clinic would have recorded; *criteria* classify the record; the *report* compares
the share of refractory disease with the one third that is often quoted.

>>> import nephrosyn as ns
>>> cohort = ns.run("baseline", patients=20, seed=1)
>>> cohort.labels.height
40
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import (
    BenchError,
    CasesError,
    ComparisonError,
    CriteriaError,
    EngineError,
    EstimateError,
    EvidenceError,
    ExportError,
    NephrosynError,
    OutsideRecordError,
    PerturbationError,
    ReclassificationError,
    RunFolderError,
    ScenarioError,
    WorkerError,
)

if TYPE_CHECKING:
    from nephrosyn import datasets
    from nephrosyn.api import Cohort, Comparison, Patient, Reclassification, compare, open, reclassify, run
    from nephrosyn.evidence.specifications.curve import SpecificationCurve, specification_curve
    from nephrosyn.interchange.outside.record import OutsideRecord, read_record

__version__ = "0.1.0"
__all__ = [
    "BenchError",
    "CasesError",
    "Cohort",
    "Comparison",
    "ComparisonError",
    "CriteriaError",
    "EngineError",
    "EstimateError",
    "EvidenceError",
    "ExportError",
    "NephrosynError",
    "OutsideRecord",
    "OutsideRecordError",
    "Patient",
    "PerturbationError",
    "Reclassification",
    "ReclassificationError",
    "RunFolderError",
    "ScenarioError",
    "SpecificationCurve",
    "WorkerError",
    "compare",
    "datasets",
    "open",
    "read_record",
    "reclassify",
    "run",
    "specification_curve",
]


def __getattr__(name: str) -> Any:
    """Load the slow modules on first use."""
    if name == "datasets":
        return import_module("nephrosyn.datasets")
    if name in ("SpecificationCurve", "specification_curve"):
        return getattr(import_module("nephrosyn.evidence.specifications.curve"), name)
    if name in ("OutsideRecord", "read_record"):
        return getattr(import_module("nephrosyn.interchange.outside.record"), name)
    if name in __all__:
        return getattr(import_module("nephrosyn.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

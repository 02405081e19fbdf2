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
    ExploreError,
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
    from nephrosyn.api import Cohort, Patient, open, run
    from nephrosyn.bench.suite.benchmark import bench_suite
    from nephrosyn.comparison.care import Comparison, compare
    from nephrosyn.comparison.definitions import Reclassification, reclassify
    from nephrosyn.evidence.specifications.curve import SpecificationCurve, specification_curve
    from nephrosyn.explore.page import Explorer, explore_scenario
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
    "ExploreError",
    "Explorer",
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
    "bench_suite",
    "compare",
    "datasets",
    "explore_scenario",
    "open",
    "read_record",
    "reclassify",
    "run",
    "specification_curve",
]


_HOMES = {
    "api": ("Cohort", "Patient", "open", "run"),
    "bench.suite.benchmark": ("bench_suite",),
    "comparison.care": ("Comparison", "compare"),
    "comparison.definitions": ("Reclassification", "reclassify"),
    "explore.page": ("Explorer", "explore_scenario"),
    "evidence.specifications.curve": ("SpecificationCurve", "specification_curve"),
    "interchange.outside.record": ("OutsideRecord", "read_record"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load the slow modules on first use."""
    if name == "datasets":
        return import_module("nephrosyn.datasets")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

"""Known errors put into records: pure functions on the observed tables, each at severities 0 to 5.

A perturbation reads the observed tables only, never the truth. What it does to a patient is a pure function of the
seed, the patient, its name and the replicate; neither the order of rows, nor who else is there, nor the number of
workers matters. What is lost or changed at one severity is so at every higher one. Every change stands in a log, and
the log applied to the clean record gives the perturbed one.
"""

from __future__ import annotations

from nephrosyn.bench.perturbations.change_log import LOG, apply, in_words
from nephrosyn.bench.perturbations.changes import Record
from nephrosyn.bench.perturbations.constants import PERTURBATIONS, SEVERITIES, VERSION, Perturbation
from nephrosyn.bench.perturbations.indexed_rows import Prepared, prepare
from nephrosyn.bench.perturbations.perturb import perturb
from nephrosyn.errors import PerturbationError

__all__ = [
    "LOG",
    "PERTURBATIONS",
    "SEVERITIES",
    "VERSION",
    "Perturbation",
    "PerturbationError",
    "Prepared",
    "Record",
    "apply",
    "in_words",
    "perturb",
    "prepare",
]

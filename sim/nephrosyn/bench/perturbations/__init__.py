"""Perturbations: known errors in the observed record, each at severities 0 (none) to 5. The entry is `perturb`.

A perturbation reads only the observed tables, never the truth. What it does to a patient depends on the seed, the
patient, the name of the perturbation and the replicate: not on the order of rows, the other patients or the number of
workers. What is lost or changed at one severity is also lost or changed at every higher one. All changes are logged;
applying the log to the unperturbed record gives the perturbed record. Your own perturbation is checked against this
contract by `register`.
"""

from __future__ import annotations

from nephrosyn.bench.perturbations.change_log import LOG, apply, in_words
from nephrosyn.bench.perturbations.changes import Record
from nephrosyn.bench.perturbations.constants import PERTURBATIONS, SEVERITIES, VERSION, Perturbation
from nephrosyn.bench.perturbations.indexed_rows import Prepared, prepare
from nephrosyn.bench.perturbations.perturb import perturb
from nephrosyn.bench.perturbations.users import Draw, register
from nephrosyn.errors import PerturbationError

__all__ = [
    "LOG",
    "PERTURBATIONS",
    "SEVERITIES",
    "VERSION",
    "Draw",
    "Perturbation",
    "PerturbationError",
    "Prepared",
    "Record",
    "apply",
    "in_words",
    "perturb",
    "prepare",
    "register",
]

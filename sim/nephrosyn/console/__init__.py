"""What the command line shows. Plain text in a pipe; colour and bars only on a terminal."""

from nephrosyn.console.answers import catalogue, summary
from nephrosyn.console.bench import bench, bench_patient
from nephrosyn.console.case import case
from nephrosyn.console.cases import cases
from nephrosyn.console.cases import lint as case_lint
from nephrosyn.console.comparison import comparison
from nephrosyn.console.definitions import definition
from nephrosyn.console.progress import Progress
from nephrosyn.console.reclassification import reclassification
from nephrosyn.console.screen import complain, say, say_json, warn
from nephrosyn.console.side_by_side import side_by_side
from nephrosyn.console.validation import calibration, sensitivity, validation
from nephrosyn.console.values import scenario

__all__ = [
    "Progress",
    "bench",
    "bench_patient",
    "calibration",
    "case",
    "case_lint",
    "cases",
    "catalogue",
    "comparison",
    "complain",
    "definition",
    "reclassification",
    "say",
    "say_json",
    "scenario",
    "sensitivity",
    "side_by_side",
    "summary",
    "validation",
    "warn",
]

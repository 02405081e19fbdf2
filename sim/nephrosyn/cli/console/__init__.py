"""Output of the command line: plain text in a pipe, colour and progress bars only on a terminal.

`terminal` prints lines, tables and messages; each other module prints one kind of result.
"""

from nephrosyn.cli.console.bench import bench, bench_patient
from nephrosyn.cli.console.cases import cases
from nephrosyn.cli.console.cases import lint as case_lint
from nephrosyn.cli.console.comparison import comparison
from nephrosyn.cli.console.definitions import definition
from nephrosyn.cli.console.evidence import calibration, sensitivity, specifications, validation
from nephrosyn.cli.console.export import explorer, exported, outside_labels
from nephrosyn.cli.console.patient import case
from nephrosyn.cli.console.progress import Progress
from nephrosyn.cli.console.reclassification import reclassification
from nephrosyn.cli.console.scenario_values import scenario
from nephrosyn.cli.console.side_by_side import side_by_side
from nephrosyn.cli.console.suite import suite_checked, suite_frozen, suite_result, suite_results, suite_verified
from nephrosyn.cli.console.summary import catalogue, perturbations, summary
from nephrosyn.cli.console.terminal import command_line, complain, say, say_json, warn

__all__ = [
    "Progress",
    "bench",
    "bench_patient",
    "calibration",
    "case",
    "case_lint",
    "cases",
    "catalogue",
    "command_line",
    "comparison",
    "complain",
    "definition",
    "explorer",
    "exported",
    "outside_labels",
    "perturbations",
    "reclassification",
    "say",
    "say_json",
    "scenario",
    "sensitivity",
    "side_by_side",
    "specifications",
    "suite_checked",
    "suite_frozen",
    "suite_result",
    "suite_results",
    "suite_verified",
    "summary",
    "validation",
    "warn",
]

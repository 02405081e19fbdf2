"""What the command line shows. Plain text in a pipe; colour and bars only on a terminal."""

from nephrosyn.console.answers import catalogue, summary
from nephrosyn.console.case import case
from nephrosyn.console.comparison import comparison
from nephrosyn.console.progress import Progress
from nephrosyn.console.screen import complain, say
from nephrosyn.console.validation import calibration, sensitivity, validation
from nephrosyn.console.values import scenario

__all__ = [
    "Progress",
    "calibration",
    "case",
    "catalogue",
    "comparison",
    "complain",
    "say",
    "scenario",
    "sensitivity",
    "summary",
    "validation",
]

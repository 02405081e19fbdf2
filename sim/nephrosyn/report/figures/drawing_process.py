"""The process that draws figures for `nephrosyn.report.drawing_process`: findings in, SVG documents out."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys

from nephrosyn.kernels import child_process
from nephrosyn.report import figures
from nephrosyn.report.figures.style import warm_up


def main() -> None:
    """Import matplotlib, read findings from standard input, and write the figures to standard output as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    child_process.end_with_parent()
    warm_up()
    content = sys.stdin.buffer.read()
    if not content:  # the parent needs no figures
        return
    drawn = figures.draw(pickle.loads(content))  # noqa: S301 - written by the parent, through a pipe of its own
    sys.stdout.write("\n" + json.dumps(drawn))  # a greeting at the start of Python has a line of its own
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

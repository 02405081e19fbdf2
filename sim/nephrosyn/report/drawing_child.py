"""The process that draws figures for `nephrosyn.report.drawing_process`: findings in, SVG documents out."""

from __future__ import annotations

import json
import os
import signal
import sys

from nephrosyn.kernels import child_process


def main() -> None:
    """Import matplotlib, read findings from standard input, and write the figures to standard output as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    child_process.end_with_parent()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    from nephrosyn.report import figures  # not before: a parent that dies meanwhile would leave this process behind
    from nephrosyn.report.figures.style import warm_up
    from nephrosyn.report.findings.as_plain import from_plain

    warm_up()
    content = sys.stdin.buffer.read()
    if not content:  # the parent needs no figures
        return
    drawn = figures.draw(from_plain(json.loads(content)))
    with answers:
        answers.write("\n" + json.dumps(drawn))  # something may have printed a greeting when Python started
    os._exit(0)


if __name__ == "__main__":
    main()

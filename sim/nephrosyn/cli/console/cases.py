"""Practice cases and the findings of lint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import prose, say, table

if TYPE_CHECKING:
    from nephrosyn.teach.lint.rules import Finding
    from nephrosyn.teach.model import CaseSet


def cases(case_set: CaseSet, files: Sequence[Path], run: str, run_seed: int) -> None:
    """Print the number of cases of each kind, their predicted difficulty, and the files.

    Parameters
    ----------
    case_set : CaseSet
        The cases, in the primary units.
    files : sequence of Path
        Files that were written.
    run : str
        Folder of the run.
    run_seed : int
        Seed of the run.
    """
    from nephrosyn.teach.model import NOT_RATED

    say(vocabulary.NOTICE)
    say()
    count = len(case_set.cases)
    seeds = f"run seed {run_seed}, case seed {case_set.seed}"
    say(f"{count} case{'' if count == 1 else 's'} from {run} ({seeds}); all checks passed")
    kinds = Counter(case.kind for case in case_set.cases)
    levels = {kind: sorted({case.difficulty for case in case_set.cases if case.kind == kind}) for kind in kinds}
    rows = [
        (kind, str(kinds[kind]), "not rated" if kind in NOT_RATED else ", ".join(map(str, levels[kind])))
        for kind in sorted(kinds)
    ]
    table(("kind", "cases", "predicted difficulty"), rows, right=(1,))
    for note in case_set.notes:
        say()
        prose(note)
    say()
    for file in files:
        say(str(file))


def lint(findings: Sequence[Finding], checked: int) -> None:
    """Print the findings of lint.

    Parameters
    ----------
    findings : sequence of Finding
        The findings.
    checked : int
        Number of cases checked.
    """
    if not findings:
        say(f"{checked} case{'' if checked == 1 else 's'}: all checks passed")
        return
    table(("rule", "case", ""), [(finding.rule, finding.case or "the set", finding.text) for finding in findings])
    say()
    say(f"{len(findings)} finding{'' if len(findings) == 1 else 's'} in {checked} cases")

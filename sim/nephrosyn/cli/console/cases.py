"""Practice cases: what was made, and what lint found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import prose, say, table

if TYPE_CHECKING:
    from nephrosyn.teach.lint.finding import Finding
    from nephrosyn.teach.model import CaseSet


def cases(made: CaseSet, files: Sequence[Path]) -> None:
    """Print what was made: how many of each kind and predicted difficulty, and the files.

    Parameters
    ----------
    made : CaseSet
        In the primary units.
    files : sequence of Path
        What was written.
    """
    say(vocabulary.NOTICE)
    say()
    count = len(made.cases)
    say(f"{count} case{'' if count == 1 else 's'} from {made.made_from}; lint: no findings")
    kinds = Counter(case.kind for case in made.cases)
    levels = {kind: sorted({case.difficulty for case in made.cases if case.kind == kind}) for kind in kinds}
    rows = [(kind, str(kinds[kind]), ", ".join(map(str, levels[kind]))) for kind in sorted(kinds)]
    table(("kind", "cases", "predicted difficulty"), rows, right=(1,))
    for note in made.notes:
        say()
        prose(note)
    say()
    for file in files:
        say(str(file))


def lint(findings: Sequence[Finding], checked: int) -> None:
    """Print what lint found.

    Parameters
    ----------
    findings : sequence of Finding
        What is wrong.
    checked : int
        Cases looked at.
    """
    if not findings:
        say(f"{checked} case{'' if checked == 1 else 's'}: no findings")
        return
    table(("rule", "case", ""), [(one.rule, one.case or "the set", one.text) for one in findings])
    say()
    say(f"{len(findings)} finding{'' if len(findings) == 1 else 's'} in {checked} cases")

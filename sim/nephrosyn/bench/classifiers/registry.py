"""Where classifiers are: shipped ones by name, definition sets, installed entry points, and a user's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn.errors import BenchError
from nephrosyn.scenario.messages import nearest
from nephrosyn.text_files import hidden

if TYPE_CHECKING:
    from nephrosyn.bench.classifiers.protocol import Classifier

GROUP = "nephrosyn.classifiers"
OWN = re.compile(r"(?:(?P<name>[^\W_][\w .+-]{0,59})=)?(?P<source>.+):(?P<object>[A-Za-z_][\w.]*)", re.DOTALL)
"""``MODULE:NAME`` or ``FILE.py:NAME``, perhaps with a name of its own before it: ``mine=rules.py:classify``."""
MODULE = re.compile(r"[A-Za-z_][\w.]*")
SHIPPED = {
    "coded-care": "prescriptions and coded conditions, as a query of billing data sees them",
    "last-note": "keywords of the last visit's note alone",
    "majority": "always the most frequent answer of another cohort of the same scenario",
    "gradient-boosting": "scikit-learn's histogram gradient boosting on the wide features of another cohort",
}


def installed() -> dict[str, EntryPoint]:
    """Return the classifiers that installed packages offer, by name."""
    return {one.name: one for one in sorted(entry_points(group=GROUP), key=lambda one: one.name)}


def titles() -> dict[str, str]:
    """Return every classifier that has a name, with a line about it.

    Examples
    --------
    >>> titles()["majority"]
    'always the most frequent answer of another cohort of the same scenario'
    """
    from nephrosyn.criteria import titles as sets

    own = {name: f"installed: {one.value}" for name, one in installed().items()}
    return {**own, **SHIPPED, **{name: f"definition set: {title}" for name, title in sets().items()}}


def _shipped(name: str) -> Classifier:
    from nephrosyn.bench.classifiers import baselines, heuristics

    made: dict[str, Classifier] = {
        "coded-care": heuristics.CODED_CARE,
        "last-note": heuristics.LAST_NOTE,
        "majority": baselines.MAJORITY,
        "gradient-boosting": baselines.GRADIENT_BOOSTING,
    }
    return made[name]


def find(asked: str) -> Classifier:
    """Return a classifier.

    Parameters
    ----------
    asked : str
        A shipped name, a definition set by name or file, the name of an installed entry point, or a user's own:
        ``MODULE:NAME``, ``FILE.py:NAME``, or either with a name for the results before it, ``mine=rules.py:classify``.

    Returns
    -------
    Classifier
        Not yet asked anything; a user's own is loaded only in a process of its own.

    Raises
    ------
    BenchError
        If there is none, with the nearest name.
    CriteriaError
        If a definition set is wrong.
    """
    from nephrosyn import criteria
    from nephrosyn.bench.classifiers.definition_sets import SetClassifier
    from nephrosyn.bench.classifiers.external import Outside, Target

    if asked in SHIPPED:
        return _shipped(asked)
    if asked in criteria.sets() or asked.endswith(".toml"):
        return SetClassifier(criteria.load(asked))
    if asked in (found := installed()):
        source, _, name = found[asked].value.partition("[")[0].strip().partition(":")
        return Outside(asked, Target(source, name, str(Path.cwd())))
    if own := OWN.fullmatch(asked):
        whole = asked.rpartition(":")[0]  # a path may hold an equals sign, too
        named = not Path(whole).is_file()
        return _own(asked, own["name"] if named else None, own["source"] if named else whole, own["object"])
    names = tuple(titles())
    like = nearest(asked, names)
    hint = f"; did you mean {like}?" if like else ""
    expected = "a name of `nephrosyn list classifiers`, a definition set's file, MODULE:NAME or FILE.py:NAME"
    raise BenchError([f"--classifier {asked}: no such classifier; expected {expected}{hint}"])


def _own(asked: str, name: str | None, source: str, wanted: str) -> Classifier:
    """Return a user's own classifier: of a file where a path is given, else of a module."""
    from nephrosyn.bench.classifiers.external import Outside, Target

    if name is not None and name in titles():
        raise BenchError([f"--classifier {asked}: {name} is the name of another classifier; choose one of your own"])
    if source.endswith(".py"):
        path = Path(source).expanduser().resolve()
        if not path.is_file():
            raise BenchError([f"--classifier {asked}: there is no file {source}"])
        return Outside(name or f"{path.stem}:{wanted}", Target(str(path), wanted, str(path.parent)))
    if not MODULE.fullmatch(source):
        raise BenchError([f"--classifier {asked}: expected MODULE:NAME or FILE.py:NAME; found {source}"])
    return Outside(name or f"{source}:{wanted}", Target(source, wanted, str(Path.cwd())))


def find_all(names: Sequence[str]) -> list[Classifier]:
    """Return several classifiers, each once, telling all names that are wrong.

    Raises
    ------
    BenchError
        With every problem.
    """
    found: dict[str, Classifier] = {}
    problems: list[str] = []
    for name in names:
        try:
            one = find(name)
        except BenchError as error:
            problems += error.problems
            continue
        if wrong := hidden(one.name):
            problems.append(f"--classifier {name}: a name without control characters; found {wrong}")
        if one.name in found:
            problems.append(f"--classifier {name}: {one.name} is named twice; give one a name of its own: NAME=...")
        found[one.name] = one
    if problems:
        raise BenchError(problems)
    return list(found.values())

"""Looks up classifiers: shipped ones, definition sets, installed entry points, and a user's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn.errors import BenchError, nearest
from nephrosyn.text_files import hidden

if TYPE_CHECKING:
    from nephrosyn.bench.classifiers.protocol import Classifier

GROUP = "nephrosyn.classifiers"
USER_OBJECT = re.compile(r"(?:(?P<name>[^\W_][\w .+-]{0,59})=)?(?P<source>.+):(?P<object>[A-Za-z_][\w.]*)", re.DOTALL)
"""``MODULE:NAME`` or ``FILE.py:NAME``, optionally with a name for the results before it: ``mine=rules.py:classify``."""
MODULE = re.compile(r"[A-Za-z_][\w.]*")
SHIPPED = {
    "coded-care": "prescriptions and coded conditions, as a query of billing data sees them",
    "icd-10-cm": "cases by a published phenotype of ICD-10-CM codes, then a category by prescriptions",
    "last-note": "keywords of the last visit's note alone",
    "majority": "always the most frequent answer of another cohort of the same scenario",
    "logistic-regression": "scikit-learn's logistic regression on the wide features of another cohort",
    "event-sequences": "logistic regression on sequences of up to three events of another cohort",
    "gradient-boosting": "scikit-learn's histogram gradient boosting on the wide features of another cohort",
}


def installed() -> dict[str, EntryPoint]:
    """Return the classifiers that installed packages offer, by name."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def titles() -> dict[str, str]:
    """Return every named classifier with a line about it.

    Examples
    --------
    >>> titles()["majority"]
    'always the most frequent answer of another cohort of the same scenario'
    """
    from nephrosyn.criteria import titles as sets

    entries = {name: f"installed: {entry.value}" for name, entry in installed().items()}
    return {**entries, **SHIPPED, **{name: f"definition set: {title}" for name, title in sets().items()}}


def _shipped(name: str) -> Classifier:
    from nephrosyn.bench.classifiers import baselines, event_sequences, heuristics, icd_phenotype, linear

    shipped: dict[str, Classifier] = {
        "coded-care": heuristics.CODED_CARE,
        "icd-10-cm": icd_phenotype.ICD_PHENOTYPE,
        "last-note": heuristics.LAST_NOTE,
        "majority": baselines.MAJORITY,
        "logistic-regression": linear.LOGISTIC_REGRESSION,
        "event-sequences": event_sequences.EVENT_SEQUENCES,
        "gradient-boosting": baselines.GRADIENT_BOOSTING,
    }
    return shipped[name]


def find(name: str) -> Classifier:
    """Return a classifier by name.

    Parameters
    ----------
    name : str
        A shipped name, a definition set by name or file, the name of an installed entry point, or a user's own:
        ``MODULE:NAME`` or ``FILE.py:NAME``, optionally with a name for the results before it,
        ``mine=rules.py:classify``.

    Returns
    -------
    Classifier
        Not yet fitted or started; a user's own is loaded only in its worker process.

    Raises
    ------
    BenchError
        If there is no such classifier, with the nearest name.
    CriteriaError
        If a definition set is wrong.

    Examples
    --------
    >>> find("majority").name
    'majority'
    """
    from nephrosyn import criteria
    from nephrosyn.bench.classifiers.definition_sets import SetClassifier
    from nephrosyn.bench.classifiers.external import ExternalClassifier, ObjectPath

    if name in SHIPPED:
        return _shipped(name)
    if name in criteria.sets() or name.endswith(".toml"):
        return SetClassifier(criteria.load(name))
    if name in (entries := installed()):
        source, _, attribute = entries[name].value.partition("[")[0].strip().partition(":")
        return ExternalClassifier(name, ObjectPath(source, attribute, str(Path.cwd())))
    if match := USER_OBJECT.fullmatch(name):
        file = name.rpartition(":")[0]  # a path may hold an equals sign, too
        if Path(file).is_file():
            return _user_classifier(name, None, file, match["object"])
        return _user_classifier(name, match["name"], match["source"], match["object"])
    like = nearest(name, titles())
    hint = f"; did you mean {like}?" if like else ""
    expected = "a name of `nephrosyn list classifiers`, a definition set's file, MODULE:NAME or FILE.py:NAME"
    raise BenchError([f"--classifier {name}: no such classifier; expected {expected}{hint}"])


def _user_classifier(option: str, name: str | None, source: str, attribute: str) -> Classifier:
    """Return a user's own classifier: of a file where a path is given, else of a module."""
    from nephrosyn.bench.classifiers.external import ExternalClassifier, ObjectPath

    if name is not None and name in titles():
        raise BenchError([f"--classifier {option}: {name} is the name of another classifier; choose a different name"])
    if source.endswith(".py"):
        path = Path(source).expanduser().resolve()
        if not path.is_file():
            raise BenchError([f"--classifier {option}: there is no file {source}"])
        return ExternalClassifier(
            name or f"{path.stem}:{attribute}", ObjectPath(str(path), attribute, str(path.parent))
        )
    if not MODULE.fullmatch(source):
        raise BenchError([f"--classifier {option}: expected MODULE:NAME or FILE.py:NAME; found {source}"])
    return ExternalClassifier(name or f"{source}:{attribute}", ObjectPath(source, attribute, str(Path.cwd())))


def find_all(names: Sequence[str]) -> list[Classifier]:
    """Return several classifiers, each once; all wrong names are reported together.

    Raises
    ------
    BenchError
        With every problem.
    """
    classifiers: dict[str, Classifier] = {}
    problems: list[str] = []
    for name in names:
        try:
            classifier = find(name)
        except BenchError as error:
            problems += error.problems
            continue
        if wrong := hidden(classifier.name):
            problems.append(f"--classifier {name}: a name without control characters; found {wrong}")
        if classifier.name in classifiers:
            problems.append(
                f"--classifier {name}: {classifier.name} is named twice; give one a different name: NAME=..."
            )
        classifiers[classifier.name] = classifier
    if problems:
        raise BenchError(problems)
    return list(classifiers.values())

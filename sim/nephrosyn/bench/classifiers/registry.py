"""Looks up classifiers: shipped ones, definition sets, installed entry points, and a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from nephrosyn.bench.user_objects import NamedObject, installed_objects, named_object, path_of_entry
from nephrosyn.errors import BenchError, nearest
from nephrosyn.text_files import hidden

if TYPE_CHECKING:
    from nephrosyn.bench.classifiers.protocol import Classifier

GROUP = "nephrosyn.classifiers"
SHIPPED = {
    "coded-care": "prescriptions and coded conditions, as a query of billing data sees them",
    "icd-10-cm": "cases by a published phenotype of ICD-10-CM codes, then a category by prescriptions",
    "omop-sql": "cohorts in SQL over OMOP tables, as a study on a research database would define them",
    "last-note": "keywords of the last visit's note alone",
    "majority": "always the most frequent answer of another cohort of the same scenario",
    "logistic-regression": "scikit-learn's logistic regression on the wide features of another cohort",
    "event-sequences": "logistic regression on sequences of up to three events of another cohort",
    "gradient-boosting": "scikit-learn's histogram gradient boosting on the wide features of another cohort",
}


def installed() -> dict[str, EntryPoint]:
    """Return the classifiers that installed packages offer, by name."""
    return installed_objects(GROUP)


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
    from nephrosyn.bench.classifiers import baselines, event_sequences, heuristics, icd_phenotype, linear, omop_sql

    shipped: dict[str, Classifier] = {
        "coded-care": heuristics.CODED_CARE,
        "icd-10-cm": icd_phenotype.ICD_PHENOTYPE,
        "omop-sql": omop_sql.OMOP_SQL,
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
    from nephrosyn.bench.classifiers.external import ExternalClassifier

    if name in SHIPPED:
        return _shipped(name)
    if name in criteria.sets() or name.endswith(".toml"):
        return SetClassifier(criteria.load(name))
    if name in (entries := installed()):
        return ExternalClassifier(name, path_of_entry(entries[name]))
    if (given := named_object(name)) is not None:
        return _user_classifier(name, given)
    like = nearest(name, titles())
    hint = f"; did you mean {like}?" if like else ""
    expected = "a name of `nephrosyn list classifiers`, a definition set's file, MODULE:NAME or FILE.py:NAME"
    raise BenchError([f"--classifier {name}: no such classifier; expected {expected}{hint}"])


def _user_classifier(option: str, given: NamedObject) -> Classifier:
    """Return a user's own classifier: of a file where a path is given, else of a module."""
    from nephrosyn.bench.classifiers.external import ExternalClassifier

    if given.name is not None and given.name in titles():
        raise BenchError(
            [f"--classifier {option}: {given.name} is the name of another classifier; choose a different name"]
        )
    if given.problem:
        raise BenchError([f"--classifier {option}: {given.problem}"])
    return ExternalClassifier(given.name or given.default_name, given.path)


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

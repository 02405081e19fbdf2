"""A definition set as a classifier of the observed record."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.classifiers.protocol import ReadyClassifier, ReadyFunction, Setup, ShownRecord
from nephrosyn.criteria import DefinitionSet


@dataclass(frozen=True)
class SetClassifier:
    """Classifies the record with a definition set.

    Attributes
    ----------
    definition : DefinitionSet
        The set.
    """

    definition: DefinitionSet

    @property
    def name(self) -> str:
        """The name of the set."""
        return self.definition.name

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Return the set, ready to answer in terms of the task."""
        task = replace(setup.task, definition=self.definition)

        def answer(shown: ShownRecord) -> pl.DataFrame:
            labels = criteria.classify(shown.tables, self.definition, "observed", keep_going=True)
            return task.answers(labels).drop("applies").rename({"answer": "predicted"})

        return ReadyFunction(answer)

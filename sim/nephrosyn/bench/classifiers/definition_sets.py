"""A definition set as a classifier: it judges the whole observed record at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.classifiers.protocol import Answering, Asked, Held, Shown
from nephrosyn.criteria import DefinitionSet


@dataclass(frozen=True)
class SetClassifier:
    """A definition set, asked what it says of the record it is shown.

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

    def ready(self, asked: Asked) -> Answering:
        """Return it ready to be asked."""
        task = replace(asked.task, definition=self.definition, until_days=None)

        def answer(shown: Shown) -> pl.DataFrame:
            labels = criteria.classify(shown.tables, self.definition, "observed", keep_going=True)
            return task.answers(labels).drop("applies").rename({"answer": "predicted"})

        return Held(answer)

"""A case as questions that stand alone: each with all that has been shown up to it.

Teaching software keeps questions, not cases. Names made here say where a question stands in its case; the ids of
options, questions and figures that the model carries never reach a file, so that none can give the key away.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from nephrosyn.errors import CasesError
from nephrosyn.teach.model import Case, CaseSet, Choice, Figure, Matching, Numeric, Stage


@dataclass(frozen=True)
class Item:
    """One question of a case.

    Attributes
    ----------
    case : Case
        Where it comes from.
    stage, number : int
        Its place, counted from 1: the stage, and the question within the stage.
    question : Choice, Numeric or Matching
        What is asked.
    """

    case: Case
    stage: int
    number: int
    question: Choice | Numeric | Matching

    @property
    def id(self) -> str:
        """Id within a set: the case's blinded id and the place."""
        return f"{self.case.id}-{self.stage}-{self.number}"

    @property
    def shown(self) -> tuple[Stage, ...]:
        """The stages whose sections are shown with this question."""
        return self.case.stages[: self.stage]

    @property
    def name(self) -> str:
        """Title, with stage and question where there are several."""
        stages, questions = len(self.case.stages), len(self.case.stages[self.stage - 1].questions)
        parts = [f"{self.case.title} ({self.case.id})"]
        parts += [f"stage {self.stage} of {stages}"] if stages > 1 else []
        parts += [f"question {self.number} of {questions}"] if questions > 1 else []
        return ", ".join(parts)

    @property
    def last(self) -> bool:
        """Whether nothing is asked after it, so that the whole answer may be told."""
        return self.stage == len(self.case.stages) and self.number == len(self.case.stages[-1].questions)

    @property
    def tags(self) -> tuple[str, ...]:
        """What teaching software may sort by, each without a blank."""
        # A case on several definition sets names them with commas, which part tags in some software.
        sets = self.case.criteria.replace(",", " ").split()
        told = ("nephrosyn", self.case.kind, f"difficulty-{self.case.difficulty}", *sets, *self.case.tags)
        return tuple(dict.fromkeys("-".join(tag.split()) for tag in told))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures shown, each file once."""
        found = [figure for stage in self.shown for section in stage.sections for figure in section.figures]
        return tuple({image_name(figure): figure for figure in found}.values())

    def closing(self) -> list[str]:
        """Paragraphs told after the answer, whatever it was."""
        told = [self.question.feedback] if isinstance(self.question, Choice) else []
        if isinstance(self.question, Matching):
            told += [f"{pair.premise}: {pair.answer}. {pair.feedback}" for pair in self.question.pairs]
        if self.last:
            told += [self.case.summary, f"How near another answer is: {self.case.margin}"]
        return [*filter(None, told), f"Judged by: {self.case.criteria_title}."]


def items(cases: CaseSet) -> Iterator[Item]:
    """Yield every question of a set, in the order of the set.

    Parameters
    ----------
    cases : CaseSet
        The set.
    """
    for case in cases.cases:
        for stage, part in enumerate(case.stages, 1):
            for number, question in enumerate(part.questions, 1):
                yield Item(case, stage, number, question)


def image_bytes(figure: Figure) -> bytes:
    """Return the PNG of a figure."""
    return base64.b64decode(figure.png_base64, validate=True)


def image_name(figure: Figure) -> str:
    """Return a file name made of nothing but the content of the picture, so that it tells nothing."""
    return f"nephrosyn-{hashlib.sha256(image_bytes(figure)).hexdigest()[:20]}.png"


def right_options(choice: Choice) -> list[bool]:
    """Say of each option whether it belongs to the key.

    Raises
    ------
    CasesError
        If the key is empty, or a single best answer has several.
    """
    right = [option.credit > 0 for option in choice.options]
    if not any(right) or (choice.kind == "single" and sum(right) != 1):
        raise CasesError(f"question {choice.id}: {sum(right)} right options of {len(right)}, {choice.kind} choice")
    return right


def answers(matching: Matching) -> list[str]:
    """Return every answer that can be chosen, once each, in alphabetical order: the order of the pairs is the key."""
    return sorted(
        {*(pair.answer for pair in matching.pairs), *matching.spare}, key=lambda text: (text.casefold(), text)
    )


def number_text(value: float) -> str:
    """Return a number as software reads it, without digits that only binary fractions have.

    Examples
    --------
    >>> number_text(0.1 + 0.2), number_text(12.0)
    ('0.3', '12')
    """
    return f"{value:.12g}"


def told_unit(question: Numeric) -> str:
    """Return what to say of the unit an answer is expected in."""
    return f"Answer in {question.unit}, the number only." if question.unit else "Answer with a number only."


def hint(question: Choice | Numeric | Matching) -> str:
    """Return how to answer, in one sentence; empty where it is plain."""
    if isinstance(question, Numeric):
        return told_unit(question)
    if isinstance(question, Matching):
        return "Each answer may be used once, more than once or not at all."
    return "Select every option that holds." if question.kind == "multiple" else ""

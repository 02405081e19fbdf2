"""Cases as separate questions, each with everything that has been shown up to it.

Teaching software stores questions, not cases. The names built here give the place of a question in its case; the ids of
options, questions and figures in the model never reach a file, so that none can give the key away.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from nephrosyn.errors import CasesError
from nephrosyn.teach.model import NOT_RATED, Case, CaseSet, Choice, Figure, Matching, Numeric, Stage


@dataclass(frozen=True)
class Item:
    """One question of a case.

    Attributes
    ----------
    case : Case
        The case.
    stage, number : int
        Stage, and question within the stage, both counted from 1.
    question : Choice, Numeric or Matching
        The question.
    """

    case: Case
    stage: int
    number: int
    question: Choice | Numeric | Matching

    @property
    def id(self) -> str:
        """Id within a set: the blinded id of the case, stage and number."""
        return f"{self.case.id}-{self.stage}-{self.number}"

    @property
    def shown(self) -> tuple[Stage, ...]:
        """The stages whose sections are shown with this question."""
        return self.case.stages[: self.stage]

    @property
    def name(self) -> str:
        """Title, with stage and number if there are several."""
        stages, questions = len(self.case.stages), len(self.case.stages[self.stage - 1].questions)
        parts = [f"{self.case.title} ({self.case.id})"]
        parts += [f"stage {self.stage} of {stages}"] if stages > 1 else []
        parts += [f"question {self.number} of {questions}"] if questions > 1 else []
        return ", ".join(parts)

    @property
    def last(self) -> bool:
        """Whether it is the last question of the case, so that the full answer may follow."""
        return self.stage == len(self.case.stages) and self.number == len(self.case.stages[-1].questions)

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags for teaching software, without spaces."""
        # A case on several definition sets lists them with commas, which separate tags in some software.
        sets = self.case.criteria.replace(",", " ").split()
        level = () if self.case.kind in NOT_RATED else (f"difficulty-{self.case.difficulty}",)
        tags = ("nephrosyn", self.case.kind, *level, *sets, *self.case.tags)
        return tuple(dict.fromkeys("-".join(tag.split()) for tag in tags))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures shown with the question, each file once."""
        figures = [figure for stage in self.shown for section in stage.sections for figure in section.figures]
        return tuple({image_name(figure): figure for figure in figures}.values())

    def closing(self) -> list[str]:
        """Paragraphs shown after any answer."""
        texts = [self.question.feedback] if isinstance(self.question, Choice) else []
        if isinstance(self.question, Matching):
            texts += [f"{pair.premise}: {pair.answer}. {pair.feedback}" for pair in self.question.pairs]
        if self.last:
            texts.append(self.case.summary)
            texts += [f"What would change the answer: {self.case.margin}"] if self.case.margin else []
        return [*filter(None, texts), f"Definition set: {self.case.criteria_title}."]


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
    """Return a file name that depends on the content of the picture only, so that it gives nothing away."""
    return f"nephrosyn-{hashlib.sha256(image_bytes(figure)).hexdigest()[:20]}.png"


def right_options(choice: Choice) -> list[bool]:
    """Return for each option whether it belongs to the key.

    Raises
    ------
    CasesError
        If no option is right, or several options of a single best answer are.
    """
    right = [option.credit > 0 for option in choice.options]
    if not any(right) or (choice.kind == "single" and sum(right) != 1):
        raise CasesError(f"question {choice.id}: {sum(right)} right options of {len(right)}, {choice.kind} choice")
    return right


def possible_answers(matching: Matching) -> list[str]:
    """Return every possible answer once, in alphabetical order, because the order of the pairs gives the key away."""
    return sorted(
        {*(pair.answer for pair in matching.pairs), *matching.spare}, key=lambda text: (text.casefold(), text)
    )


def number_text(value: float) -> str:
    """Return a number as text, without the rounding errors of binary fractions.

    Examples
    --------
    >>> number_text(0.1 + 0.2), number_text(12.0)
    ('0.3', '12')
    """
    return f"{value:.12g}"


def unit_hint(question: Numeric) -> str:
    """Return a sentence on the unit of the answer."""
    return f"Answer in {question.unit}, the number only." if question.unit else "Answer with a number only."


def hint(question: Choice | Numeric | Matching) -> str:
    """Return how to answer, in one sentence; empty if it is obvious."""
    if isinstance(question, Numeric):
        return unit_hint(question)
    if isinstance(question, Matching):
        return "Each answer may be used once, more than once or not at all."
    return "Select all options that apply." if question.kind == "multiple" else ""

"""The result of one classifier on a suite: a JSON file with a schema."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from nephrosyn import __version__, vocabulary
from nephrosyn.bench.suite.definition import Definition
from nephrosyn.bench.suite.frozen import Frozen
from nephrosyn.bench.suite.scores import Evaluation, Stored

FORMAT = "nephrosyn-suite-result-1"
SUFFIX = ".json"
SCHEMA = Path(__file__).parent / "result.schema.json"
SOFTWARE = ("numpy", "scipy", "polars", "scikit-learn")
COMPARED = ("format", "suite", "classifier", "tasks", "without_score")
"""Parts of a result that the digest covers: not the environment, and no time."""
Kind = Literal["definition set", "shipped", "user", "predictions"]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class SuiteOfResult(Stored):
    """The suite that a result is about.

    Attributes
    ----------
    name : str
        Name of the suite.
    digest : str
        One digest of all its tables.
    definition_sha256 : str
        Digest of its definition.
    """

    name: str
    digest: Digest
    definition_sha256: Digest


class ClassifierOfResult(Stored):
    """The classifier.

    Attributes
    ----------
    name : str
        Name on the leaderboard.
    kind : {"definition set", "shipped", "user", "predictions"}
        Where it comes from.
    sha256 : str
        Digest of its definition set, of its source file, or of the files of predictions.
    description : str
        A line about it.
    """

    name: str = Field(min_length=1, max_length=60)
    kind: Kind
    sha256: Digest
    description: str = Field("", max_length=300)


class Environment(Stored):
    """Where the result was computed.

    Attributes
    ----------
    nephrosyn, python, platform : str
        Versions, and the system with its processor.
    packages : dict of str to str
        Versions of packages.
    """

    nephrosyn: str
    python: str
    platform: str
    packages: dict[str, str]


class RunOfResult(Stored):
    """How long it took; not part of what is compared.

    Attributes
    ----------
    seconds : float or None, s
        Time that the classifier took to be fitted and to answer; None for predictions from files.
    """

    seconds: float | None = Field(ge=0, allow_inf_nan=False)


class Result(Stored):
    """The result of one classifier.

    Attributes
    ----------
    format : str
        Name and version of this format.
    notice : str
        What the data are.
    suite : SuiteOfResult
        The suite.
    classifier : ClassifierOfResult
        The classifier.
    environment : Environment
        Versions.
    run : RunOfResult
        Time.
    tasks : dict of str to dict of str to Evaluation
        The scores by task and split. A task is complete or absent.
    without_score : dict of str to str
        Tasks in which the classifier could not answer, and why.
    result_sha256 : str
        Digest of what is compared.
    """

    format: Literal["nephrosyn-suite-result-1"]
    notice: Literal["Synthetic data from a simulation. Not for clinical use."]
    suite: SuiteOfResult
    classifier: ClassifierOfResult
    environment: Environment
    run: RunOfResult
    tasks: dict[str, dict[str, Evaluation]]
    without_score: dict[str, str] = Field(default_factory=dict)
    result_sha256: Digest

    def text(self) -> str:
        """Return the result as JSON."""
        return as_text(self.model_dump(mode="json"))


def as_text(content: Mapping[str, Any]) -> str:
    """Return JSON with a line for each condition and score table, which is short and still readable."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    lines: list[str] = []
    depth = 0
    for line in text.splitlines():
        stripped = line.strip()
        indent = len(line) - len(stripped)
        if indent > DEEPEST_LINE:
            lines[-1] += stripped if stripped[0] in "]}" else f" {stripped}" if depth == indent else stripped
        else:
            lines.append(line)
        depth = indent
    return "\n".join(lines) + "\n"


DEEPEST_LINE = 5
"""Deeper values do not begin a line."""


def compared_digest(content: Mapping[str, Any]) -> str:
    """Return the digest of what is compared: canonical JSON of the parts in `COMPARED`."""
    parts = {name: content.get(name) for name in COMPARED}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def build_result(
    definition: Definition,
    frozen: Frozen,
    classifier: ClassifierOfResult,
    tasks: Mapping[str, Mapping[str, Evaluation]],
    without_score: Mapping[str, str],
    seconds: float | None,
) -> Result:
    """Return the result of one classifier.

    Parameters
    ----------
    definition, frozen : Definition, Frozen
        The suite.
    classifier : ClassifierOfResult
        The classifier.
    tasks : mapping of str to mapping of str to Evaluation
        Scores by task and split.
    without_score : mapping of str to str
        Tasks without a score, and why.
    seconds : float or None, s
        Time that it took.
    """
    suite = SuiteOfResult(name=definition.name, digest=frozen.digest, definition_sha256=definition.sha256)
    result = Result(
        format="nephrosyn-suite-result-1",
        notice="Synthetic data from a simulation. Not for clinical use.",
        suite=suite,
        classifier=classifier,
        environment=environment(),
        run=RunOfResult(seconds=seconds if seconds is None else round(seconds, 1)),
        tasks={name: dict(tasks[name]) for name in definition.tasks if name in tasks},
        without_score=dict(sorted(without_score.items())),
        result_sha256="0" * 64,
    )
    return result.model_copy(update={"result_sha256": compared_digest(result.model_dump(mode="json"))})


def environment() -> Environment:
    """Return the versions here."""
    return Environment(
        nephrosyn=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages={name: version(name) for name in SOFTWARE},
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a result file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": vocabulary.NOTICE,
        **Result.model_json_schema(mode="serialization"),
        "title": "Result of a classifier on a suite of nephrosyn",
    }


def file_name(name: str, taken: Sequence[str] = ()) -> str:
    """Return the name of the file of a classifier's result: letters, digits, dots, hyphens and underscores.

    Examples
    --------
    >>> file_name("rules:latest ratio"), file_name("a:b", ["a-b.json"])
    ('rules-latest-ratio.json', 'a-b-2.json')
    """
    plain = (
        "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name).strip(".") or "classifier"
    )
    names = [f"{plain}{SUFFIX}", *(f"{plain}-{number}{SUFFIX}" for number in range(2, len(taken) + 3))]
    return next(candidate for candidate in names if candidate not in taken)

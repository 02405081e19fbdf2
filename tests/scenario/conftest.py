"""Small scenario files: changes of the shipped baseline."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nephrosyn.errors import Problem, ScenarioError
from nephrosyn.scenario import load

Write = Callable[..., Path]
Problems = Callable[..., dict[str, Problem]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a scenario file; by default one that extends the baseline."""

    def write_file(text: str, name: str = "own.toml", extends: str | None = "baseline") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((f'extends = "{extends}"\n' if extends else "") + text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def problems(write: Write) -> Problems:
    """Load an invalid change of the baseline; return its problems by path."""

    def load_wrong(text: str = "", overrides: tuple[str, ...] = ()) -> dict[str, Problem]:
        with pytest.raises(ScenarioError) as caught:
            load(write(text), overrides)
        return {problem.path: problem for problem in caught.value.problems}

    return load_wrong

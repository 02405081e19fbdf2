"""The how-to pages that show output show what their blocks print."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


def _bash(code: str, names: dict[str, object]) -> str:
    for command in code.splitlines():
        result = CliRunner().invoke(app, shlex.split(command)[1:], prog_name="nephrosyn")
        assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"
    return ""


def _python(code: str, names: dict[str, object]) -> str:
    with redirect_stdout(StringIO()) as printed:
        exec(compile(code, "page", "exec"), names)
    return printed.getvalue()


def _sql(code: str, names: dict[str, object]) -> str:
    import duckdb

    return str(duckdb.sql(code))


def _r(code: str, names: dict[str, object]) -> str:
    assert shutil.which("Rscript"), "R is missing: apt-get install r-base-core"
    Path("block.R").write_text(code, encoding="utf-8")
    done = subprocess.run(["Rscript", "--vanilla", "block.R"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


PLAYERS = {"bash": _bash, "python": _python, "sql": _sql, "r": _r}


def play(page: str) -> dict[str, int]:
    """Run the blocks of a page and compare their output; R's `arrow` is not run."""
    names: dict[str, object] = {}
    played: dict[str, int] = {}
    for language, needs, code, shown in BLOCK.findall((HOW_TO / page).read_text(encoding="utf-8")):
        if needs == "arrow":
            continue
        printed = PLAYERS[language](code, names)
        assert printed.rstrip() == shown.rstrip(), f"{page}: output of\n{code}"
        played[language] = played.get(language, 0) + 1
    return played


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the clients
@pytest.mark.parametrize(
    ("page", "blocks"),
    [
        ("query-a-run-folder.md", {"bash": 1, "sql": 5, "python": 2, "r": 1}),
        ("export-fhir.md", {"bash": 1, "python": 1, "sql": 1}),
        ("own-perturbation.md", {"python": 3, "bash": 1}),
        ("recipes.md", {"python": 9}),
    ],
)
def test_pages_show_what_their_blocks_print(page, blocks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert play(page) == blocks

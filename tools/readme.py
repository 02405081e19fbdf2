"""Update the output of ``make run`` in the README, and its figure: ``make docs``. A test checks both."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import textwrap
from pathlib import Path

from nephrosyn.cli.app import app

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FIGURE = ROOT / "docs" / "figures" / "answer.svg"
COMMAND = ["run", "baseline", "--patients", "1000", "--overwrite"]
PLACE = re.compile(r"(<!-- begin: printed by make run -->\n).*?(<!-- end -->\n)", re.DOTALL)
WIDTH = 110


def answer(folder: Path) -> tuple[str, str]:
    """Return what ``make run`` prints and the figure of its answer; the run is written into `folder`."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        app(COMMAND, standalone_mode=False)
    (figure,) = folder.glob("outputs/baseline-*/figures/answer.svg")
    lines = (textwrap.fill(line, WIDTH, replace_whitespace=False) for line in printed.getvalue().splitlines())
    return "\n".join(lines) + "\n", figure.read_text(encoding="utf-8")


def filled(readme: str, printed: str) -> str:
    """Return the README with the printed output inserted."""
    return PLACE.sub(lambda match: f"{match[1]}```text\n{printed}```\n{match[2]}", readme)


def main() -> None:
    """Write the README and the figure."""
    with tempfile.TemporaryDirectory() as folder:
        printed, figure = answer(Path(folder))
    README.write_text(filled(README.read_text(encoding="utf-8"), printed), encoding="utf-8")
    FIGURE.parent.mkdir(exist_ok=True)
    FIGURE.write_text(figure, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Builds the scripts of the page that ``nephrosyn explore`` writes: its modules in one file each, without comments.

They are kept in the repository, so that nobody needs Node to make a page: ``npm ci --prefix tools/page`` first, then
``python tools/build_page.py``. A test builds them again and compares.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "sim" / "nephrosyn" / "explore" / "page"
BUILT = ROOT / "sim" / "nephrosyn" / "explore" / "built"
PROJECT = ROOT / "tools" / "page"
SCRIPTS = ("main", "worker")
OPTIONS = ("--bundle", "--minify", "--format=iife", "--target=es2022", "--charset=utf8", "--legal-comments=inline")
NOTICE = "/* nephrosyn; with d3-scale, d3-shape and what they need, copyright Mike Bostock, ISC licence: see NOTICE */"


def build(name: str) -> str:
    """Return a script: the module of this name with all that it imports.

    Raises
    ------
    SystemExit
        If esbuild is not installed, or refuses a module.
    """
    program = PROJECT / "node_modules" / ".bin" / "esbuild"
    if not program.exists():
        sys.exit("esbuild is missing: npm ci --prefix tools/page")
    command = [str(program), str(SOURCES / f"{name}.mjs"), *OPTIONS, "--log-level=warning"]
    environment = {**os.environ, "NODE_PATH": str(PROJECT / "node_modules")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode or done.stderr:
        sys.exit(done.stderr or f"esbuild ended with code {done.returncode}")
    return f"{NOTICE}\n{done.stdout}"


def main() -> None:
    """Build all scripts and write those that differ."""
    BUILT.mkdir(exist_ok=True)
    for name in SCRIPTS:
        text, file = build(name), BUILT / f"{name}.js"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
        print(f"{len(text.encode()):>9,} bytes  {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

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
WITH_FOREIGN = ("main",)
FOREIGN = ("d3-*", "internmap")
"""Packages of other authors that are in the scripts; all have the ISC licence, which must be in each copy."""


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
    return f"{licences()}\n{done.stdout}" if name in WITH_FOREIGN else done.stdout


def licences() -> str:
    """Return a comment with the copyright of the packages that are in the scripts, and their common licence."""
    found: dict[str, list[str]] = {}
    for folder in sorted(path for pattern in FOREIGN for path in (PROJECT / "node_modules").glob(pattern)):
        copyright_line, _, permission = (folder / "LICENSE").read_text(encoding="utf-8").partition("\n")
        found.setdefault(copyright_line.strip(), []).append(folder.name)
    lines = [f"{', '.join(names)}: {copyright_line}" for copyright_line, names in found.items()]
    return "\n".join(["/* This page contains the packages", *lines, permission.strip(), "*/"])


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

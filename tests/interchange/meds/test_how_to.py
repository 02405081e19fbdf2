"""The how-to page about MEDS: its commands and its client print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "export-meds.md"
BLOCK = re.compile(r"^```(yaml|bash|python meds|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_page_shows_what_its_blocks_print(cli, client, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    printed, shown = "", 0
    for language, content in BLOCK.findall(PAGE.read_text("utf-8")):
        if language == "yaml":
            (tmp_path / "task.yaml").write_text(content, encoding="utf-8")
        elif language == "bash":
            results = [cli(*shlex.split(line)[1:]) for line in content.splitlines()]
            assert all(result.exit_code == 0 for result in results), [result.stderr for result in results]
            printed = results[-1].stdout
        elif language == "python meds":
            result = client("python", "-c", content)
            assert result.returncode == 0, result.stderr
            printed = result.stdout
        elif language == "python":
            exec(compile(content, PAGE.name, "exec"), {})
            assert capsys.readouterr().out.strip() == "600"
        else:
            assert content.split() == printed.replace(f"{tmp_path}/", "").split()
            shown += 1
    assert shown == 3

"""A learning management system for the tests: learners with their records, and browsers they sit at."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from ..page.reader import Reader

PAGE = """<!doctype html><html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>LMS</title></head>
<body><script src="lms.js"></script></body></html>"""
Record = dict[str, str]


def installed(package: bytes, folder: Path) -> None:
    """Unpack a package into the folder a system serves, beside the system itself."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder)
    (folder / "lms.html").write_text(PAGE, encoding="utf-8")
    (folder / "lms.js").write_bytes(Path(__file__).with_name("lms.js").read_bytes())


class System:
    """What a system keeps of each learner, and the one page that is open."""

    def __init__(self, reader: Reader, address: str) -> None:
        self.reader, self.address = reader, address
        self.records: dict[str, Record] = {}
        self.learner = ""

    def ask(self, question: str) -> Any:
        return self.reader.ask(question)

    def launch(self, learner: str, browser: str | None = None, **how: Any) -> None:
        """A learner opens the quiz at a browser."""
        self.learner = learner
        self.reader.open(f"{self.address}/lms.html", browser=browser)
        record = self.records.get(learner)
        held = f"enrolled({json.dumps(learner)})" if record is None else json.dumps(record)
        self.records[learner] = self.ask(f"launch({held}, {json.dumps(how)})")

    def answer(self, at: str, value: Any) -> Record:
        """Give an answer, and return what the system keeps after it."""
        return self.ask(f"answer({json.dumps(at)}, {json.dumps(value)})")

    def leave(self) -> Record:
        """Close the quiz and the tab, and return what the system keeps."""
        self.records[self.learner] = self.ask("leave()")
        self.reader.close()
        return self.records[self.learner]

    def crash(self) -> None:
        """Close the tab without a signal; the system keeps what was committed."""
        self.records[self.learner] = self.ask("stored()")
        self.reader.close()

    def calls(self, verb: str) -> list[str]:
        return self.ask(f"calls({json.dumps(verb)})")

    def seen(self, selector: str) -> str:
        return self.ask(f"seen({json.dumps(selector)})")

    def visible(self, selector: str) -> bool:
        return self.ask(f"visible({json.dumps(selector)})")

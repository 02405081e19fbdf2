"""A headless Chromium, spoken to through its debugging pipe: what a page asks for, says and shows."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-popup-blocking",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
)
PATIENCE_SECONDS = 60.0


@dataclass
class Visit:
    """One page as the browser met it."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    picture: bytes = b""


QUESTIONS = {
    "text": "document.body.innerText",
    "wide": "document.documentElement.scrollWidth",
    "inner": "window.innerWidth",
    "figures": "document.querySelectorAll('svg[role=img]').length",
    "tables": "document.querySelectorAll('table').length",
}
SIZES = {"desk": (1280, 900), "phone": (390, 844)}
"""What a page of one piece is asked, and at which sizes."""


class Browser:
    """Chromium with a profile of its own; use as a context manager."""

    def __init__(self, profile: Path) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        assert program, "chromium is missing: apt-get install chromium"
        hear, self._out = os.pipe()
        self._in, speak = os.pipe()
        # Chromium listens on descriptor 3 and speaks on 4.
        line = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", line, "browser", str(hear), str(speak), *command],
            pass_fds=(hear, speak),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(hear)
        os.close(speak)
        self._count = 0
        self._rest = b""
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._out, self._in):
            os.close(end)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _message(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], deadline - time.monotonic())
            assert ready, "chromium does not answer"
            more = os.read(self._in, 1 << 16)
            assert more, "chromium has ended"
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def _ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._count:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._events.append(answer)

    def _until(self, method: str) -> None:
        while not any(event.get("method") == method for event in self._events):
            self._events.append(self._message())

    def visit(self, page: Path | str, width: int, height: int, questions: dict[str, str]) -> Visit:
        """Open a page and ask it JavaScript questions.

        Parameters
        ----------
        page : Path or str
            The file, or an address.
        width, height : int
            Size of the window, in CSS pixels.
        questions : dict of str to str
            Name of the answer and expression.
        """
        self._events.clear()
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Network", "Runtime", "Log", "Page"):
            self._ask(f"{domain}.enable", session)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", session, **size)
        self._events.clear()
        self._ask("Page.navigate", session, url=page if isinstance(page, str) else page.resolve().as_uri())
        self._until("Page.loadEventFired")
        seen = Visit()
        for name, question in questions.items():
            answer = self._ask("Runtime.evaluate", session, expression=question, returnByValue=True, awaitPromise=True)
            seen.answers[name] = answer["result"].get("value")
        seen.picture = base64.b64decode(self._ask("Page.captureScreenshot", session, format="png")["data"])
        for event in self._events:
            self._note(seen, event.get("method", ""), event.get("params", {}))
        self._ask("Target.closeTarget", targetId=target)
        return seen

    @staticmethod
    def _note(seen: Visit, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            seen.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            seen.complaints.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("warning", "error"):
            seen.complaints.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("warning", "error", "assert"):
            seen.complaints.append(str(told["args"]))

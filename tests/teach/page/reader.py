"""A reader of a page, who opens it from disk, presses keys, looks at it, prints it and comes back to it."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

from ...browser import PATIENCE_SECONDS, Browser

KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Space": (32, " "),
    "ArrowDown": (40, ""),
    "ArrowRight": (39, ""),
    "Escape": (27, ""),
}


class Reader(Browser):
    """A browser with one page open at a time, driven by keys alone."""

    def fresh(self) -> str:
        """Make a browser that shares nothing with the others, and return its name."""
        return str(self._ask("Target.createBrowserContext")["browserContextId"])

    def open(
        self, page: Path | str, width: int = 1200, height: int = 900, before: str = "", browser: str | None = None
    ) -> None:
        """Open a file or an address in a new tab; ``before`` is JavaScript that runs before the page's own."""
        where = {} if browser is None else {"browserContextId": browser}
        self._target = self._ask("Target.createTarget", url="about:blank", **where)["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Network", "Runtime", "Log", "Page"):
            self.do(f"{domain}.enable")
        self.size(width, height)
        if before:
            self.do("Page.addScriptToEvaluateOnNewDocument", source=before)
        self._events.clear()
        self.do("Page.navigate", url=page if isinstance(page, str) else page.resolve().as_uri())
        self._until("Page.loadEventFired")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(method, self._session, **parameters)

    def close(self) -> None:
        self._ask("Target.closeTarget", targetId=self._target)

    def again(self) -> None:
        """Load the page anew."""
        self._events[:] = [event for event in self._events if event.get("method") != "Page.loadEventFired"]
        self.do("Page.reload")
        self._until("Page.loadEventFired")

    def size(self, width: int, height: int = 900) -> None:
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, kind: str = "", scheme: str = "light") -> None:
        """Show the page as on paper (``print``), or in the dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.do("Emulation.setEmulatedMedia", media=kind, features=features)

    def ask(self, question: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.do("Runtime.evaluate", expression=question, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, question: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.ask(question):
            assert time.monotonic() < deadline, f"never came true: {question}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        for key in keys:
            code, text = KEYS.get(key, (ord(key[0].upper()), key))
            told = {"key": " " if key == "Space" else key, "windowsVirtualKeyCode": code}
            self.do("Input.dispatchKeyEvent", type="keyDown", text=text, **told)
            self.do("Input.dispatchKeyEvent", type="keyUp", **told)

    def tab_to(self, selector: str, most: int = 120) -> None:
        """Press Tab until the focus is on what the selector names."""
        for _ in range(most):
            if self.focused(selector):
                return
            self.press("Tab")
        raise AssertionError(f"no Tab leads to {selector}")

    def focused(self, selector: str) -> bool:
        return bool(self.ask(f"document.activeElement.matches({json.dumps(selector)})"))

    def go(self, view: str) -> None:
        """Follow an address within the page."""
        self.ask(f"location.hash = {json.dumps('#' + view)}")
        self.wait(f"document.getElementById({json.dumps(view)}).classList.contains('on')")

    def shows(self, selector: str) -> bool:
        """Whether the first such element can be seen."""
        return bool(self.ask(f"document.querySelector({json.dumps(selector)}).checkVisibility()"))

    def text(self, selector: str = "body") -> str:
        return str(self.ask(f"document.querySelector({json.dumps(selector)}).innerText"))

    def picture(self, whole: bool = True) -> bytes:
        return base64.b64decode(self.do("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def complaints(self) -> list[str]:
        """Everything the browser warned of, and every request for anything but the file itself."""
        told = []
        for event in self._events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("data:", "file:")):
                told.append(params["request"]["url"])
            elif method == "Runtime.exceptionThrown":
                told.append(str(params["exceptionDetails"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
                told.append(params["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("warning", "error", "assert"):
                told.append(str(params["args"]))
        return told

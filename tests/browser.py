"""A headless Chromium, driven through its debugging pipe; nothing but the standard library."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_SECONDS = 60


def find_browser() -> str | None:
    """A Chromium on the path, or one that playwright installed."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    if os.access(_ON_MAC, os.X_OK):
        return _ON_MAC
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    own = sorted(cache.glob("chromium*/*/chrome")) + sorted(
        cache.glob("chromium*/*/headless_shell")
    )
    return str(own[-1]) if own else None


class Page:
    """One tab."""

    def __init__(self, process: subprocess.Popen[bytes], inwards: int, outwards: int) -> None:
        self._process, self._in, self._out = process, inwards, outwards
        self._number, self._buffer, self._session = 0, b"", ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Load a page and wait for it."""
        self._call("Page.navigate", {"url": url})
        self.wait("document.readyState === 'complete'")

    def run(self, code: str) -> Any:
        """The value of an expression; a promise is awaited."""
        answer = self._call(
            "Runtime.evaluate",
            {"expression": code, "returnByValue": True, "awaitPromise": True},
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, code: str, do: Callable[[], None] = lambda: None) -> None:
        """Do something until an expression is true; a page not yet drawn loses mouse events."""
        until = time.monotonic() + _SECONDS
        do()
        while not self.run(code):
            assert time.monotonic() < until, f"never true: {code}"
            time.sleep(0.05)
            do()

    def move(self, x: float, y: float) -> None:
        """The mouse."""
        self._call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def key(self, name: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", {"type": kind, "key": name})

    def _call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params or {}}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif event.get("method") == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")
        elif event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            block = os.read(self._out, 1 << 16)
            assert block, "the browser ended"
            self._buffer += block
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def browser_page(
    program: str, profile: Path, width: int = 1200, height: int = 900
) -> Iterator[Page]:
    """Start a browser with one tab; it ends with the block."""
    read_in, write_in = os.pipe()
    read_out, write_out = os.pipe()

    def wire() -> None:  # the browser reads from descriptor 3 and writes to 4
        first, second = os.dup(read_in), os.dup(write_out)
        os.dup2(first, 3)
        os.dup2(second, 4)

    process = subprocess.Popen(
        [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
         f"--user-data-dir={profile}", f"--window-size={width},{height}", "--no-first-run",
         "--disable-dev-shm-usage", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        close_fds=False, preexec_fn=wire, start_new_session=True,
    )  # fmt: skip
    os.close(read_in)
    os.close(write_out)
    try:
        yield Page(process, write_in, read_out)
    finally:
        process.kill()
        process.wait()
        os.close(write_in)
        os.close(read_out)

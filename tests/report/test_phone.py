"""The page on a screen as wide as a hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import browser_page, find_browser

Cli = Callable[..., tuple[int, str, str]]
PHONE = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
MIDDLE = "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
POINT = "document.querySelectorAll('svg.map .point')[5]"


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the path, none of playwright's")
def test_nothing_is_wider_than_a_phone_and_a_finger_finds_a_point(
    run_folder: Path, run_cli: Cli, tmp_path: Path
) -> None:
    assert run_cli("report", run_folder, "--map-words", 24)[0] == 0
    program = find_browser()
    assert program is not None
    with browser_page(program, tmp_path / "profile") as page:
        page._call("Emulation.setDeviceMetricsOverride", PHONE)
        page.open((run_folder / "report.html").as_uri())
        page.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.run("[innerWidth, document.documentElement.scrollWidth]") == [390, 390]
        page.run(f"{POINT}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        x, y = page.run(f"{MIDDLE}({POINT}.getBoundingClientRect())")
        # In one go: the browser's own mouse, which rests elsewhere, must not come in between.
        is_hidden, hits = page.run(
            f"(document.querySelector('svg.map').dispatchEvent(new MouseEvent('click', "
            f"{{clientX: {x + 3}, clientY: {y + 3}, bubbles: true}})), "
            "[document.getElementById('tip').hidden, document.querySelectorAll('.hit').length])"
        )
        assert not is_hidden
        assert hits == 2, "in both maps"
        assert page.complaints == []

"""What a stage says on the way goes to standard error, a warning with its mark."""

from __future__ import annotations

import pytest

from x2static.core.messages import say, warn


def test_lines_go_to_standard_error_and_warnings_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    say("100 sentences")
    warn("de.vec: 3 rows left out")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "100 sentences\nwarning: de.vec: 3 rows left out\n"

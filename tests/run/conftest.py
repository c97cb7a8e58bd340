"""``x2static run`` as a process, ended with the test that started it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

import pytest

from tests.run import small_run

Start = Callable[..., "Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """`small_run.start`; whatever is left of it is killed in the end."""
    begun: list[Popen[bytes]] = []

    def start(file: Path, *options: object, **variables: object) -> Popen[bytes]:
        begun.append(small_run.start(file, *options, **variables))
        return begun[-1]

    yield start
    for process in begun:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

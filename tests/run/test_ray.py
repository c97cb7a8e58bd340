"""Tasks on a real Ray cluster, whose workers are killed in the middle."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.run.small_run import (
    checkpoints,
    contents,
    finish,
    said,
    wait_for,
    worker_of,
    write_workbench,
)

pytest.importorskip("ray")
pytestmark = pytest.mark.timeout(400)
ONLY = ("--only", "prepare", "distill")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbench that has been run on this machine alone."""
    file = write_workbench(tmp_path_factory.mktemp("whole"))
    finish(file, *ONLY)
    return file


def test_a_killed_worker_s_task_goes_on_and_ends_in_the_same_bytes(file, tmp_path, start):
    torn = write_workbench(tmp_path)
    process = start(torn, *ONLY, "--ray", "local")
    worker = wait_for(lambda: worker_of(process, "distill"), process, torn)
    wait_for(lambda: checkpoints(tmp_path / "run/vectors/en"), process, torn)
    os.kill(worker, signal.SIGKILL)
    assert process.wait() == 0, said(torn).read_text()
    log = (tmp_path / "run/logs/en.distill.log").read_text()
    assert log.count("=== ") == 2  # begun twice
    assert contents(tmp_path / "run") == contents(file.parent / "run")


def test_workers_with_folders_of_their_own_share_a_store(file, tmp_path, start):
    torn = write_workbench(tmp_path, f'store = "file://{tmp_path}/store"\n')
    finish(torn, "--only", "prepare")  # here; the store has it
    process = start(torn, *ONLY, "--ray", "local", X2STATIC_NODE_FOLDER=tmp_path / "node")
    node = tmp_path / "node" / f"{tmp_path}/store".strip("/").replace("/", "-")
    worker = wait_for(lambda: worker_of(process, "distill"), process, torn)
    wait_for(lambda: checkpoints(node / "vectors/en"), process, torn)
    assert not (tmp_path / "run/vectors/en").exists()
    os.kill(worker, signal.SIGKILL)
    assert process.wait() == 0, said(torn).read_text()
    expected = contents(file.parent / "run")
    for folder in ("run", "store", node):
        assert contents(tmp_path / folder) == expected
    log = "logs/en.distill.log"
    assert (tmp_path / "run" / log).read_text() == (node / log).read_text()
    assert "(2 kept from before)" in finish(torn, *ONLY)

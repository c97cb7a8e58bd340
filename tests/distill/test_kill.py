"""Kill -9 at random moments: the command goes on and ends in the bytes of an unbroken run."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

KILLS = 10  # of each kind of run


def run_distill(arguments: list[str]) -> None:
    """What each process does; pools are small so that there is much to interrupt."""
    import torch

    from x2static.cli import run
    from x2static.distill.learning import materials

    torch.set_num_threads(1)
    materials._POOL_SENTENCES = 32
    run(arguments)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "extra", [("--epochs", "3"), ("--preset", "default")], ids=["store", "one"]
)
def test_killed_at_random_moments_ends_in_the_same_bytes(tmp_path, corpus, teacher_folder, extra):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "transformers", "x2static.distill.stage"])

    def start(output: Path) -> multiprocessing.process.BaseProcess:
        arguments = [
            "distill", "--corpus", str(corpus), "--teacher", str(teacher_folder), "--output",
            str(output), "--device", "cpu", "--min-count", "2", "--preset", "paper",
            "--threshold", "0.01", "--checkpoint-minutes", "0", "--resume", *extra,
        ]  # fmt: skip
        process = context.Process(target=run_distill, args=(arguments,))
        process.start()
        return process

    began = time.monotonic()
    process = start(tmp_path / "whole")
    process.join()
    unbroken = time.monotonic() - began
    expected = (tmp_path / "whole" / "vectors.safetensors").read_bytes()

    draw, kills, round_number = random.Random(7), 0, 0
    while kills < KILLS:
        output = tmp_path / f"torn-{round_number}"
        process = start(output)
        process.join(timeout=draw.uniform(0.05, 1.1) * unbroken)
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
            continue
        assert process.exitcode == 0
        assert (output / "vectors.safetensors").read_bytes() == expected
        round_number += 1
    process = start(tmp_path / f"torn-{round_number}")
    process.join()
    assert (tmp_path / f"torn-{round_number}" / "vectors.safetensors").read_bytes() == expected
    left = [path.name for path in tmp_path.iterdir()]
    assert not [name for name in left if "unfinished" in name or name.startswith(".")]

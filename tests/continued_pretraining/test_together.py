"""Several processes: one voice, every complaint, and no learning that one alone would not do."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import torch

from continued_pretraining.processes import Processes
from continued_pretraining.training.optimizer import make_optimizer
from tests.continued_pretraining.test_runs import CONTEXT, flags, together


def test_a_signal_to_one_stops_all_with_one_message(tmp_path, data, model_folder):
    arguments = flags(data, model_folder, tmp_path / "out", "--loss", "none", "--steps", 3000)
    children = together(arguments)
    log = tmp_path / "out.unfinished" / "curve.jsonl"
    while all(child.process.is_alive() for child in children) and not (
        log.exists() and log.read_text().count("\n") > 3
    ):
        time.sleep(0.02)
    assert children[1].process.pid is not None
    os.kill(children[1].process.pid, signal.SIGTERM)
    ends = [child.finish() for child in children]
    assert [code for code, _, _ in ends] == [0, 0], ends
    assert "resume with the same command" in ends[0][1]
    assert ends[1][1] == ""


def test_more_processes_than_items_is_one_clear_line_from_each(tmp_path, data, model_folder):
    arguments = flags(data, model_folder, tmp_path / "out", "--mlm-batch", 1)
    ends = [child.finish() for child in together(arguments)]
    assert [code for code, _, _ in ends] == [2, 2], ends
    line = (
        "error: --mlm-batch 1: 2 processes share an update; give at least 2, or start fewer "
        "processes\n"
    )
    assert line in ends[0][2]
    assert f"[rank 1] {line}" in ends[1][2]


def learn(environment: dict[str, str], output: Path) -> None:
    """One step with weight decay of three weights: of all, of the second process, of none."""
    os.environ.update(environment)
    processes = Processes("cpu")
    of_all, of_second, of_none = weights = [torch.nn.Parameter(torch.ones(2, 2)) for _ in range(3)]
    named = [(str(number), weight) for number, weight in enumerate(weights)]
    optimizer = make_optimizer(named, 0.1, (0.9, 0.999), 0.5)
    loss = of_all.sum() + (of_second.sum() if processes.rank == 1 else 0)
    loss.backward()
    processes.sum_gradients(weights)
    optimizer.step()
    found = [weight.detach().flatten()[0].item() for weight in (of_all, of_second, of_none)]
    (output / f"{processes.rank}.json").write_text(json.dumps(found))
    processes.wait()


def test_what_no_loss_reaches_does_not_decay(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    children = [
        CONTEXT.Process(
            target=learn, args=({**meeting, "RANK": str(rank), "LOCAL_RANK": str(rank)}, tmp_path)
        )
        for rank in (0, 1)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    assert first[0] < 1
    assert first[1] < 1
    assert first[2] == 1

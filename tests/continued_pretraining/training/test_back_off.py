"""A GPU without room: what a run gives up, and what it says when that is not enough."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from continued_pretraining.training.loop import Loop
from continued_pretraining.training.update import Updater
from continued_pretraining.training.validation import Validator
from tests.continued_pretraining.test_runs import flags
from x2static.core.errors import ConfigError

MORE = ("--loss", "mse", "--steps", "2", "--micro-tokens", "200")


def test_a_full_gpu_keeps_no_ways_through_the_model(
    tmp_path, data, model_folder, run_cli, monkeypatch
):
    run, tried = Updater.run, []

    def run_crowded(self, step):
        tried.append((self.reader.budget, self.objectives.whole[0].aligner.budget, self.held))
        if self.held:
            raise torch.OutOfMemoryError("no room")
        return run(self, step)

    monkeypatch.setattr(Updater, "run", run_crowded)
    code, _, err = run_cli(*flags(data, model_folder, tmp_path / "out", *MORE))
    assert code == 0, err
    halved = [(200, 200, 200), (100, 100, 100), (50, 50, 50), (25, 25, 25), (24, 24, 12)]
    assert tried == [*halved, (24, 24, 0), (24, 24, 0)]
    assert "out of GPU memory: continuing with 100 pieces at once\n" in err


def test_validation_backs_off_too(tmp_path, data, model_folder, run_cli, monkeypatch):
    measure = Validator.measure

    def measure_crowded(self):
        if self.reader.budget > 50:
            raise torch.OutOfMemoryError("no room")
        return measure(self)

    monkeypatch.setattr(Validator, "measure", measure_crowded)
    code, _, err = run_cli(*flags(data, model_folder, tmp_path / "out", *MORE))
    assert code == 0, err
    assert "out of GPU memory: continuing with 50 pieces at once\n" in err


def test_a_gpu_too_small_for_one_sequence_is_one_clear_line(
    tmp_path, data, model_folder, run_cli, monkeypatch
):
    def run_crowded(self, step):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(Updater, "run", run_crowded)
    code, _, err = run_cli(*flags(data, model_folder, tmp_path / "out", *MORE))
    assert code == 2
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "as few as --block 24 allows; give a smaller --block and --micro-tokens" in line


def test_several_processes_do_not_back_off():
    def work():
        raise torch.OutOfMemoryError("no room")

    loop = SimpleNamespace(
        processes=SimpleNamespace(size=2),
        config=SimpleNamespace(block=24),
        updater=SimpleNamespace(reader=SimpleNamespace(budget=200)),
    )
    with pytest.raises(ConfigError, match="several processes do not back off.*--micro-tokens"):
        Loop._with_memory(loop, work, print)

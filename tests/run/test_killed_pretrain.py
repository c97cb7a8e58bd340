"""A run that is killed while it trains the transformer."""

from __future__ import annotations

import os
import signal

import pytest

from tests.continued_pretraining.conftest import save_masked_model
from tests.run.small_run import checkpoints, contents, finish, said, wait_for, write_workbench

TRAINING = """
[pretrain]
model = "masked"
loss = "none"
steps = 150
unit = "lines"
block = 24
mlm_batch = 6
validation_sequences = 8
validate_every = 50
precision = "fp32"
device = "cpu"
checkpoint_minutes = 0
"""
ONLY = ("--only", "prepare", "pretrain")


@pytest.mark.timeout(300)
def test_killed_in_pre_training_ends_in_the_same_bytes(tmp_path, start):
    whole, torn = (write_workbench(tmp_path / name, "", 200) for name in ("whole", "torn"))
    for file in (whole, torn):
        save_masked_model(file.parent / "masked", dropout=0.1)
        file.write_text(file.read_text(encoding="utf-8") + TRAINING, encoding="utf-8")
    finish(whole, *ONLY)
    process, model = start(torn, *ONLY), torn.parent / "run/model"
    wait_for(lambda: checkpoints(model), process, torn)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not model.exists()
    text = finish(torn, *ONLY)
    assert "*/pretrain: begins (unfinished)" in text, said(torn).read_text()
    log = (torn.parent / "run/logs/all.pretrain.log").read_text(encoding="utf-8")
    assert "resuming after" in log
    assert contents(torn.parent / "run") == contents(whole.parent / "run")

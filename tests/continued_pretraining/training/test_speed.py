"""Rates and the counts behind them."""

from __future__ import annotations

import json
import time

import pytest
import torch

from continued_pretraining.model.masked_model import take_apart
from continued_pretraining.training.peak import known_peak
from continued_pretraining.training.speed import Flops
from continued_pretraining.training.update import Updater
from tests.continued_pretraining.test_runs import flags


@pytest.mark.parametrize(
    ("name", "teraflops"),
    [
        ("NVIDIA H200", 989),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA L4", 121),
        ("NVIDIA L40S", 362),
        ("NVIDIA L40", None),
        ("NVIDIA H100 NVL", None),
        ("NVIDIA GeForce RTX 4090", 165),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA GeForce RTX 3090 Ti", None),
        ("Tesla V100-SXM2-16GB", None),  # has no bf16
        ("NVIDIA GeForce GTX 1080 Ti", None),
    ],
)
def test_a_peak_is_that_of_the_very_gpu(name, teraflops):
    assert known_peak(name) == (None if teraflops is None else teraflops * 1e12)


def test_a_piece_meets_the_adapters_of_one_language():
    import transformers

    found = []
    for languages in (("en_XX",), ("en_XX", "de_DE", "fr_XX")):
        config = transformers.XmodConfig(
            vocab_size=50,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=24,
            pad_token_id=1,
            languages=languages,
            default_language="en_XX",
        )
        model = take_apart(transformers.XmodForMaskedLM(config), torch.float32, "xmod")
        found.append(Flops.of(model))
    assert found[0] == found[1]
    adapter = 2 * 16 * (16 // 2)
    assert found[0].per_piece == 2 * (4 * 16 * 16 + 2 * 16 * 24 + adapter)


def test_the_rate_is_over_all_the_time_of_training(
    tmp_path, data, model_folder, run_cli, monkeypatch
):
    run = Updater.run

    def run_slowly(self, step):
        time.sleep(0.03)
        return run(self, step)

    monkeypatch.setattr(Updater, "run", run_slowly)
    arguments = flags(
        data, model_folder, tmp_path / "out", "--loss", "none", "--log-every", 10,
        "--validate-every", 9,
    )  # fmt: skip
    code, _, err = run_cli(*arguments)
    assert code == 0, err
    rows = map(json.loads, (tmp_path / "out" / "curve.jsonl").read_text().splitlines())
    (rate,) = [row["pieces_per_second"] for row in rows if "pieces_per_second" in row]
    counts = json.loads((tmp_path / "out" / "run.json").read_text())["counts"]
    assert rate < counts["pieces_seen"] / 0.3

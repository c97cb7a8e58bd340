"""Which numbers ``auto`` takes on a GPU."""

from __future__ import annotations

import pytest
import torch

from eval.downstream.precision import pick_precision as pick_for_finetuning
from x2static.teacher.precision import pick_precision


@pytest.mark.parametrize("pick", [pick_precision, pick_for_finetuning])
@pytest.mark.parametrize(("has_units", "expected"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_that_only_emulates_bf16_takes_fp32(monkeypatch, pick, has_units, expected):
    def supported(including_emulation: bool = True) -> bool:
        return has_units or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert pick("auto", torch.device("cuda")) == expected
    assert pick("bf16", torch.device("cuda")) == "bf16"

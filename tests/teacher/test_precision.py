"""Which numbers ``auto`` takes on a GPU."""

from __future__ import annotations

import pytest
import torch

from x2static.teacher.precision import pick_precision


@pytest.mark.parametrize("on_cpu", [True, False])
@pytest.mark.parametrize(("has_units", "expected"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_that_only_emulates_bf16_takes_fp32(monkeypatch, on_cpu, has_units, expected):
    def supported(including_emulation: bool = True) -> bool:
        return has_units or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert pick_precision("auto", torch.device("cuda"), on_cpu=on_cpu) == expected
    assert pick_precision("bf16", torch.device("cuda"), on_cpu=on_cpu) == "bf16"

"""Defaults that make alignment losses mean what they say, each by its effect."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from continued_pretraining.config import PretrainConfig
from continued_pretraining.objectives.word_alignment.correlations.dcca import Dcca
from continued_pretraining.objectives.word_alignment.correlations.moments import Moments

DEFAULTS = PretrainConfig(text=("x",), output=Path("y"), vectors=("z",))


def decaying(rows: int, width: int, seed: int) -> torch.Tensor:
    """Gaussian rows whose variances fall as 1 / rank^2, as a transformer's do."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(rows, width, generator=generator, dtype=torch.float64)
    return noise / torch.arange(1, width + 1, dtype=torch.float64)


def test_the_ridge_keeps_faint_directions_from_counting():
    """With many rows; views that share their faint directions alone are hardly related."""
    first, second = decaying(4000, 60, 1), decaying(4000, 60, 2)
    second[:, 30:] = first[:, 30:]
    rule = Dcca(DEFAULTS.ridge, DEFAULTS.components)
    moments = Moments.of(first, second)
    assert float(rule.score(moments).loss) > 0.5 * rule.limits(moments)[0]


@pytest.mark.parametrize("width", [768, 1024])
def test_an_update_is_no_small_part_of_the_memory(width):
    """Else the constants outweigh what learns: a row's share falls as 2 / (rows / batch + 1)."""
    assert 24 * width / DEFAULTS.align_batch <= 24

"""Settings of ``x2static pretrain`` that concern replaced-token detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from x2static.core.config import require_at_least, require_at_most

ShareName = Literal["embeddings", "gradient-disentangled", "none"]
_LARGEST_WEIGHT = 1e6


@dataclass(frozen=True, kw_only=True)
class ReplacedSettings:
    """A small generator puts guesses in the place of hidden pieces; the model tells which."""

    mrtd_weight: Annotated[float, "weight of replaced-token detection on text (0: none)"] = 0.0
    mrtd_batch: Annotated[int, "sequences in its update, over all processes"] = 64
    trtd_weight: Annotated[float, "of the same on sentence pairs (0: none)"] = 0.0
    trtd_batch: Annotated[int, "sentence pairs in its update, over all processes"] = 64
    detector_weight: Annotated[
        float, "weight of replaced-token detection beside 1 for the generator's loss"
    ] = 50.0
    share: Annotated[
        ShareName,
        "embeddings that generator and model share; gradient-disentangled: the model "
        "adds its own learned part to the generator's",
    ] = "embeddings"
    generator_layers: Annotated[
        int | None, "blocks of the generator (default: a third of the model's)"
    ] = None

    @property
    def detects(self) -> bool:
        """Whether replaced pieces are told."""
        return self.mrtd_weight > 0 or self.trtd_weight > 0

    def check_replaced(self) -> None:
        """Raise `ConfigError` for values that cannot be."""
        for name in ("mrtd_weight", "trtd_weight", "detector_weight"):
            flag = f"--{name.replace('_', '-')}"
            require_at_least(flag, getattr(self, name), 0)
            require_at_most(flag, getattr(self, name), _LARGEST_WEIGHT)
        require_at_least("--mrtd-batch", self.mrtd_batch, 1)
        require_at_least("--trtd-batch", self.trtd_batch, 1)
        if self.generator_layers is not None:
            require_at_least("--generator-layers", self.generator_layers, 1)

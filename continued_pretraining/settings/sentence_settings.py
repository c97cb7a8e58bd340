"""Settings of ``x2static pretrain`` that concern vectors of whole sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError

SENTENCE_LOSSES = ("translations", "targets", "cosine")
_LARGEST_WEIGHT = 1e6


@dataclass(frozen=True, kw_only=True)
class SentenceSettings:
    """Mean states of sentences against their translations, or against given vectors."""

    sentence_weight: Annotated[float, "weight of the losses on sentence-pair vectors (0: none)"] = (
        0.0
    )
    sentence_loss: Annotated[
        tuple[str, ...],
        "translations (each sentence finds its translation among those of the "
        "update), targets (it finds its --sentence-encoder vector among the "
        "update's), cosine (it moves towards that vector)",
    ] = ("translations",)
    sentence_encoder: Annotated[
        str | None,
        "targets, cosine: sentence encoder (hub name or folder) whose vectors of what a pair says "
        "in the language of --bitext-hub both sides are drawn to",
    ] = None
    sentence_batch: Annotated[int, "sentence pairs in its update, over all processes"] = 64
    sentence_layer: Annotated[int, "block whose mean states are a sentence's; -1 is the last"] = -1
    sentence_contrast: Annotated[float, "translations, targets: temperature of similarities"] = 0.05

    @property
    def has_targets(self) -> bool:
        """Whether vectors of a sentence encoder are needed."""
        return self.sentence_weight > 0 and bool({"targets", "cosine"} & {*self.sentence_loss})

    def check_sentences(self) -> None:
        """Raise `ConfigError` for values that cannot be."""
        require_at_least("--sentence-weight", self.sentence_weight, 0)
        require_at_most("--sentence-weight", self.sentence_weight, _LARGEST_WEIGHT)
        require_at_least("--sentence-batch", self.sentence_batch, 2)
        if not self.sentence_contrast > 0:
            raise ConfigError(f"--sentence-contrast must be above 0, got {self.sentence_contrast}")
        for name in self.sentence_loss:
            if name not in SENTENCE_LOSSES:
                raise ConfigError(f"--sentence-loss {name}: known are {', '.join(SENTENCE_LOSSES)}")
        if not self.sentence_loss or len({*self.sentence_loss}) < len(self.sentence_loss):
            raise ConfigError("--sentence-loss: name each loss once, and at least one")
        if self.has_targets and self.sentence_encoder is None:
            raise ConfigError(
                "--sentence-loss targets and cosine need vectors; give --sentence-encoder"
            )
        if self.sentence_encoder is not None and not self.has_targets:
            raise ConfigError(
                "--sentence-encoder: no loss looks at its vectors; give --sentence-weight and "
                "--sentence-loss targets or cosine"
            )

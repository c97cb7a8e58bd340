"""How a model is fine-tuned: XTREME's recipes (Hu et al. 2020, its scripts) as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Numbers of AdamW's course over the training rows.

    Attributes:
        learning_rate: its peak.
        epochs: times each row is seen.
        batch: rows in an update.
        warmup: updates over which the rate rises; it falls to zero over the rest.
        weight_decay: of all but biases and norms.
        max_norm: gradients longer than this are cut to it.
    """

    learning_rate: float
    epochs: int
    batch: int
    warmup: int
    weight_decay: float
    max_norm: float = 1.0

    def updates(self, rows: int) -> int:
        """How many updates a course over so many rows has."""
        return self.epochs * -(-rows // self.batch)

    def rate(self, update: int, updates: int) -> float:
        """The learning rate of an update, counted from 0: up to the peak, then down to zero."""
        if update < self.warmup:
            return self.learning_rate * update / self.warmup
        return self.learning_rate * (updates - update) / max(1, updates - self.warmup)

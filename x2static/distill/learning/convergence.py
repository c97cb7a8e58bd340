"""When training has converged: the held-out loss after each epoch, and the best table so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

PATIENCE = 3  # epochs in a row without a gain
LEAST_GAIN = 1e-3  # of the best loss so far


class Convergence:
    """Judges a table after each epoch; its state is tensors, so it can be saved and restored."""

    def __init__(
        self,
        measure: Callable[[torch.Tensor], float],
        saved: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        """Start, or go on from what `state` gave.

        Args:
            measure: the held-out loss of a table.
            saved: earlier losses and the best table, or None.
        """
        self._measure = measure
        self.losses: list[float] = []
        self.best: torch.Tensor | None = None
        if saved is not None and "held_out_losses" in saved:
            self.losses = saved["held_out_losses"].tolist()
            self.best = saved.get("best")

    def judge(self, table: torch.Tensor) -> str:
        """Measure the table of another epoch and keep a copy of the best; a line about it."""
        loss = self._measure(table)
        if not self.losses or loss < min(self.losses):
            self.best = table.clone()
        self.losses.append(loss)
        return f"epoch {len(self.losses)}: held-out loss {loss:.4f}"

    @property
    def is_reached(self) -> bool:
        """Whether there was no gain worth the name in `PATIENCE` epochs in a row."""
        return len(self.losses) - self.last_gain >= PATIENCE

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, of the lowest loss; 0 before the first."""
        return self.losses.index(min(self.losses)) + 1 if self.losses else 0

    @property
    def last_gain(self) -> int:
        """The last epoch, from 1, that was better than all before by more than a trifle."""
        best, last = float("inf"), 0
        for epoch, loss in enumerate(self.losses, start=1):
            if loss < best * (1 - LEAST_GAIN):
                best, last = loss, epoch
        return last

    def report(self) -> dict[str, object]:
        """What the run record keeps."""
        return {"held_out_losses": self.losses, "best_epoch": self.best_epoch}

    def state(self) -> dict[str, torch.Tensor]:
        """Losses and best table."""
        import torch

        losses = {"held_out_losses": torch.tensor(self.losses, dtype=torch.float64)}
        return losses if self.best is None else losses | {"best": self.best}

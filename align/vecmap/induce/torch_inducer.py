"""Find matches with torch, on a GPU: similarities in blocks of rows, nothing of size n x n kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from align.vecmap.induce.arrays import FloatMatrix, Rows
from align.vecmap.induce.induction import Induction, Ranks
from x2static.core.errors import require

if TYPE_CHECKING:
    import torch

_BLOCK_ENTRIES = 1 << 28


class TorchInducer:
    """The same answers as on the CPU, up to the rounding of float32 products."""

    def __init__(self, csls: int, device: str, block_entries: int = _BLOCK_ENTRIES) -> None:
        """Prepare.

        Args:
            csls: K of the correction; 0 means plain cosine.
            device: torch's name of the device.
            block_entries: similarities held at once.
        """
        self._torch = require("torch", "distill", f"--device {device}")
        self._csls, self._device, self._block = csls, device, block_entries
        # Ranking needs full float32: coarser products never let the objective come to rest.
        self._torch.backends.cuda.matmul.allow_tf32 = False

    def induce(self, source: FloatMatrix, target: FloatMatrix, ranks: Ranks) -> Induction:
        """The matches of the given ranks."""
        x, z = (self._torch.from_numpy(np.array(m)).to(self._device) for m in (source, target))
        best_x, half_x = self._tops(x, z)
        best_z, half_z = self._tops(z, x)
        return Induction(
            self._match(x, z, half_z, ranks.forward),
            self._match(z, x, half_x, ranks.backward),
            best_x,
            best_z,
        )

    def state(self) -> dict[str, NDArray[np.float32]]:
        """Nothing is carried from one call to the next."""
        return {}

    def restore(self, state: dict[str, NDArray[np.float32]]) -> None:
        """Nothing to restore."""

    def _starts(self, queries: torch.Tensor, others: torch.Tensor) -> tuple[range, int]:
        size = max(1, self._block // len(others))
        return range(0, len(queries), size), size

    def _tops(self, queries: torch.Tensor, others: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Mean largest cosine, and half the CSLS mean of each query."""
        count = min(max(self._csls, 1), len(others))
        starts, size = self._starts(queries, others)
        largest = [
            self._torch.topk(queries[at : at + size] @ others.T, count, dim=1).values
            for at in starts
        ]
        joined = self._torch.cat(largest)
        half = joined.mean(dim=1) / 2 if self._csls else self._torch.zeros_like(joined[:, 0])
        return float(joined[:, 0].double().mean()), half

    def _match(
        self, queries: torch.Tensor, others: torch.Tensor, half: torch.Tensor, ranks: Rows
    ) -> Rows:
        """The other row of the given rank for each query; deep ranks are few and go last."""
        depth = int(np.quantile(ranks, 0.995, method="higher"))
        wanted = self._torch.from_numpy(np.asarray(ranks, np.int64)).to(self._device)
        starts, size = self._starts(queries, others)
        found = self._torch.empty(len(queries), dtype=self._torch.int64, device=self._device)
        for at in starts:
            scores = queries[at : at + size] @ others.T - half
            places = (wanted[at : at + size] - 1)[:, None]
            if depth == 1:
                found[at : at + size] = scores.argmax(dim=1)
                continue
            order = self._torch.topk(scores, depth, dim=1).indices
            found[at : at + size] = order.gather(1, places.clamp(max=depth - 1))[:, 0]
        for row in np.flatnonzero(ranks > depth).tolist():
            scores = others @ queries[row] - half
            found[row] = self._torch.topk(scores, int(ranks[row])).indices[-1]
        matches: Rows = found.cpu().numpy()
        return matches

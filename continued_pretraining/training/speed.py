"""How fast a run is: pieces per second, and the share of the hardware's operations it uses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.training.update import Measures


@dataclass(frozen=True)
class Flops:
    """Operations of one forward pass.

    Attributes:
        per_piece: matrix products of a block, per piece.
        per_pair: attention of a block, per piece and piece that it looks at.
    """

    per_piece: float
    per_pair: float

    @classmethod
    def of(cls, model: MaskedModel) -> Flops:
        """Count the weights of a model."""
        weights = sum(product.weight.numel() for product in products_of(model.blocks[0]))
        return cls(2.0 * weights, 4.0 * model.width)

    def encoder(self, pieces: int, sequences: int, blocks: int) -> float:
        """Forward operations of pieces in so many sequences through blocks."""
        length = pieces / max(1, sequences)
        return blocks * pieces * (self.per_piece + self.per_pair * length)


def products_of(block: nn.Module) -> list[nn.Linear]:
    """The matrix products that a piece meets in a block: of modules for each language, one's."""
    spare: set[nn.Module] = set()
    for name, module in block.named_modules():
        if name.endswith("adapter_modules"):  # X-MOD
            spare.update(part for other in list(module.children())[1:] for part in other.modules())
    return [m for m in block.modules() if isinstance(m, nn.Linear) and m not in spare]


class Speedometer:
    """Rates between two readings, pauses left out."""

    def __init__(
        self,
        flops: Flops,
        peak: float,
        depth: int,
        blocks: Mapping[str, int],
        processes: int,
        operations: Mapping[str, float],
    ) -> None:
        """Start the clock.

        Args:
            flops: of the model.
            peak: operations per second of one process's device.
            depth: blocks that text goes through.
            blocks: that the rows of each objective on whole updates go through.
            processes: how many devices there are.
            operations: of each objective on text, for each thing it counts.
        """
        self._flops, self._peak = flops, peak
        self._depth, self._blocks, self._processes = depth, blocks, processes
        self._operations = operations
        self.start()

    def start(self) -> None:
        """Training begins now; what was before counts no more."""
        self._spent = 0.0
        self._began = time.perf_counter()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done in here is no training."""
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.synchronize()  # what the GPU still has to do is training
        self._spent += time.perf_counter() - self._began
        yield
        self._began = time.perf_counter()

    def rates(self, measures: Measures) -> dict[str, float]:
        """Pieces per second of all processes, and this one's utilisation.

        Operations count three times the forward pass, as is the custom: what is computed twice to
        save memory counts once.
        """
        seconds = max(self._spent + time.perf_counter() - self._began, 1e-9)
        self.start()
        forward = self._flops.encoder(measures.pieces, measures.sequences, self._depth)
        for name, operations in self._operations.items():
            forward += operations * measures.counts[name]
        for name, pieces in measures.row_pieces.items():
            if pieces:
                forward += self._flops.encoder(pieces, measures.rows[name], self._blocks[name])
        alone = sum(measures.row_pieces.values()) * self._processes
        return {
            "pieces_per_second": round((measures.all_pieces or alone) / seconds, 1),
            "utilisation": round(3 * forward / seconds / self._peak, 4),
        }

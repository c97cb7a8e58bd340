"""A run's state as tensors and numbers, in and out; the best weights so far beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from continued_pretraining.training.optimizer import optimizer_tensors, restore_optimizer
from x2static.core.storage.checkpoint import CheckpointFolder, checksum, write_state
from x2static.core.storage.files import remove_tree, staged


class Memory(Protocol):
    """What keeps more between updates than parameters."""

    def saved(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""

    def restore(self, tensors: dict[str, Any]) -> None:
        """Put back what a checkpoint kept."""


@dataclass
class RunState:
    """Saves and restores a run.

    Attributes:
        folder: where the unfinished run lies.
        named: what learns, by name.
        optimizer: its state goes along.
        memories: what objectives keep between updates.
        say: prints a line.
    """

    folder: Path
    named: list[tuple[str, nn.Parameter]]
    optimizer: torch.optim.Optimizer
    memories: Sequence[Memory]
    say: Callable[[str], None]

    @cached_property
    def _checkpoints(self) -> CheckpointFolder:
        return CheckpointFolder(self.folder / "checkpoints")

    def save(self, position: dict[str, Any]) -> None:
        """Write a checkpoint, then drop best weights that no checkpoint names any more."""
        tensors = {name: parameter.detach().contiguous() for name, parameter in self.named}
        moments = optimizer_tensors(self.optimizer, self.named)
        tensors |= {f"optimizer/{name}": tensor for name, tensor in moments.items()}
        for memory in self.memories:
            tensors |= memory.saved()
        self._checkpoints.save(position, {name: tensor.cpu() for name, tensor in tensors.items()})
        named = {str(p.get("best", {}).get("step")) for p in self._checkpoints.positions()}
        for path in (self.folder / "best").glob("*"):
            if path.stem not in named:
                remove_tree(path)

    def load(self) -> dict[str, Any] | None:
        """Restore the newest whole checkpoint; its position, or None where there is none."""
        checkpoint, complaints = self._checkpoints.load()
        for complaint in complaints:
            self.say(complaint)
        if checkpoint is None:
            return None
        tensors = checkpoint.tensors
        for memory in self.memories:
            memory.restore(tensors)
        self._put_weights(tensors)
        moments = {
            name.removeprefix("optimizer/"): tensor
            for name, tensor in tensors.items()
            if name.startswith("optimizer/")
        }
        if moments:
            restore_optimizer(self.optimizer, self.named, moments)
        return checkpoint.position

    def save_best(self, step: int) -> int:
        """Keep the weights as they are now; the checksum of their file."""
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.named}
        path = self._best(step)
        with staged(path, own=True) as temporary:
            write_state(weights, temporary)
        return checksum(path)

    def load_best(self, best: Mapping[str, Any]) -> bool:
        """Bring back the weights kept at a step; False where they are damaged, with a message.

        Args:
            best: its step, and the checksum of its file.
        """
        from safetensors.torch import load_file

        path = self._best(best["step"])
        try:
            if checksum(path) != best["checksum"]:
                raise ValueError("its checksum does not match")
            self._put_weights(load_file(path))
        except (OSError, ValueError, KeyError) as error:
            self.say(f"warning: {path}: damaged, the last update wins instead ({error})")
            return False
        return True

    def _best(self, step: int) -> Path:
        return self.folder / "best" / f"{step}.safetensors"

    def _put_weights(self, tensors: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.named:
                if name in tensors:
                    parameter.copy_(tensors[name])

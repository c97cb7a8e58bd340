"""The processes that train together, through Accelerate; one alone is the simplest case."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from x2static.core.errors import MissingDependencyError, require
from x2static.core.machine.device import pick_device

_BUCKET = 1 << 25  # numbers summed at once


class Processes:
    """What one process knows of the others, and how it joins numbers with them.

    Attributes:
        rank: this one's number, from 0.
        size: how many there are.
        device: where this one computes.
        accelerator: Accelerate's own object.
    """

    def __init__(self, device: str, trackers: Sequence[str] = (), log_folder: str = "") -> None:
        """Join the group that the launcher announces, if there is one.

        Args:
            device: ``auto``, ``cpu`` or ``cuda``.
            trackers: where else to log: ``tensorboard``, ``wandb``.
            log_folder: where those keep their files.
        """
        library = require("accelerate", "pretrain", "pre-training")
        if "tensorboard" in trackers:
            require("tensorboard", "tensorboard", "--log-to tensorboard")
        if "wandb" in trackers and importlib.util.find_spec("wandb") is None:
            raise MissingDependencyError("--log-to wandb needs its package: pip install wandb")
        self.accelerator: Any = library.Accelerator(
            cpu=pick_device(device).type == "cpu",  # auto without a GPU: or ranks would not meet
            log_with=list(trackers) or None,
            project_dir=log_folder or None,
            kwargs_handlers=[library.InitProcessGroupKwargs(timeout=timedelta(hours=12))],
        )
        self._log_folder = log_folder
        self.rank = int(self.accelerator.process_index)
        self.size = int(self.accelerator.num_processes)
        self.device: torch.device = self.accelerator.device

    @property
    def is_first(self) -> bool:
        """Whether this one writes and speaks for all."""
        return self.rank == 0

    def start_trackers(self, settings: dict[str, Any]) -> None:
        """Open what ``--log-to`` names, all with their files in one folder."""
        Path(self._log_folder).mkdir(parents=True, exist_ok=True)
        options = {"wandb": {"dir": self._log_folder}}
        self.accelerator.init_trackers("x2static-pretrain", settings, init_kwargs=options)

    def finish_trackers(self) -> None:
        """Write out what trackers still hold; the processes stay together."""
        for tracker in self.accelerator.trackers:
            tracker.finish()

    def wait(self) -> None:
        """Go on when all have come here."""
        self.accelerator.wait_for_everyone()

    def share(self, count: int) -> slice:
        """Which of ``count`` things are this process's own: every size-th from its rank on."""
        return slice(self.rank, count, self.size)

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size == 1:
            return tensor
        total: Tensor = self.accelerator.reduce(tensor, reduction="sum")
        return total

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process; asks them all."""
        if self.size == 1:
            return flag
        return bool(self.sum(torch.tensor([int(flag)], device=self.device)).item())

    def gather_rows(self, rows: Tensor, counts: Sequence[int]) -> Tensor:
        """The rows of all processes, those of rank 0 first.

        Args:
            rows: (counts[rank], D) this one's.
            counts: how many each process has.
        """
        if self.size == 1:
            return rows
        longest = max(counts)
        padded = rows.new_zeros((longest, *rows.shape[1:]))
        padded[: len(rows)] = rows
        together: Tensor = self.accelerator.gather(padded)
        parts = torch.split(together, longest)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Add up every gradient over all processes, in place.

        What no loss reached in any of them stays without, so that the optimizer leaves it alone.
        """
        if self.size == 1:
            return
        waiting: list[Tensor] = []
        numbers = 0
        for parameter in self._reached(parameters):
            if parameter.grad is None:  # reached elsewhere
                parameter.grad = torch.zeros_like(parameter)
            waiting.append(parameter.grad)
            numbers += parameter.numel()
            if numbers >= _BUCKET:
                self._sum_bucket(waiting)
                waiting, numbers = [], 0
        self._sum_bucket(waiting)

    def _reached(self, parameters: Iterable[torch.nn.Parameter]) -> list[torch.nn.Parameter]:
        """Those that have a gradient in some process."""
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        flags = torch.tensor([int(p.grad is not None) for p in learning], device=self.device)
        reached = self.sum(flags).tolist()
        return [p for p, count in zip(learning, reached, strict=True) if count]

    def _sum_bucket(self, gradients: list[Tensor]) -> None:
        if not gradients:
            return
        flat = self.sum(torch.cat([gradient.flatten() for gradient in gradients]))
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

"""Work in batches that the memory of the GPU can hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TypeVar

from x2static.core.errors import ConfigError
from x2static.core.machine.processors import CORNER
from x2static.core.progress import Progress
from x2static.teacher.batches import by_length

Item = TypeVar("Item")
Found = TypeVar("Found")


def halved(budget: int, longest: int) -> int:
    """A smaller number of pieces to try.

    Raises:
        ConfigError: one input alone does not fit.
    """
    if budget < longest:
        raise ConfigError(
            f"the GPU's memory is full with a single input of {longest} pieces; lower "
            "--max-pieces, or use --device cpu"
        )
    return budget // 2


def in_batches(
    run: Callable[[list[Item]], list[Found]],
    items: Sequence[Item],
    lengths: Sequence[int],
    budget: int,
    label: str = "",
) -> list[Found]:
    """What ``run`` finds for each item, asked in batches of similar length.

    Args:
        run: a batch of items to as many findings.
        items: all of them.
        lengths: pieces of each.
        budget: pieces in a batch, padding included; halved when the GPU's memory runs out.
        label: name of the work where its progress shall be shown.
    """
    import torch

    found: dict[int, Found] = {}
    with Progress(label, len(items), "inputs") if label else nullcontext() as progress:
        while len(found) < len(items):
            missing = [row for row in range(len(items)) if row not in found]
            try:
                for part in by_length([lengths[row] for row in missing], budget):
                    rows = [missing[place] for place in part.tolist()]
                    with CORNER.together():
                        answers = run([items[row] for row in rows])
                    found.update(zip(rows, answers, strict=True))
                    if progress is not None:
                        progress.advance(len(rows))
            except torch.cuda.OutOfMemoryError:
                torch.cuda.empty_cache()
                budget = halved(budget, max(lengths))
    return [found[row] for row in range(len(items))]

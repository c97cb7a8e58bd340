"""The blocks of a transformer: found in the module, their states kept, the rest left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from x2static.core.errors import TeacherError

if TYPE_CHECKING:
    import torch

_STACK_NAMES = ("layer", "layers", "h", "blocks", "block")


@dataclass(frozen=True)
class Blocks:
    """Where a model keeps its blocks.

    Attributes:
        owner: the module that holds the list of blocks.
        name: the list's name in it.
        path: the list's name in the model.
    """

    owner: Any
    name: str
    path: str

    @property
    def modules(self) -> Any:
        """The list of blocks."""
        return getattr(self.owner, self.name)

    @contextmanager
    def shortened(self, block: int) -> Iterator[None]:
        """The model without the blocks after ``block``; block 0, the embeddings, keeps one."""
        whole, kept = self.modules, max(block, 1)
        if kept == len(whole):
            yield
            return
        try:
            setattr(self.owner, self.name, whole[:kept])
            yield
        finally:
            setattr(self.owner, self.name, whole)


def find_blocks(model: Any, count: int, name: str) -> Blocks:
    """Find the list of ``count`` blocks in a model.

    Raises:
        TeacherError: there is none; ``name`` is the model's, for the message.
    """
    import torch

    for path, module in model.named_modules():
        owner, _, own = path.rpartition(".")
        is_stack = isinstance(module, torch.nn.ModuleList) and len(module) == count
        if is_stack and own in _STACK_NAMES:
            return Blocks(model.get_submodule(owner), own, path)
    raise TeacherError(f"{name}: cannot find its {count} blocks; take an encoder like XLM-R")


class Capture:
    """Keeps what chosen blocks put out, before any final norm that a pre-norm encoder adds.

    For post-norm encoders (BERT, XLM-R) the last block's is the same tensor as
    ``last_hidden_state``. Leaving the ``with`` block, or `remove`, takes the hooks off again.
    """

    def __init__(self, blocks: Blocks, numbers: Iterable[int] = ()) -> None:
        """Listen to blocks by number; 0 is what the embedding layer puts out."""
        self._blocks = blocks
        self._states: dict[int, torch.Tensor] = {}
        self._handles: dict[int, Any] = {}
        self.add(numbers)

    def add(self, numbers: Iterable[int]) -> None:
        """Listen to further blocks."""
        for number in sorted({*numbers} - {*self._handles}):
            self._handles[number] = self._listen(number)

    def take(self, block: int) -> torch.Tensor:
        """(B, T, D) what a block put out last; it is not kept any longer."""
        return self._states.pop(block)

    def take_all(self) -> dict[int, torch.Tensor]:
        """What all blocks put out last, by block; it is not kept any longer."""
        found, self._states = self._states, {}
        return found

    def remove(self) -> None:
        """Listen no longer."""
        for handle in self._handles.values():
            handle.remove()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _listen(self, block: int) -> Any:
        stack = self._blocks.modules

        def keep_output(_module: Any, _inputs: Any, output: Any) -> None:
            self._states[block] = output[0] if isinstance(output, tuple) else output

        def keep_input(_module: Any, inputs: Any, keywords: Any) -> None:
            self._states[block] = inputs[0] if inputs else keywords["hidden_states"]

        if block == 0:
            return stack[0].register_forward_pre_hook(keep_input, with_kwargs=True)
        return stack[block - 1].register_forward_hook(keep_output)

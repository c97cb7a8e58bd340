"""Rows of several languages through a modular model: each block runs a module once a language.

The library's own forward pass finds each language's rows with a mask in every block, which makes a
GPU wait, and runs every module there is, so that those without text have gradients of zero and
decay. Here rows come sorted by language, the processor knows how many there are of each, and a
block cuts its states, runs the modules that have rows, and joins what they put out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
from torch import Tensor

Spoken = tuple[tuple[int, int], ...]
"""For each language that has rows, in their order: its number, and how many."""


class Router:
    """Sends what a modular model reads through the modules of its languages.

    Attributes:
        modules: the module of each language, by its number.
    """

    def __init__(self, hugging_face: Any, modules: Sequence[str]) -> None:
        """Take over the modules of each block; the model's weights and file stay as they are."""
        self.modules = tuple(modules)
        self._config = hugging_face.config
        self._spoken: Spoken = ()
        for layer in hugging_face.modules():
            if hasattr(layer, "adapter_modules"):
                layer.lang_adapter = MethodType(self._adapt, layer)

    @contextmanager
    def reading(self, spoken: Spoken) -> Iterator[None]:
        """Read rows in these languages meanwhile; without any, in the model's own."""
        self._spoken = spoken
        try:
            yield
        finally:
            self._spoken = ()

    def _adapt(self, block: Any, _numbers: Tensor, states: Tensor) -> Tensor:
        """What the library's method of this name does, language by language."""
        before = states
        if block.adapter_layer_norm is not None:
            states = block.adapter_layer_norm(states)
        elif block.adapter_reuse_layer_norm:
            states = block.LayerNorm(states)
        residual = states if block.ln_before_adapter else before
        found = [block.adapter_modules[name](rows) for name, rows in self._by_module(states)]
        joined = found[0] if len(found) == 1 else torch.cat(found)
        added: Tensor = block.dropout(joined.to(residual.dtype)) + residual
        return added

    def _by_module(self, states: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The rows of each module; their number is checked, for a wrong one would mix languages."""
        if not self._spoken:
            yield str(self._config.default_language), states
            return
        sizes = [rows for _, rows in self._spoken]
        for (language, _), rows in zip(self._spoken, torch.split(states, sizes), strict=True):
            yield self.modules[language], rows

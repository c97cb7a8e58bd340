"""Load a transformer and its tokenizer by name: as it is, with a head, or its first blocks only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from x2static.core.errors import require
from x2static.teacher.blocks import find_blocks
from x2static.teacher.loading.hugging_face import (
    cast_adapter_outputs,
    check_vocabulary,
    quiet,
    read_config,
    read_tokenizer,
    require_fast,
)
from x2static.teacher.loading.weights import check_depth_of_weights, load_weights


@dataclass(frozen=True)
class Loaded:
    """What lies under a name.

    Attributes:
        model: the torch module, of transformers' class.
        depth: blocks of the whole model.
        missing: weights that were not there, so that they begin at random.
    """

    model: Any
    depth: int
    missing: tuple[str, ...]


def load_tokenizer(name: str) -> Any:
    """The fast tokenizer of a model.

    Raises:
        TeacherError: none there, or a slow one, which cannot tell where its pieces lie in a text.
    """
    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        read_config(transformers, name)  # the cheap faults come first
        tokenizer = read_tokenizer(transformers, name)
    require_fast(tokenizer, name)
    return tokenizer


def load_model(
    name: str,
    kind: str,
    tokenizer: Any,
    *,
    fault: str = "its weights cannot be loaded",
    change: Callable[[Any], None] | None = None,
    cut: Callable[[int], int] | None = None,
    **options: Any,
) -> Loaded:
    """A pre-trained model whose weights, config and tokenizer belong together.

    Args:
        name: a model name of the hub or a local folder.
        kind: which of transformers' classes, ``AutoModel`` say.
        tokenizer: its own, to be compared; None for a folder without one.
        fault: what to say if the weights cannot be loaded.
        change: sets what is to be another way in the config, such as dropout.
        cut: from the number of blocks to how many of them are built; None builds all.
        options: further ones for the library.

    Raises:
        TeacherError: no weights that can be loaded, or parts that do not fit each other.
    """
    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        config = read_config(transformers, name)
        depth = int(config.num_hidden_layers)
        built = depth if cut is None else cut(depth)
        if change is not None:
            change(config)
        _cut(config, built)
        model, missing, unexpected = load_weights(
            transformers, kind, name, config, fault, **options
        )
    model.config.num_hidden_layers = depth
    if built < depth:
        path = find_blocks(model, built, name).path
        check_depth_of_weights(name, path, unexpected, built, depth)
    if tokenizer is not None:
        check_vocabulary(name, tokenizer, model)
    cast_adapter_outputs(model)
    return Loaded(model, depth, tuple(missing))


def _cut(config: Any, blocks: int) -> None:
    config.num_hidden_layers = blocks
    if getattr(config, "layer_types", None):  # some configs list a kind of attention per layer
        config.layer_types = list(config.layer_types)[:blocks]

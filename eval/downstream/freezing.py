"""Parts of a model that fine-tuning leaves as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from x2static.core.errors import ConfigError

if TYPE_CHECKING:
    from eval.downstream.pretrained import Reader

_BLOCKS = re.compile(r"blocks:([0-9]{1,4}(?:,[0-9]{1,4})*)")


def parse_freeze(text: str) -> tuple[bool, tuple[int, ...]]:
    """Whether embeddings are frozen, and which blocks, counted from 1.

    Raises:
        ConfigError: another spelling than ``blocks:1,2,6``, ``embeddings`` or both.
    """
    embeddings, rest = False, text
    if rest == "embeddings" or rest.startswith("embeddings+"):
        embeddings, rest = True, rest.removeprefix("embeddings").removeprefix("+")
        if text == "embeddings+":
            rest = "+"
    blocks = _BLOCKS.fullmatch(rest)
    if blocks is None and (rest or not embeddings):
        raise ConfigError(
            f"--freeze {text}: give blocks:1,2,6 or embeddings, or embeddings+blocks:1,2"
        )
    numbers = tuple(sorted({int(one) for one in blocks[1].split(",")})) if blocks else ()
    if 0 in numbers:
        raise ConfigError(f"--freeze {text}: blocks are counted from 1")
    return embeddings, numbers


def check_freeze(text: str | None, name: str) -> None:
    """Look whether a model has these blocks, before its weights are read.

    Raises:
        ConfigError: it has not.
    """
    if text is None:
        return
    from x2static.core.errors import require
    from x2static.teacher.loading.hugging_face import quiet, read_config

    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        depth = int(read_config(transformers, name).num_hidden_layers)
    if any(number > depth for number in parse_freeze(text)[1]):
        raise ConfigError(f"--freeze {text}: {name} has {depth} blocks")


def freeze(reader: Reader, text: str | None, name: str) -> None:
    """Take parts of a model out of its fine-tuning; dropout inside them goes on."""
    from x2static.teacher.blocks import find_blocks

    if text is None:
        return
    embeddings, numbers = parse_freeze(text)
    model = reader.model
    if numbers:
        stack = find_blocks(model, int(model.config.num_hidden_layers), name).modules
        for number in numbers:
            stack[number - 1].requires_grad_(False)
    if embeddings:
        model.get_input_embeddings().weight.requires_grad_(False)
        for path, module in model.named_modules():
            if path.rsplit(".", 1)[-1] == "embeddings":
                module.requires_grad_(False)

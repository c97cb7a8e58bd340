"""An untrained model of XLM-R's architecture, described in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch

from continued_pretraining.model.masked_model import MaskedModel, take_apart
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.config import closest
from x2static.core.errors import ConfigError
from x2static.teacher.loading.config_check import MAX_LAYERS
from x2static.teacher.loading.modular import modular_settings

_DIGITS = 13
_LARGEST = 20_000_000_000


@dataclass(frozen=True)
class Shape:
    """The size of a model.

    Attributes:
        layers: number of blocks.
        width: D of the states.
        heads: attention heads; 0 is one per 64 of the width.
        inner: width inside a block; 0 is four times the width.
        vocabulary: pieces of the tokenizer that is trained for it.
        positions: longest input, control tokens included.
    """

    layers: int
    width: int
    heads: int = 0
    inner: int = 0
    vocabulary: int = 16_000
    positions: int = 512


def parse_shape(text: str) -> Shape:
    """Read ``layers=6,width=256,...``.

    Raises:
        ConfigError: an unknown or missing name, or no whole number of 1 or more.
    """
    known = [field.name for field in fields(Shape)]
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in known:
            raise ConfigError(f"--from-scratch: unknown '{name}'{closest(name, known)}")
        if not (value.isascii() and value.isdigit() and len(value) < _DIGITS) or int(value) < 1:
            raise ConfigError(f"--from-scratch: {name} must be a whole number, got '{value[:40]}'")
        found[name] = int(value)
    missing = [name for name in ("layers", "width") if name not in found]
    if missing:
        raise ConfigError(f"--from-scratch {text}: {missing[0]} is missing")
    shape = Shape(**found)
    heads = shape.heads or max(1, shape.width // 64)
    if shape.width % heads:
        raise ConfigError(
            f"--from-scratch: a width of {shape.width} cannot be split among {heads} heads; "
            "choose heads that divide it"
        )
    _check_size(shape)
    return shape


def _check_size(shape: Shape) -> None:
    """Raise `ConfigError` for a model that no machine holds, before memory is asked for."""
    if shape.layers > MAX_LAYERS:
        raise ConfigError(f"--from-scratch: layers={shape.layers} is more than {MAX_LAYERS}")
    block = 4 * shape.width**2 + 2 * shape.width * (shape.inner or 4 * shape.width)
    numbers = shape.layers * block + (shape.vocabulary + shape.positions) * shape.width
    if numbers > _LARGEST:
        raise ConfigError(
            f"--from-scratch: that is a model of {numbers:,} parameters; more than {_LARGEST:,} "
            "cannot be trained here"
        )


def build_model(
    shape: Shape,
    tokenizer: LineTokenizer,
    dropout: float | None,
    low: torch.dtype,
    device: Any,
    modules: Sequence[str] = (),
) -> MaskedModel:
    """A model with random weights for a tokenizer (seed torch before), with modules if named."""
    import transformers

    rate = dropout or 0.0
    tokens = tokenizer.hugging_face
    pad = int(tokens.pad_token_id or 0)
    settings: dict[str, Any] = {
        "vocab_size": tokenizer.size,
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads or max(1, shape.width // 64),
        "intermediate_size": shape.inner or 4 * shape.width,
        "max_position_embeddings": shape.positions + pad + 1,
        "type_vocab_size": 1,
        "pad_token_id": pad,
        "bos_token_id": tokens.bos_token_id,
        "eos_token_id": tokens.eos_token_id,
        "hidden_dropout_prob": rate,
        "attention_probs_dropout_prob": rate,
        "layer_norm_eps": 1e-5,
    }
    model: Any
    if modules:
        settings |= modular_settings(modules, residual_before_norm=False)
        model = transformers.XmodForMaskedLM(transformers.XmodConfig(**settings))
    else:
        model = transformers.XLMRobertaForMaskedLM(transformers.XLMRobertaConfig(**settings))
    return take_apart(model.to(device), low, "--from-scratch")

"""A small masked language model beside a large one: its first blocks, and embeddings in common."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from continued_pretraining.model.masked_model import (
    MaskedModel,
    load_model,
    set_dropout,
    take_apart,
)
from x2static.core.errors import ConfigError
from x2static.teacher.blocks import find_blocks

GENERATOR_NAME = "generator"


def make_generator(model: MaskedModel, layers: int | None, share: str, folder: Path) -> MaskedModel:
    """A generator for a model, as wide as it and without dropout.

    It begins as the model's first blocks and head, or as what lies in ``folder``: the generator
    that an earlier run left beside the model.

    Args:
        model: what it makes text for.
        layers: its blocks; None is a third of the model's, or as many as lie in the folder.
        share: ``embeddings``: both learn the same ones; ``gradient-disentangled``: the model's are
            the generator's plus its own, which begin at 0; ``none``.
        folder: of an earlier generator, if there is one.

    Raises:
        ConfigError: what lies in the folder does not fit the model, or has other blocks.
    """
    if (folder / "config.json").exists():
        generator = load_model(str(folder), 0.0, model.low, device=model.device)
        _check_fits(generator, model, layers, folder)
    else:
        generator = _first_blocks(model, layers)
    if share == "embeddings":
        _share_embeddings(model, generator)
    elif share == "gradient-disentangled":
        _disentangle(model, generator)
    return generator


def _first_blocks(model: MaskedModel, layers: int | None) -> MaskedModel:
    wanted = max(1, model.depth // 3) if layers is None else layers
    config = copy.deepcopy(model.hugging_face.config)
    config.num_hidden_layers = wanted
    if getattr(config, "layer_types", None):
        config.layer_types = list(config.layer_types)[:wanted]
    set_dropout(config, 0.0)
    made = type(model.hugging_face)(config).to(model.device)
    own = made.state_dict()
    taken = {name: t for name, t in model.hugging_face.state_dict().items() if name in own}
    made.load_state_dict(taken, strict=False)
    made.tie_weights()
    return take_apart(made.float(), model.low, GENERATOR_NAME)


def _check_fits(
    generator: MaskedModel, model: MaskedModel, layers: int | None, folder: Path
) -> None:
    sizes = [tuple(one.decoder.weight.shape) for one in (generator, model)]
    if sizes[0] != sizes[1]:
        raise ConfigError(f"{folder}: not as wide as the model, or of another vocabulary")
    if layers is not None and layers != generator.depth:
        raise ConfigError(f"--generator-layers {layers}: {folder} has {generator.depth}")


def _share_embeddings(model: MaskedModel, generator: MaskedModel) -> None:
    """One table of pieces and one of positions for both."""
    small, large = generator.hugging_face, model.hugging_face
    small.set_input_embeddings(large.get_input_embeddings())
    inner, outer = (getattr(one.encoder, "embeddings", None) for one in (generator, model))
    if getattr(outer, "position_embeddings", None) is not None:
        inner.position_embeddings = outer.position_embeddings  # type: ignore[union-attr]
    if is_tied(generator):
        generator.decoder.weight = small.get_input_embeddings().weight
    generator.stack = find_blocks(generator.encoder, generator.depth, GENERATOR_NAME)


def is_tied(model: MaskedModel) -> bool:
    """Whether pieces are scored by their embeddings."""
    return bool(getattr(model.hugging_face.config, "tie_word_embeddings", True))


class AddedEmbedding(nn.Embedding):
    """Embeddings that are another table's, which they teach nothing, plus their own."""

    def __init__(self, own: nn.Embedding, other: nn.Embedding) -> None:
        """Take over ``own``'s weights, which should be 0 at first."""
        super().__init__(own.num_embeddings, own.embedding_dim, own.padding_idx, device="meta")
        self.weight = own.weight
        object.__setattr__(self, "_other", other)  # no part of this model: it is not saved with it

    @property
    def other(self) -> Tensor:
        """(V, D) the other table as it is now, without a way back to it."""
        weight: Tensor = self._other.weight  # type: ignore[union-attr,assignment]
        return weight.detach()

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """The sum of both for each piece."""
        return super().forward(input) + nn.functional.embedding(input, self.other)


def _disentangle(model: MaskedModel, generator: MaskedModel) -> None:
    large = model.hugging_face
    own = large.get_input_embeddings()
    with torch.no_grad():
        own.weight.zero_()
    added = AddedEmbedding(own, generator.hugging_face.get_input_embeddings())
    large.set_input_embeddings(added)
    if is_tied(model):
        model.decoder.weight = own.weight
        model.added = added


def join_embeddings(model: MaskedModel) -> None:
    """Make the model's embeddings one table again, to be saved."""
    added: Any = model.hugging_face.get_input_embeddings()
    if isinstance(added, AddedEmbedding):
        with torch.no_grad():
            added.weight.add_(added.other)
        plain = nn.Embedding(
            added.num_embeddings, added.embedding_dim, added.padding_idx, device="meta"
        )
        plain.weight = added.weight
        model.hugging_face.set_input_embeddings(plain)
        model.added = None

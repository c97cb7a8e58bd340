"""A masked language model taken apart: encoder, blocks, and a head for chosen places only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from continued_pretraining.text.batch import MicroBatch
from x2static.core.errors import TeacherError
from x2static.teacher import load
from x2static.teacher.blocks import Blocks, Capture, find_blocks
from x2static.teacher.loading.hugging_face import cast_adapter_outputs, position_limit
from x2static.teacher.modules import has_modules, speak
from x2static.teacher.precision import autocast

# Families that take a mask of four dimensions and explicit positions, by how they count these.
_COUNTED_FROM_PADDING = ("xlm-roberta", "roberta", "camembert", "xmod")
_COUNTED_FROM_ZERO = ("bert", "electra")


@dataclass
class MaskedModel:
    """A Hugging Face masked language model and the ways through it that training needs.

    Attributes:
        hugging_face: the whole model, as it will be saved.
        encoder: the model without its head.
        transform: what the head does before it scores pieces.
        decoder: scores pieces; its weight is usually the embedding table.
        stack: where its blocks lie.
        low: precision of the matrix products.
        untrained: weights that the folder did not have, so that they begin at random.
        added: embeddings that are another model's plus this one's, where they are.
    """

    hugging_face: Any
    encoder: Any
    transform: Callable[[Tensor], Tensor]
    decoder: nn.Linear
    stack: Blocks
    low: torch.dtype
    untrained: tuple[str, ...] = ()
    added: Any = None

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        device: torch.device = self.decoder.weight.device
        return device

    @property
    def blocks(self) -> Any:
        """The list of blocks."""
        return self.stack.modules

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return int(self.hugging_face.config.num_hidden_layers)

    @property
    def width(self) -> int:
        """D of the states."""
        return int(self.hugging_face.config.hidden_size)

    @property
    def max_pieces(self) -> int:
        """Longest input, control tokens included."""
        return position_limit(self.hugging_face)

    def autocast(self) -> Any:
        """The context in which matrix products take the low precision."""
        return autocast(self.device, self.low)

    @property
    def first_position(self) -> int | None:
        """Number of a sequence's first position where a row may hold several, else None."""
        family = str(self.hugging_face.config.model_type)
        if family in _COUNTED_FROM_PADDING:
            return int(self.hugging_face.config.pad_token_id) + 1
        return 0 if family in _COUNTED_FROM_ZERO else None

    def states(self, batch: MicroBatch, block: int | None = None) -> tuple[Tensor, Tensor]:
        """The last states of a batch, and those after ``block`` (None: the last ones again)."""
        if block is None:
            last = self._encode(batch)
            return last, last
        with Capture(self.stack, [block]) as capture:
            last = self._encode(batch)
            return last, capture.take(block)

    def states_up_to(self, batch: MicroBatch, block: int) -> Tensor:
        """The states after ``block``; later blocks are not run."""
        with self.stack.shortened(block), Capture(self.stack, [block]) as capture:
            self._encode(batch)
            return capture.take(block)

    def features(self, states: Tensor, places: Tensor) -> Tensor:
        """(M, D) what the decoder scores: (B, T, D) last states at M places of the flat batch."""
        with self.autocast():
            return self.transform(states.flatten(0, 1).index_select(0, places))

    @property
    def table(self) -> Tensor:
        """(V, D) the rows that score pieces."""
        weight: Tensor = self.decoder.weight
        return weight if self.added is None else weight + self.added.other

    @property
    def bias(self) -> Tensor:
        """(V,) what the decoder adds to the score of each piece."""
        bias = self.decoder.bias
        return torch.zeros_like(self.decoder.weight[:, 0]) if bias is None else bias

    def _encode(self, batch: MicroBatch) -> Tensor:
        options = {} if batch.positions is None else {"position_ids": batch.positions}
        with self.autocast():
            output = self.encoder(input_ids=batch.ids, attention_mask=batch.mask, **options)
        states: Tensor = output.last_hidden_state
        return states


def take_apart(hugging_face: Any, low: torch.dtype, name: str) -> MaskedModel:
    """Find encoder, head and decoder of a masked language model.

    Raises:
        TeacherError: a family whose head is not known here.
    """
    decoder = hugging_face.get_output_embeddings()
    transform = _find_transform(hugging_face)
    if decoder is None or transform is None:
        family = getattr(hugging_face.config, "model_type", "?")
        raise TeacherError(
            f"{name}: the masked language model head of a {family} is not known here; models like "
            "XLM-R, RoBERTa, BERT, DistilBERT and ModernBERT are"
        )
    if decoder.weight.device.type == "cpu" and low is torch.bfloat16:
        # torch's fused attention is far slower backwards in bf16 on processors.
        hugging_face.set_attn_implementation("eager")
    cast_adapter_outputs(hugging_face)
    encoder = hugging_face.base_model
    blocks = find_blocks(encoder, int(encoder.config.num_hidden_layers), name)
    return MaskedModel(hugging_face, encoder, transform, decoder, blocks, low)


def _find_transform(hugging_face: Any) -> Callable[[Tensor], Tensor] | None:
    """What the head of a known family does before its decoder."""
    if hasattr(hugging_face, "lm_head") and hasattr(hugging_face.lm_head, "layer_norm"):
        head = hugging_face.lm_head
        return lambda x: head.layer_norm(nn.functional.gelu(head.dense(x)))
    if hasattr(hugging_face, "cls") and hasattr(hugging_face.cls, "predictions"):
        transform: Callable[[Tensor], Tensor] = hugging_face.cls.predictions.transform
        return transform
    if hasattr(hugging_face, "vocab_transform"):
        whole = hugging_face
        return lambda x: whole.vocab_layer_norm(whole.activation(whole.vocab_transform(x)))
    if hasattr(hugging_face, "head") and hasattr(hugging_face, "decoder"):
        modern: Callable[[Tensor], Tensor] = hugging_face.head
        return modern
    return None


def load_model(
    name: str,
    dropout: float | None,
    low: torch.dtype,
    *,
    tokenizer: Any = None,
    device: Any,
    languages: Sequence[str] = (),
) -> MaskedModel:
    """A pre-trained masked language model in float32; ``tokenizer`` is Hugging Face's.

    Raises:
        TeacherError: nothing usable under that name, or one module would have to read several
            languages.
    """
    loaded = load.load_model(
        name, "AutoModelForMaskedLM", tokenizer, fault="no masked language model here",
        change=lambda config: set_dropout(config, dropout),
    )  # fmt: skip
    if has_modules(loaded.model):
        _speak(loaded.model, sorted(set(languages)), name)
    model = take_apart(loaded.model.float().to(device), low, name)
    model.untrained = loaded.missing
    return model


def _speak(model: Any, languages: list[str], name: str) -> None:
    """Train the module of the one language that the text is in."""
    if len(languages) > 1:
        raise TeacherError(
            f"{name}: has a module for each language, and a run trains the module of one; --text "
            f"has {', '.join(languages)}"
        )
    speak(model, languages[0] if languages else None, name, "--text LANGUAGE=FILE")


def set_dropout(config: Any, rate: float | None) -> None:
    """Give every dropout of a model one rate; None leaves each as it is."""
    if rate is None:
        return
    for name in list(vars(config)):
        if "dropout" in name and isinstance(getattr(config, name), (int, float)):
            setattr(config, name, rate)

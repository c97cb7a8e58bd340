"""A masked language model taken apart: encoder, blocks, and a head for chosen places only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from continued_pretraining.text.batch import MicroBatch
from x2static.core.errors import TeacherError
from x2static.teacher.hugging_face import mend_adapters, quiet, read_config
from x2static.teacher.modules import has_modules, speak
from x2static.teacher.weights import load_weights

# Families that take a mask of four dimensions and explicit positions, by how they count these.
_COUNTED_FROM_PADDING = ("xlm-roberta", "roberta", "camembert", "xmod")
_COUNTED_FROM_ZERO = ("bert", "electra")
_STACK_NAMES = ("layer", "layers", "h", "blocks", "block")


@dataclass
class MaskedModel:
    """A Hugging Face masked language model and the ways through it that training needs.

    Attributes:
        hugging_face: the whole model, as it will be saved.
        encoder: the model without its head.
        transform: what the head does before it scores pieces.
        decoder: scores pieces; its weight is usually the embedding table.
        stack: the module that holds the list of blocks, and the list's name in it.
        low: precision of the matrix products.
        untrained: weights that the folder did not have, so that they begin at random.
        added: embeddings that are another model's plus this one's, where they are.
    """

    hugging_face: Any
    encoder: Any
    transform: Callable[[Tensor], Tensor]
    decoder: nn.Linear
    stack: tuple[Any, str]
    low: torch.dtype
    untrained: tuple[str, ...] = ()
    added: Any = None
    _captured: dict[int, Tensor] = field(default_factory=dict, repr=False)

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        device: torch.device = self.decoder.weight.device
        return device

    @property
    def blocks(self) -> Any:
        """The list of blocks."""
        return getattr(*self.stack)

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
        limit = int(getattr(self.hugging_face.config, "max_position_embeddings", 1 << 20))
        positions = getattr(getattr(self.encoder, "embeddings", None), "position_embeddings", None)
        padding = getattr(positions, "padding_idx", None)
        return limit if padding is None else limit - padding - 1

    def autocast(self) -> Any:
        """The context in which matrix products take the low precision."""
        return torch.autocast(self.device.type, dtype=self.low, enabled=self.low is torch.bfloat16)

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
        with self._capturing(block):
            last = self._encode(batch)
            return last, self._captured.pop(block)

    def states_up_to(self, batch: MicroBatch, block: int) -> Tensor:
        """The states after ``block``; later blocks are not run."""
        with self._shortened(block), self._capturing(block):
            self._encode(batch)
            return self._captured.pop(block)

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

    @contextmanager
    def _capturing(self, block: int) -> Iterator[None]:
        """Keep what a block puts out, before any norm that a pre-norm encoder adds at its end."""
        stack = self.blocks

        def keep_output(_module: Any, _inputs: Any, output: Any) -> None:
            self._captured[block] = output[0] if isinstance(output, tuple) else output

        def keep_input(_module: Any, inputs: Any, keywords: Any) -> None:
            self._captured[block] = inputs[0] if inputs else keywords["hidden_states"]

        if block == 0:
            handle = stack[0].register_forward_pre_hook(keep_input, with_kwargs=True)
        else:
            handle = stack[block - 1].register_forward_hook(keep_output)
        try:
            yield
        finally:
            handle.remove()

    @contextmanager
    def _shortened(self, block: int) -> Iterator[None]:
        """The encoder without the blocks after ``block``."""
        parent, name = self.stack
        stack = self.blocks
        kept = max(block, 1)
        if kept == len(stack):
            yield
            return
        try:
            setattr(parent, name, stack[:kept])
            yield
        finally:
            setattr(parent, name, stack)


def find_blocks(encoder: Any) -> tuple[Any, str]:
    """The module that holds the list of blocks, and the list's name in it."""
    wanted = int(encoder.config.num_hidden_layers)
    for module in encoder.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleList) and name in _STACK_NAMES and len(child) == wanted:
                return module, name
    raise TeacherError(f"cannot find the blocks of a {type(encoder).__name__}")


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
    mend_adapters(hugging_face)
    encoder = hugging_face.base_model
    return MaskedModel(hugging_face, encoder, transform, decoder, find_blocks(encoder), low)


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
    device: Any,
    languages: Sequence[str] = (),
) -> MaskedModel:
    """A pre-trained masked language model in float32.

    Raises:
        TeacherError: nothing usable under that name, or one module would have to read several
            languages.
    """
    import transformers

    with quiet(transformers):
        config = read_config(transformers, name)
        set_dropout(config, dropout)
        loaded, missing, _ = load_weights(
            transformers, "AutoModelForMaskedLM", name, config, "no masked language model here"
        )
    if has_modules(loaded):
        _speak(loaded, sorted(set(languages)), name)
    model = take_apart(loaded.float().to(device), low, name)
    model.untrained = tuple(missing)
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

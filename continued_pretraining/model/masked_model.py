"""A masked language model taken apart: encoder, blocks, and a head for chosen places only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from continued_pretraining.model.routing import Router
from continued_pretraining.text.batch import Ids, MicroBatch
from x2static.core.errors import ConfigError, TeacherError
from x2static.core.languages.language import same_language
from x2static.teacher import load
from x2static.teacher.added.places import AddedLanguage, find_added
from x2static.teacher.blocks import Blocks, Capture, find_blocks
from x2static.teacher.loading.hugging_face import cast_adapter_outputs, position_limit
from x2static.teacher.loading.modular import SHARED, made_modular
from x2static.teacher.modules import has_modules, speak
from x2static.teacher.precision import autocast
from x2static.teacher.speaker import Speaker

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
        router: sends rows of several languages through their modules; None without modules.
        languages: of the text, by the numbers that batches have for them; empty without modules,
            or where all share one.
    """

    hugging_face: Any
    encoder: Any
    transform: Callable[[Tensor], Tensor]
    decoder: nn.Linear
    stack: Blocks
    low: torch.dtype
    untrained: tuple[str, ...] = ()
    added: Any = None
    router: Router | None = None
    languages: tuple[str, ...] = ()

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

    def numbers_of(self, names: Sequence[str], flag: str) -> Ids | None:
        """(L,) the number of each language for batches; None where batches need none.

        Raises:
            ConfigError: a language whose module gets no text.
        """
        if len(self.languages) < 2:
            return None
        for name in names:
            if name not in self.languages:
                raise ConfigError(
                    f"{flag}: {name} is read through a module of its own, so give text of it, too "
                    f"(--text has {', '.join(self.languages)})"
                )
        return np.array([self.languages.index(name) for name in names], dtype=np.int64)

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
        if self.router is not None:
            options["lang_ids"] = batch.ids[:, 0]  # some numbers: the router knows the languages
        route = nullcontext() if self.router is None else self.router.reading(batch.spoken)
        with route, self.autocast():
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
    modules: Sequence[str] = (),
) -> MaskedModel:
    """A pre-trained masked language model in float32; ``tokenizer`` is Hugging Face's.

    With ``modules``, it gets these and answers as before (seed torch first).

    Raises:
        TeacherError: nothing usable under that name, or one module would have to read several
            languages.
    """
    added = added_of(name, languages)
    loaded = load.load_model(
        name,
        "AutoModelForMaskedLM",
        tokenizer if added is None else load.load_tokenizer(name),
        fault="no masked language model here",
        change=lambda config: set_dropout(config, dropout),
    )
    if added is not None:
        Speaker(name, loaded.model, tokenizer).speak(added.code)
    whole = loaded.model.float()
    if modules:
        if has_modules(whole):
            raise ConfigError(
                f"--modules: {name} has modules already ({', '.join(whole.config.languages)}); "
                "leave the flag out to train them, or add a language with x2static extend"
            )
        whole = made_modular(whole, modules, name)
    model = take_apart(whole.to(device), low, name)
    model.untrained = loaded.missing
    if has_modules(whole):
        route(model, languages, name)
    return model


def added_of(name: str, languages: Sequence[str]) -> AddedLanguage | None:
    """The language that was added to a model and that the text is in; None for its own.

    Raises:
        TeacherError: there is text in other languages, too, which have another vocabulary.
    """
    found = [one for one in (find_added(name, language) for language in languages) if one]
    if found and len(languages) > 1:
        shown = ", ".join(language for language in languages if language != found[0].code)
        raise TeacherError(
            f"{name}: {found[0].code} was added with a vocabulary of its own, so its text comes "
            f"alone; leave {shown} out of --text"
        )
    return found[0] if found else None


def route(model: MaskedModel, languages: Sequence[str], name: str) -> None:
    """Send text through the modules of its languages from now on.

    Args:
        model: one with modules.
        languages: of the text, by their numbers.
        name: of the model, for messages.

    Raises:
        TeacherError: it has no module for one of them.
    """
    whole = model.hugging_face
    modules = list(whole.config.languages)
    if modules == [SHARED]:
        model.router = Router(whole, modules)
        return
    found = [same_language(modules, language) for language in languages]
    if len(languages) < 2 or None in found:
        wrong = languages[found.index(None)] if None in found else next(iter(languages), None)
        speak(whole, wrong, name, "--text LANGUAGE=FILE")
    model.router = Router(whole, [str(module) for module in found])
    model.languages = tuple(languages)


def set_dropout(config: Any, rate: float | None) -> None:
    """Give every dropout of a model one rate; None leaves each as it is."""
    if rate is None:
        return
    for name in list(vars(config)):
        if "dropout" in name and isinstance(getattr(config, name), (int, float)):
            setattr(config, name, rate)

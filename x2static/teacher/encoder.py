"""Load the first L blocks of a Hugging Face encoder and run token batches through them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from x2static.core.errors import ConfigError, require
from x2static.core.machine.device import pick_device
from x2static.core.machine.processors import CORNER
from x2static.core.progress import doing
from x2static.teacher.blocks import Capture, find_blocks
from x2static.teacher.load import load_model, load_tokenizer
from x2static.teacher.loading.direction import check_reads_both_ways, two_pieces
from x2static.teacher.loading.hugging_face import position_limit
from x2static.teacher.modules import speak
from x2static.teacher.pieces import WordPieces
from x2static.teacher.precision import Precision, dtype_of, pick_precision
from x2static.teacher.speaker import Speaker

if TYPE_CHECKING:
    import torch


@dataclass
class Teacher:
    """A frozen encoder cut after block ``layer``.

    Attributes:
        name: what the user called it.
        layer: L; 0 is the embedding layer.
        lower: a block below L that is read as well, or None.
        depth: number of blocks of the whole model.
        width: D of the hidden states.
        max_pieces: longest input, control tokens included.
        pieces: the tokenizer.
        model: the torch module, in evaluation mode.
        device: where it runs.
        precision: ``fp32`` or ``bf16``.
        module: of a model with modules for each language, the one that it reads through.
        speaker: knows the languages that were added to the model.
    """

    name: str
    layer: int
    lower: int | None
    depth: int
    width: int
    max_pieces: int
    pieces: WordPieces
    model: Any = field(repr=False)
    device: torch.device
    precision: str
    module: str | None = None
    speaker: Speaker | None = field(default=None, repr=False)
    _capture: Capture | None = field(default=None, repr=False)

    @property
    def num_layers(self) -> int:
        """Layers that are read."""
        return 1 if self.lower is None else 2

    def speak(self, language: str | None, flag: str = "--language") -> None:
        """Read in a language from now on: its module, and its vocabulary if it was added."""
        if self.speaker is not None:
            before = self.speaker.language
            tokenizer = self.speaker.speak(language)
            if self.speaker.language != before:
                self.pieces = WordPieces(tokenizer, self.name)
        self.module = speak(self.model, language, self.name, flag)

    def hidden_states(self, input_ids: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """The states after block L.

        Args:
            input_ids: (B, T) piece ids on the teacher's device.
            mask: (B, T) 1 for pieces and 0 for padding; None where nothing is padded.

        Returns:
            (B, T, D) in the teacher's precision; rows under padding are meaningless.
        """
        return self.layer_states(input_ids, mask)[0]

    def layer_states(
        self, input_ids: torch.Tensor, mask: torch.Tensor | None
    ) -> list[torch.Tensor]:
        """The states after block L and, where one is wanted, after the lower block."""
        found = self.states_at(input_ids, mask)
        return [found[self.layer]] if self.lower is None else [found[self.layer], found[self.lower]]

    def watch(self, blocks: Iterable[int]) -> None:
        """Keep the states after further blocks below L, too, for `states_at`."""
        further = sorted({*blocks} - {self.layer})
        for block in further:
            if not 0 <= block < self.layer:
                raise ConfigError(f"{self.name}: block {block} is not below block {self.layer}")
        self._listen(further)

    def states_at(
        self, input_ids: torch.Tensor, mask: torch.Tensor | None
    ) -> dict[int, torch.Tensor]:
        """The states after block L, and after each block that is watched, by block."""
        import torch

        if mask is None:
            mask = torch.ones_like(input_ids)
        with torch.inference_mode(), CORNER.together():
            output = self.model(input_ids=input_ids, attention_mask=mask)
        last: torch.Tensor = output.last_hidden_state
        captured = {} if self._capture is None else self._capture.take_all()
        return {self.layer: last, **captured}

    def _listen(self, blocks: Sequence[int]) -> None:
        """Capture blocks' own states; those of the whole model's last come after any final norm."""
        if blocks and self._capture is None:
            self._capture = Capture(find_blocks(self.model, max(self.layer, 1), self.name))
        if self._capture is not None:
            self._capture.add(blocks)


def load_teacher(
    name: str,
    layer: int | None = None,
    device: str = "auto",
    precision: Precision = "auto",
    *,
    with_lower: bool = False,
    language: str | None = None,
    flag: str = "--language",
) -> Teacher:
    """Build the first blocks of a pre-trained encoder, without pooler and without LM head.

    Args:
        name: a model name of the hub or a local folder.
        layer: block whose output is wanted; negative counts from the end (-1 is the last), None
            is the middle (6 of 12, 3 of 6).
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: ``auto`` is bf16 where the hardware multiplies it faster, else fp32.
        with_lower: read the block at two thirds of the way to the chosen one as well.
        language: of the text, for a model that has a module for each language, or to which
            languages were added.
        flag: the setting that gives the language, for messages.

    Raises:
        TeacherError: nothing usable under that name.
        ConfigError: the model has no such layer.
    """
    doing(f"loading {name}")
    require("torch", "distill", "running a transformer")
    target = pick_device(device)
    tokenizer = load_tokenizer(name)
    loaded = load_model(
        name, "AutoModel", tokenizer, cut=lambda depth: max(resolve_layer(layer, depth), 1)
    )
    wanted = resolve_layer(layer, loaded.depth)
    speaker = Speaker(name, loaded.model, tokenizer)
    tokenizer = speaker.speak(language)
    chosen = pick_precision(precision, target)
    model = loaded.model.to(device=target, dtype=dtype_of(chosen)).eval().requires_grad_(False)
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    module = speak(model, language, name, flag)
    check_reads_both_ways(name, model, two_pieces(name, tokenizer))
    lower = min(round(2 * wanted / 3), wanted - 1) if with_lower and wanted else None
    teacher = Teacher(
        name,
        wanted,
        lower,
        loaded.depth,
        int(model.config.hidden_size),
        position_limit(model, tokenizer),
        WordPieces(tokenizer, name),
        model,
        target,
        chosen,
        module,
        speaker,
    )
    own = wanted if wanted < loaded.depth else None
    teacher._listen([block for block in (own, lower) if block is not None])
    return teacher


def resolve_layer(layer: int | None, depth: int, flag: str = "--layer") -> int:
    """The block number behind a setting: None is the middle, negative counts from the end."""
    if layer is None:
        return depth // 2
    resolved = layer + depth + 1 if layer < 0 else layer
    if not 0 <= resolved <= depth:
        raise ConfigError(
            f"{flag} {layer}: this teacher has {depth} layers; choose 0 (embeddings) to {depth}, "
            f"or -1 (the last) to -{depth + 1}"
        )
    return resolved

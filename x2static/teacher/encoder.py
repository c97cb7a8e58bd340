"""Load the first L blocks of a Hugging Face encoder and run token batches through them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from x2static.core.errors import ConfigError, TeacherError, require
from x2static.core.machine.device import pick_device
from x2static.teacher.direction import check_reads_both_ways, two_pieces
from x2static.teacher.hugging_face import (
    check_vocabulary,
    position_limit,
    quiet,
    read_config,
    read_tokenizer,
)
from x2static.teacher.modules import speak
from x2static.teacher.pieces import WordPieces
from x2static.teacher.precision import Precision, dtype_of, pick_precision
from x2static.teacher.weights import check_depth_of_weights, load_weights

if TYPE_CHECKING:
    import torch

_STACK_NAMES = ("layer", "layers", "h", "blocks", "block")


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
        pieces: the tokeniser.
        model: the torch module, in evaluation mode.
        device: where it runs.
        precision: ``fp32`` or ``bf16``.
        module: of a model with modules for each language, the one that it reads through.
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
    _captured: dict[int, Any] = field(default_factory=dict, repr=False)
    _watched: set[int] = field(default_factory=set, repr=False)

    @property
    def num_layers(self) -> int:
        """Layers that are read."""
        return 1 if self.lower is None else 2

    def speak(self, language: str | None, flag: str = "--language") -> None:
        """Read through the module of a language from now on; other models have none."""
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
        for block in sorted({*blocks} - self._watched - {self.layer}):
            if not 0 <= block < self.layer:
                raise ConfigError(f"{self.name}: block {block} is not below block {self.layer}")
            _capture_block(self, block, max(self.layer, 1))
            self._watched.add(block)

    def states_at(
        self, input_ids: torch.Tensor, mask: torch.Tensor | None
    ) -> dict[int, torch.Tensor]:
        """The states after block L, and after each block that is watched, by block."""
        import torch

        if mask is None:
            mask = torch.ones_like(input_ids)
        with torch.inference_mode():
            output = self.model(input_ids=input_ids, attention_mask=mask)
        last: torch.Tensor = output.last_hidden_state
        states = {self.layer: last, **self._captured}
        self._captured.clear()
        return states


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
        language: of the text, for a model that has a module for each language.
        flag: the setting that gives the language, for messages.

    Raises:
        TeacherError: nothing usable under that name.
        ConfigError: the model has no such layer.
    """
    require("torch", "distill", "running a transformer")
    transformers = require("transformers", "distill", "running a transformer")
    target = pick_device(device)
    with quiet(transformers):
        config, tokenizer = read_config(transformers, name), read_tokenizer(transformers, name)
        depth = int(config.num_hidden_layers)
        wanted = resolve_layer(layer, depth)
        model = _read_model(transformers, name, config, max(wanted, 1), depth)
    chosen = pick_precision(precision, target)
    model = model.to(device=target, dtype=dtype_of(chosen)).eval().requires_grad_(False)
    check_vocabulary(name, tokenizer, model)
    module = speak(model, language, name, flag)
    check_reads_both_ways(name, model, two_pieces(name, tokenizer))
    pieces = WordPieces(tokenizer, name)
    width = int(model.config.hidden_size)
    limit = position_limit(model, tokenizer)
    lower = min(round(2 * wanted / 3), wanted - 1) if with_lower and wanted else None
    teacher = Teacher(
        name, wanted, lower, depth, width, limit, pieces, model, target, chosen, module
    )
    for block in (wanted if wanted < depth else None, lower):
        if block is not None:
            _capture_block(teacher, block, max(wanted, 1))
            teacher._watched.add(block)
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


def _read_model(transformers: Any, name: str, config: Any, blocks: int, depth: int) -> Any:
    config.num_hidden_layers = blocks
    if getattr(config, "layer_types", None):  # some configs list a kind of attention per layer
        config.layer_types = list(config.layer_types)[:blocks]
    model, _, unexpected = load_weights(
        transformers, "AutoModel", name, config, "weights cannot be loaded"
    )
    config.num_hidden_layers = depth
    if blocks < depth:
        stack, _ = find_blocks(model, blocks, name)
        check_depth_of_weights(name, stack, unexpected, blocks, depth)
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    return model


def _capture_block(teacher: Teacher, block: int, blocks: int) -> None:
    """Keep what a block puts out, before any final norm that a pre-norm encoder adds.

    For post-norm encoders (BERT, XLM-R) the last one's is the same tensor as
    ``last_hidden_state``.
    """
    _, stack = find_blocks(teacher.model, blocks, teacher.name)

    def keep_output(_module: Any, _inputs: Any, output: Any) -> None:
        teacher._captured[block] = output[0] if isinstance(output, tuple) else output

    def keep_input(_module: Any, inputs: Any, keywords: Any) -> None:
        teacher._captured[block] = inputs[0] if inputs else keywords["hidden_states"]

    if block == 0:
        stack[0].register_forward_pre_hook(keep_input, with_kwargs=True)
    else:
        stack[block - 1].register_forward_hook(keep_output)


def find_blocks(model: Any, blocks: int, name: str) -> tuple[str, Any]:
    """Path of the list of blocks in the model, and the list."""
    import torch

    for path, module in model.named_modules():
        is_stack = isinstance(module, torch.nn.ModuleList) and len(module) == blocks
        if is_stack and path.rsplit(".", 1)[-1] in _STACK_NAMES:
            return path, module
    raise TeacherError(f"{name}: cannot find its {blocks} blocks; use --layer -1 for this model")

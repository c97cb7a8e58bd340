"""Load the first L blocks of a Hugging Face encoder and run token batches through them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from x2static.core.device import pick_device
from x2static.core.errors import ConfigError, TeacherError, require
from x2static.teacher.pieces import WordPieces

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "fp32", "bf16"]
_TOKENIZER_FILES = (
    "tokenizer.json", "sentencepiece.bpe.model", "spiece.model", "vocab.txt", "vocab.json",
)  # fmt: skip
_STACK_NAMES = ("layer", "layers", "h", "blocks", "block")
_MANY_POSITIONS = 1_000_000  # some tokenisers write a huge number for "no limit"


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
    _captured: dict[int, Any] = field(default_factory=dict, repr=False)

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
        import torch

        if mask is None:
            mask = torch.ones_like(input_ids)
        with torch.inference_mode():
            output = self.model(input_ids=input_ids, attention_mask=mask)
        last: torch.Tensor = output.last_hidden_state
        states = [self._captured.pop(self.layer, last)]
        if self.lower is not None:
            states.append(self._captured.pop(self.lower))
        return states


def load_teacher(
    name: str,
    layer: int | None = None,
    device: str = "auto",
    precision: Precision = "auto",
    *,
    with_lower: bool = False,
) -> Teacher:
    """Build the first blocks of a pre-trained encoder, without pooler and without LM head.

    Args:
        name: a model name of the hub or a local folder.
        layer: block whose output is wanted; negative counts from the end (-1 is the last), None
            is the middle (6 of 12, 3 of 6).
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: ``auto`` is bf16 where the hardware multiplies it faster, else fp32.
        with_lower: read the block at two thirds of the way to the chosen one as well.

    Raises:
        TeacherError: nothing usable under that name.
        ConfigError: the model has no such layer.
    """
    require("torch", "distill", "running a transformer")
    transformers = require("transformers", "distill", "running a transformer")
    target = pick_device(device)
    with _quiet(transformers):
        config, tokenizer = _read_config(transformers, name), _read_tokenizer(transformers, name)
        depth = int(config.num_hidden_layers)
        wanted = resolve_layer(layer, depth)
        model = _read_model(transformers, name, config, max(wanted, 1))
    chosen = _pick_precision(precision, target)
    model = model.to(device=target, dtype=_dtype(chosen)).eval().requires_grad_(False)
    pieces = WordPieces(tokenizer, name)
    _check_vocabulary(name, tokenizer, model)
    width = int(model.config.hidden_size)
    limit = _position_limit(model, tokenizer)
    lower = round(2 * wanted / 3) if with_lower and wanted else None
    teacher = Teacher(name, wanted, lower, depth, width, limit, pieces, model, target, chosen)
    for block in (wanted if wanted < depth else None, lower):
        if block is not None:
            _capture_block(teacher, block, max(wanted, 1))
    return teacher


def resolve_layer(layer: int | None, depth: int) -> int:
    """The block number behind a setting: None is the middle, negative counts from the end."""
    if layer is None:
        return depth // 2
    resolved = layer + depth + 1 if layer < 0 else layer
    if not 0 <= resolved <= depth:
        raise ConfigError(
            f"--layer {layer}: this teacher has {depth} layers; choose 0 (embeddings) to {depth}, "
            f"or -1 (the last) to -{depth + 1}"
        )
    return resolved


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Hold back the library's own reports: the weights we leave out are left out on purpose."""
    log = transformers.utils.logging
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    logger = logging.getLogger("transformers")
    level = logger.level
    try:
        yield
    finally:
        log.set_verbosity(before)
        logger.setLevel(level)
        if bars:
            log.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _read_config(transformers: Any, name: str) -> Any:
    looks_local = os.sep in name and (name.startswith((".", "/", "~")) or name.count("/") > 1)
    if looks_local and not Path(name).exists():
        raise TeacherError(f"{name}: no such teacher folder; give a folder or a hub model name")
    try:
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise TeacherError(
            f"{name}: not a teacher that can be loaded ({_first_line(error)}); give a folder with "
            "config.json, weights and tokeniser, or a model name the hub knows"
        ) from error
    if not getattr(config, "num_hidden_layers", None):
        raise TeacherError(f"{name}: its config names no layers; an encoder like XLM-R is needed")
    return config


def _read_tokenizer(transformers: Any, name: str) -> Any:
    folder = Path(name)
    if folder.is_dir() and not any((folder / file).exists() for file in _TOKENIZER_FILES):
        # The library would make up an empty tokeniser here, and every word would be unknown.
        raise TeacherError(
            f"{name}: no tokeniser in this folder; put tokenizer.json beside the model, with "
            "AutoTokenizer.from_pretrained(...).save_pretrained(FOLDER)"
        )
    try:
        return transformers.AutoTokenizer.from_pretrained(
            name, use_fast=True, add_prefix_space=True, trust_remote_code=False
        )
    except Exception as error:  # the library raises many kinds for a missing tokeniser
        raise TeacherError(
            f"{name}: its tokeniser cannot be loaded ({_first_line(error)}); put tokenizer.json "
            "beside the model, with AutoTokenizer.from_pretrained(...).save_pretrained(FOLDER)"
        ) from error


def _read_model(transformers: Any, name: str, config: Any, blocks: int) -> Any:
    full_depth = config.num_hidden_layers
    config.num_hidden_layers = blocks
    if getattr(config, "layer_types", None):  # some configs list a kind of attention per layer
        config.layer_types = list(config.layer_types)[:blocks]
    try:
        model = transformers.AutoModel.from_pretrained(
            name, config=config, trust_remote_code=False, use_safetensors=_safe_format(name)
        )
    except Exception as error:  # weights can be absent, torn or of another shape
        raise TeacherError(f"{name}: weights cannot be loaded ({_first_line(error)})") from error
    config.num_hidden_layers = full_depth
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    if getattr(config, "default_language", "") is None and hasattr(model, "set_default_language"):
        model.set_default_language(next(iter(config.languages)))
    return model


def _check_vocabulary(name: str, tokenizer: Any, model: Any) -> None:
    rows = int(model.get_input_embeddings().num_embeddings)
    largest = max(tokenizer.get_vocab().values(), default=0)
    if largest >= rows:
        raise TeacherError(
            f"{name}: its tokeniser has ids up to {largest}, its model only {rows} embeddings; "
            "they do not belong together"
        )


def _safe_format(name: str) -> bool | None:
    """Ask for safetensors where a folder has them; torch's own weights-only loader else."""
    return True if (Path(name) / "model.safetensors").exists() else None


def _capture_block(teacher: Teacher, block: int, blocks: int) -> None:
    """Keep what a block puts out, before any final norm that a pre-norm encoder adds.

    For post-norm encoders (BERT, XLM-R) the last one's is the same tensor as
    ``last_hidden_state``.
    """
    stack = _find_blocks(teacher.model, blocks, teacher.name)

    def keep_output(_module: Any, _inputs: Any, output: Any) -> None:
        teacher._captured[block] = output[0] if isinstance(output, tuple) else output

    def keep_input(_module: Any, inputs: Any, keywords: Any) -> None:
        teacher._captured[block] = inputs[0] if inputs else keywords["hidden_states"]

    if block == 0:
        stack[0].register_forward_pre_hook(keep_input, with_kwargs=True)
    else:
        stack[block - 1].register_forward_hook(keep_output)


def _find_blocks(model: Any, blocks: int, name: str) -> Any:
    import torch

    for path, module in model.named_modules():
        is_stack = isinstance(module, torch.nn.ModuleList) and len(module) == blocks
        if is_stack and path.rsplit(".", 1)[-1] in _STACK_NAMES:
            return module
    raise TeacherError(f"{name}: cannot find its {blocks} blocks; use --layer -1 for this model")


def _position_limit(model: Any, tokenizer: Any) -> int:
    """Longest input in pieces: learned positions less the ones a RoBERTa keeps for padding."""
    limit = int(getattr(model.config, "max_position_embeddings", None) or _MANY_POSITIONS)
    positions = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    padding = getattr(positions, "padding_idx", None)
    if padding is not None:
        limit -= padding + 1
    stated = int(tokenizer.model_max_length)
    return min(limit, stated) if stated < _MANY_POSITIONS else limit


def _pick_precision(precision: str, device: torch.device) -> str:
    import torch

    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    fast = {"amx_bf16", "avx512_bf16"} & _cpu_flags()
    return "bf16" if fast else "fp32"


def _cpu_flags() -> set[str]:
    """Instruction sets the processor names; empty where the system does not list them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return set(
        next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split()
    )


def _dtype(precision: str) -> torch.dtype:
    import torch

    return torch.bfloat16 if precision == "bf16" else torch.float32

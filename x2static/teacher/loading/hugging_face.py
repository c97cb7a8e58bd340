"""Read configs and tokenizers, with clear errors when files are missing."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from x2static.core.errors import TeacherError
from x2static.teacher.loading.config_check import check_depth, check_family, check_folder

_TOKENIZER_FILES = (
    "tokenizer.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "vocab.txt",
    "vocab.json",
)
MODEL_FILES = ("config.json", *_TOKENIZER_FILES)
_MANY_POSITIONS = 1_000_000  # some tokenizers write a huge number for "no limit"
_REMEDY = (
    "put tokenizer.json beside the model, with AutoTokenizer.from_pretrained(...)"
    ".save_pretrained(FOLDER)"
)


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Hold back the library's own bars and reports; what matters in them is said by us."""
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


def first_line(error: Exception) -> str:
    """What an error says, in one line: its first, and the next where that ends with a colon."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    shown = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return shown.rstrip(".")


def require_folder(name: str) -> None:
    """Raise `TeacherError` if a name is spelled like a path and nothing is there.

    ``models/mine`` may be a name of the hub, but not where a folder ``models`` lies at hand: asking
    the hub would take a minute of retries without a network.
    """
    looks_local = os.sep in name and (name.startswith((".", "/", "~")) or name.count("/") > 1)
    looks_local |= name.count("/") == 1 and Path(name).parent.is_dir()
    if looks_local and not Path(name).exists():
        raise TeacherError(f"{name}: no such model folder; give a folder or a hub model name")


def read_config(transformers: Any, name: str) -> Any:
    """The settings of an encoder, which must name its layers."""
    require_folder(name)
    check_folder(name)
    try:
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
    except Exception as error:  # the library checks each field in its own way
        raise TeacherError(
            f"{name}: not a model that can be loaded ({first_line(error)}); give a folder with "
            "config.json, weights and tokenizer, or a model name the hub knows"
        ) from error
    if not getattr(config, "num_hidden_layers", None):
        raise TeacherError(f"{name}: its config names no layers; an encoder like XLM-R is needed")
    check_depth(name, config.num_hidden_layers)
    check_family(name, config)
    return config


def read_tokenizer(transformers: Any, name: str, *, for_words: bool = True) -> Any:
    """The tokenizer of a model, fast where there is a fast one.

    Args:
        transformers: the library.
        name: hub name or folder.
        for_words: whether it is to split words one by one, each as after a space.
    """
    require_folder(name)
    folder = Path(name)
    if folder.is_dir() and not any((folder / file).exists() for file in _TOKENIZER_FILES):
        # The library would make up an empty tokenizer here, and every word would be unknown.
        raise TeacherError(f"{name}: no tokenizer in this folder; {_REMEDY}")
    try:
        return transformers.AutoTokenizer.from_pretrained(
            name,
            use_fast=True,
            trust_remote_code=False,
            **({"add_prefix_space": True} if for_words else {}),
        )
    except Exception as error:  # the library raises many kinds for a missing tokenizer
        raise TeacherError(
            f"{name}: its tokenizer cannot be loaded ({first_line(error)}); {_REMEDY}"
        ) from error


def require_fast(tokenizer: Any, name: str) -> None:
    """Raise `TeacherError` for a slow tokenizer, which cannot tell where its pieces lie."""
    if not getattr(tokenizer, "is_fast", False):
        raise TeacherError(f"{name}: no fast tokenizer (tokenizer.json) here; {_REMEDY}")


def check_vocabulary(name: str, tokenizer: Any, model: Any) -> None:
    """Raise `TeacherError` if a tokenizer has pieces that a model knows nothing of."""
    rows = int(model.get_input_embeddings().num_embeddings)
    largest = max(tokenizer.get_vocab().values(), default=0)
    if largest >= rows:
        raise TeacherError(
            f"{name}: its tokenizer has ids up to {largest}, its model only {rows} embeddings; "
            "they do not belong together"
        )


def safe_format(name: str) -> bool | None:
    """Ask for safetensors where a folder has them; torch's own weights-only loader else."""
    return True if (Path(name) / "model.safetensors").exists() else None


def cast_adapter_outputs(model: Any) -> None:
    """Let a model with modules for each language (X-MOD) run where autocast multiplies in bf16.

    The library puts a module's output, bf16 there, into a tensor of its input's type, float32,
    which torch refuses.
    """
    for layer in model.modules():
        for adapter in getattr(layer, "adapter_modules", {}).values():
            if _in_type_of_input not in adapter._forward_hooks.values():
                adapter.register_forward_hook(_in_type_of_input)


def _in_type_of_input(_module: Any, inputs: Any, output: Any) -> Any:
    return output.to(inputs[0].dtype)


def position_limit(model: Any, tokenizer: Any = None) -> int:
    """Longest input in pieces: learned positions less the ones a RoBERTa keeps for padding.

    With a tokenizer, what it states counts, too.
    """
    limit = int(getattr(model.config, "max_position_embeddings", None) or _MANY_POSITIONS)
    embeddings = getattr(model.base_model, "embeddings", None)
    padding = getattr(getattr(embeddings, "position_embeddings", None), "padding_idx", None)
    if padding is not None:
        limit -= padding + 1
    if tokenizer is None:
        return limit
    stated = int(tokenizer.model_max_length)
    return min(limit, stated) if stated < _MANY_POSITIONS else limit

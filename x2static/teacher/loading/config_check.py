"""What a model's config may say: whole numbers of sensible size, an encoder, no word vectors.

The file is looked at before the library reads it: some config classes build a list as long as the
number of layers, so that a wrong number would already hang there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from x2static.core.errors import TeacherError

MAX_LAYERS = 1000
_LAYER_KEYS = (
    "num_hidden_layers",
    "num_layers",
    "n_layers",
    "n_layer",
    "encoder_layers",
    "decoder_layers",
)
_LARGEST_CONFIG = 64 << 20  # bytes; a real one has some kilobytes
_REMEDY = "give a folder with config.json, weights and tokenizer, or a model name the hub knows"


def check_folder(name: str) -> None:
    """Raise `TeacherError` for a folder that holds word vectors, or whose config cannot be meant.

    A name of the hub passes: there is nothing to look at yet.
    """
    folder = Path(name)
    if not folder.is_dir():
        return
    if (folder / "vectors.safetensors").exists() and not (folder / "config.json").exists():
        raise _word_vectors(name)
    path = folder / "config.json"
    if path.is_file():
        check_numbers(name, _read(path, name))


def check_numbers(name: str, content: dict[str, Any]) -> None:
    """Check what a config file says, before any library acts on it.

    Raises:
        TeacherError: a static model, no name of an architecture, or no sensible number of layers.
    """
    family = content.get("model_type")
    if family == "model2vec" or "StaticModel" in str(content.get("architectures")):
        raise _word_vectors(name)
    if not isinstance(family, str):
        shown = "none" if family is None else repr(family)[:60]
        raise TeacherError(f"{name}: config.json must name a model_type, found {shown}; {_REMEDY}")
    for key in _LAYER_KEYS:
        if key in content:
            check_depth(name, content[key], key)


def check_depth(name: str, depth: Any, key: str = "num_hidden_layers") -> None:
    """Raise `TeacherError` unless a number of layers is one that a model can have."""
    if type(depth) is not int or not 1 <= depth <= MAX_LAYERS:
        raise TeacherError(
            f"{name}: its config says {key} = {repr(depth)[:60]}; expected a whole number from 1 "
            f"to {MAX_LAYERS}"
        )


def check_family(name: str, config: Any) -> None:
    """Raise `TeacherError` for an encoder-decoder: its states are of two kinds."""
    if getattr(config, "is_encoder_decoder", False) or config.model_type in ("t5", "mt5", "umt5"):
        raise TeacherError(
            f"{name}: {config.model_type} is an encoder-decoder; take an encoder like XLM-R"
        )


def _word_vectors(name: str) -> TeacherError:
    return TeacherError(f"{name}: word vectors, no transformer; take an encoder like XLM-R")


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise TeacherError(f"{name}: config.json has {path.stat().st_size:,} bytes; {_REMEDY}")
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise TeacherError(f"{name}: config.json is nested too deep; {_REMEDY}") from None
    except (OSError, ValueError) as error:
        raise TeacherError(f"{name}: config.json cannot be read ({error}); {_REMEDY}") from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise TeacherError(f"{name}: config.json must hold an object, found {kind}; {_REMEDY}")
    return content

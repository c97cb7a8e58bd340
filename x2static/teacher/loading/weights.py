"""Load a model's weights, and refuse to go on with parts that would begin at random."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from x2static.core.errors import TeacherError
from x2static.teacher.loading.hugging_face import first_line, safe_format

_WEIGHTS = (".safetensors", ".bin", ".pt", ".h5", ".msgpack")
_NUMBERS_PER_BYTE = 4  # of 2 bits each, the tightest packing that is in use


def load_weights(
    transformers: Any, kind: str, name: str, config: Any, fault: str, **options: Any
) -> tuple[Any, list[str], list[str]]:
    """A pre-trained model, the weights it lacks, and those of the file that it has no place for.

    Args:
        transformers: the library.
        kind: its class, ``AutoModel`` say.
        name: hub name or folder.
        config: how the model is built.
        fault: what to say if it cannot be loaded.
        options: further ones for the library.

    Raises:
        TeacherError: nothing that can be loaded, or a part of the encoder is not in the weights.
            A pooler or a head may be lacking: the first is not used, the second is trained.
    """
    check_size(name, lambda: getattr(transformers, kind).from_config(config))
    try:
        model, report = getattr(transformers, kind).from_pretrained(
            name,
            config=config,
            trust_remote_code=False,
            use_safetensors=safe_format(name),
            output_loading_info=True,
            **options,
        )
    except Exception as error:  # weights can be absent, torn, of another shape or family
        raise TeacherError(f"{name}: {fault} ({first_line(error)})") from error
    missing = sorted(report["missing_keys"])
    torn = [key if isinstance(key, str) else key[0] for key in report["mismatched_keys"]]
    if lacking := [key for key in (*missing, *torn) if _is_of_encoder(key, model)]:
        raise TeacherError(
            f"{name}: its weights do not fit its config: {len(lacking)} parts of the encoder are "
            f"missing or of another shape, such as {lacking[0]}; fetch or save the model again"
        )
    return model, missing, sorted(report["unexpected_keys"])


def check_size(name: str, build: Callable[[], Any]) -> None:
    """Raise `TeacherError` if a folder's weights are far too small for what its config describes.

    The model is built without memory for its weights, so that a wrong number costs nothing.
    """
    import torch

    stored = stored_bytes(name)
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            numbers = sum(parameter.numel() for parameter in build().parameters())
    except Exception as error:  # whatever a library makes of numbers that fit nothing
        raise TeacherError(
            f"{name}: no model can be built as its config says ({first_line(error)})"
        ) from error
    if stored is not None and numbers > _NUMBERS_PER_BYTE * stored:
        raise TeacherError(
            f"{name}: its config describes {numbers:,} parameters, its weights have {stored:,} "
            "bytes; fetch or save the model again"
        )


def check_depth_of_weights(
    name: str, stack: str, unexpected: list[str], built: int, depth: int
) -> None:
    """Raise `TeacherError` if the weights hold fewer blocks than the config names.

    Args:
        name: of the model, for the message.
        stack: path of the list of blocks in the model.
        unexpected: weights without a place in a model that was cut after some blocks.
        built: those blocks.
        depth: what the config says.
    """
    pattern = re.compile(rf"(?:^|\.){re.escape(stack)}\.(\d+)\.")
    beyond = {int(found[1]) for key in unexpected if (found := pattern.search(key))}
    present = built
    while present in beyond:
        present += 1
    if present < depth:
        raise TeacherError(
            f"{name}: its config says {depth} layers, its weights hold {present}; fetch or save "
            "the model again"
        )


def stored_bytes(name: str) -> int | None:
    """Size of a folder's weights; None for a name of the hub, or where there are none."""
    folder = Path(name)
    if not folder.is_dir():
        return None
    sizes = [path.stat().st_size for path in folder.iterdir() if path.suffix in _WEIGHTS]
    return sum(sizes) if sizes else None


def _is_of_encoder(key: str, model: Any) -> bool:
    """Whether a weight belongs to what gives the states: neither pooler nor head."""
    base = model.base_model
    if base is not model:
        prefix = f"{model.base_model_prefix}."
        if not key.startswith(prefix):
            return False
        key = key.removeprefix(prefix)
    return key.partition(".")[0] != "pooler"

"""The parts of a transformer by name: which of its weights learn, and which stay as they are.

``words`` is the table of piece embeddings with what scores pieces by it, ``positions`` that of
positions, ``embeddings`` all that comes before the first block, ``blocks`` all blocks, ``block-3``
the third of them, ``modules`` the modules of languages (X-MOD), ``head`` what lies above the
encoder. Anything with a star or a dot is a pattern for the names of weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from x2static.core.config import closest
from x2static.core.errors import ConfigError
from x2static.teacher.added.own_weights import MODULES, named_weights, positions_of, words_of

PARTS = ("words", "positions", "embeddings", "blocks", "modules", "head")


def check_part_names(parts: Iterable[str], flag: str) -> None:
    """Raise `ConfigError` for a name that can be no part of any model."""
    for part in parts:
        if part not in PARTS and block_number(part) is None and not is_pattern(part):
            raise ConfigError(
                f"{flag} {part}: no part of a model{closest(part, PARTS)}; parts are "
                f"{', '.join(PARTS)}, block-1 and so on, or a pattern such as '*.attention.*'"
            )


def is_pattern(part: str) -> bool:
    """Whether a part is given by the names of its weights."""
    return any(sign in part for sign in ".*?[")


def block_number(part: str) -> int | None:
    """3 for ``block-3``; None for what names no block."""
    word, _, number = part.partition("-")
    return int(number) if word == "block" and number.isascii() and number.isdigit() else None


def weights_of(model: Any, parts: Sequence[str], flag: str) -> set[str]:
    """The names of all weights in the given parts.

    Args:
        model: any Hugging Face model, bare or with a head.
        parts: as the module's docstring says.
        flag: that names them, for messages.

    Raises:
        ConfigError: a part that this model does not have.
    """
    found: set[str] = set()
    for part in parts:
        names = _weights_of(model, part)
        if not names:
            raise ConfigError(f"{flag} {part}: this {model.config.model_type} has no such part")
        found |= names
    return found


def learn_only(model: Any, learn: Sequence[str], freeze: Sequence[str]) -> None:
    """Let the weights of some parts learn, without those of others.

    Args:
        model: any Hugging Face model.
        learn: the parts that learn; none means all.
        freeze: parts that do not, even so.

    Raises:
        ConfigError: a part that this model does not have, or nothing is left to learn.
    """
    if not learn and not freeze:
        return
    names = set(named_weights(model))
    learning = weights_of(model, learn, "--learn") if learn else names
    learning -= weights_of(model, freeze, "--freeze")
    if not learning:
        raise ConfigError(f"--freeze {' '.join(freeze)}: nothing is left to learn")
    for name, parameter in named_weights(model).items():
        parameter.requires_grad_(name in learning)


def _weights_of(model: Any, part: str) -> set[str]:
    if is_pattern(part):
        return {name for name in _names(model) if fnmatchcase(name, part)}
    prefix = "" if model.base_model is model else f"{model.base_model_prefix}."
    names, number = _names(model), block_number(part)
    if number is not None:
        return {n for n in names if _block_of(n.removeprefix(prefix)) == number - 1} - _modules(
            model
        )
    found: dict[str, set[str]] = {
        "words": set(words_of(model)),
        "positions": set(positions_of(model)),
        "embeddings": {n for n in names if n.removeprefix(prefix).startswith("embeddings.")},
        "blocks": {n for n in names if _block_of(n.removeprefix(prefix)) is not None}
        - _modules(model),
        "modules": _modules(model),
        "head": {n for n in names if prefix and not n.startswith(prefix)} - set(words_of(model)),
    }
    return found[part]


def _names(model: Any) -> list[str]:
    return list(named_weights(model))


def _modules(model: Any) -> set[str]:
    return {name for name in _names(model) if MODULES in name}


def _block_of(name: str) -> int | None:
    """The number in ``encoder.layer.3.output.dense.weight``, counted from 0."""
    return next((int(part) for part in name.split(".") if part.isdigit()), None)

"""The tokenizer of the new language: trained on its text, brought along, or the model's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from x2static.core.errors import ConfigError, CorpusError, TeacherError
from x2static.core.text.corpus import iter_sentences
from x2static.extend.config import ExtendConfig
from x2static.extend.unigram import Controls, train_unigram
from x2static.teacher.loading.hugging_face import quiet, read_tokenizer, require_fast

_LINES = 400_000
_LONGEST_LINE = 2000  # characters; the trainer's cost grows fast with unbroken text


def new_tokenizer(config: ExtendConfig, own: Any, positions: int) -> Any:
    """The new language's tokenizer.

    Args:
        config: the settings.
        own: the model's tokenizer.
        positions: longest input.

    Raises:
        ConfigError: the text gives fewer pieces than asked for; says how many.
        TeacherError: the tokenizer brought along cannot be used with this model.
    """
    if config.tokenizer == "base":
        return own
    if config.tokenizer is not None:
        import transformers

        with quiet(transformers):
            brought = read_tokenizer(transformers, config.tokenizer)
        require_fast(brought, config.tokenizer)
        if brought.pad_token_id != own.pad_token_id or brought.mask_token_id is None:
            raise TeacherError(
                f"--tokenizer {config.tokenizer}: its padding must have the id "
                f"{own.pad_token_id} as in {config.model}, and it must have a mask token"
            )
        return brought
    controls = controls_like(own, config.model)
    trained = train_unigram(
        _lines(config.text),
        config.vocabulary,
        positions,
        f"--vocabulary {config.vocabulary}",
        lowercase=reads_lower_case(own),
        controls=controls,
    )
    if len(trained) <= len(controls.order) + 1:
        raise CorpusError(f"{shown(config.text)}: no text in it")
    if len(trained) < config.vocabulary:
        raise ConfigError(
            f"--vocabulary {config.vocabulary}: this text gives {len(trained)} pieces; ask for "
            f"{len(trained)} or fewer, or give more text"
        )
    return trained


def controls_like(own: Any, name: str) -> Controls:
    """Control tokens with the ids of a model's own, as far as it reads them by number.

    A model counts positions from its padding, so that this must keep its id.

    Raises:
        TeacherError: a model whose padding lies among its pieces.
    """
    begin, end = own.cls_token or own.bos_token, own.sep_token or own.eos_token
    four = {
        token: own.convert_tokens_to_ids(token)
        for token in (begin, own.pad_token, end, own.unk_token)
    }
    if None in four or len(four) < 4 or own.mask_token is None:
        raise TeacherError(
            f"{name}: its tokenizer lacks one of the control tokens that a text begins and ends "
            "with, padding, unknown and mask; bring a tokenizer with --tokenizer"
        )
    pad = four.pop(own.pad_token)
    if pad > len(four):
        raise TeacherError(
            f"{name}: its padding has the id {pad}, which a new vocabulary needs for a piece; "
            "bring a tokenizer with --tokenizer"
        )
    order = sorted(four, key=lambda token: four[token])
    order.insert(pad, own.pad_token)
    return Controls(begin, own.pad_token, end, own.unk_token, own.mask_token, tuple(order))


def reads_lower_case(tokenizer: Any) -> bool:
    """Whether capital letters are the same to a tokenizer."""
    large, small = (tokenizer.encode(text, add_special_tokens=False) for text in ("ABC", "abc"))
    return bool(large == small)


def shown(paths: Sequence[Path]) -> str:
    """File names for a message."""
    return ", ".join(map(str, paths))


def _lines(paths: Sequence[Path]) -> Iterator[str]:
    lines = (line for path in paths for line in iter_sentences(path))
    for line in islice(lines, _LINES):
        yield line[:_LONGEST_LINE]

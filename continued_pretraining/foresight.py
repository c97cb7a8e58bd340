"""What can be known to fail before anything is made: text, widths, layers, an impossible shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.scratch import parse_shape
from x2static.core.errors import ConfigError, CorpusError, VectorFormatError, require
from x2static.core.languages.script import ScriptShare, script_share
from x2static.core.text.text_input import LineReader, decode_lines
from x2static.core.vector_file import read_vectors
from x2static.teacher.encoder import resolve_layer
from x2static.teacher.loading.hugging_face import quiet, read_config
from x2static.teacher.sentence_states import resolve_layers

Files = Mapping[str, Sequence[Path]]
_JUDGED_LETTERS = 1 << 17


def foresee(config: PretrainConfig, text: Files, vectors: Files) -> list[str]:
    """Check the inputs, the cheap ones first; returns warnings.

    Raises:
        WorkbenchError: what a run with them would end in.
    """
    check_layers(config)
    if config.aligns:
        check_widths(vectors)
    lines = [check_text(language, paths) for language, paths in text.items()]
    return [line for line in lines if line]


def check_layers(config: PretrainConfig) -> None:
    """Raise `ConfigError` for a layer that the model has not, or a shape that cannot be."""
    if config.from_scratch is not None:
        depth = parse_shape(config.from_scratch).layers
    else:
        transformers = require("transformers", "pretrain", "pre-training")
        with quiet(transformers):
            depth = int(read_config(transformers, config.model).num_hidden_layers)
    resolve_layer(config.align_layer, depth, "--align-layer")
    if config.pairs_layer is not None:
        resolve_layer(config.pairs_layer, depth, "--pairs-layer")
    if config.sentence_weight:
        if not resolve_layer(config.sentence_layer, depth, "--sentence-layer"):
            raise ConfigError("--sentence-layer 0: embeddings are no states; choose 1 or more")
        if config.sentence_encoder is not None:
            resolve_layers(config.sentence_encoder, [-1], "--sentence-encoder")
    if config.detects and (config.generator_layers or 0) > depth:
        raise ConfigError(
            f"--generator-layers {config.generator_layers}: the model has only {depth} blocks"
        )


def check_widths(vectors: Files) -> None:
    """Read a word of each file: all must share one space.

    Raises:
        VectorFormatError: files of a language differ in width, or cannot be read.
        ConfigError: languages differ.
    """
    widths: dict[str, int] = {}
    for language, paths in vectors.items():
        found = {str(path): read_vectors(path, limit=1).width for path in paths}
        if len(set(found.values())) > 1:
            shown = ", ".join(f"{path} is {width}" for path, width in found.items())
            raise VectorFormatError(f"vectors of one language must have one width: {shown} wide")
        widths[language] = next(iter(found.values()))
    if len(set(widths.values())) > 1:
        shown = ", ".join(f"{language} {width}" for language, width in widths.items())
        raise ConfigError(
            f"--vectors: all languages must share one space, but their widths differ: {shown}"
        )


def check_text(language: str, paths: Sequence[Path]) -> str | None:
    """Read all text of a language once; returns a warning if it is in another writing.

    Raises:
        CorpusError: it cannot be read, is no UTF-8 (names file and line), or is empty.
    """
    shown = ", ".join(map(str, paths))
    if not sum(map(len, _texts(paths))):
        raise CorpusError(f"{shown}: no text in it; leave {language} out of --text or fill it")
    share = _script(language, paths)
    return None if share is None or share.fits else share.warning(shown)


def script_notes(text: Files) -> dict[str, Any]:
    """How much of each text is in the writing of its language, for the run record."""
    shares = {language: _script(language, paths) for language, paths in text.items()}
    return {language: share.as_note() for language, share in shares.items() if share is not None}


def _script(language: str, paths: Sequence[Path]) -> ScriptShare | None:
    """By the beginning of a text."""
    letters: list[tuple[str, int]] = []
    held = 0
    for text in _texts(paths):
        letters.append((text, 1))
        held += len(text)
        if held >= _JUDGED_LETTERS:
            break
    return script_share(language, letters)


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        for block in LineReader(path):
            yield decode_lines(block).strip()

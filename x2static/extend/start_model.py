"""The model from which the training of a new language starts: the base, with new embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.errors import ConfigError
from x2static.core.text.corpus import iter_sentences
from x2static.core.text.lexicon import read_lexicon
from x2static.core.vector_file import read_vectors
from x2static.extend.config import ExtendConfig
from x2static.extend.starts.problem import StartProblem
from x2static.extend.starts.table import STARTS
from x2static.extend.starts.vocabulary import PieceVocabulary
from x2static.teacher.added.own_weights import bare_name, named_weights, put_into, words_of
from x2static.teacher.load import load_model, load_tokenizer
from x2static.teacher.loading.hugging_face import position_limit
from x2static.teacher.loading.modular import silence, with_shared_module
from x2static.teacher.modules import has_modules, separates

_AT_ONCE = 4096
_MOST_WORDS = 200_000


def load_base(name: str) -> tuple[Any, Any]:
    """The masked language model that a language is added to, in float32, and its tokenizer.

    Raises:
        TeacherError: nothing usable under that name.
    """
    tokenizer = load_tokenizer(name)
    loaded = load_model(
        name, "AutoModelForMaskedLM", tokenizer, fault="no masked language model here"
    )
    return loaded.model.float().eval(), tokenizer


def with_room(config: ExtendConfig, model: Any) -> Any:
    """The base, turned into a modular model if the new language is to have modules of its own.

    Raises:
        ConfigError: each of its languages has one, but the new one is to have none.
    """
    if config.modules is False and separates(model):
        raise ConfigError(
            f"--no-modules: {config.model} has a module for each of its languages, so the new one "
            "needs its own"
        )
    if not config.modules or has_modules(model):
        return model
    return with_shared_module(model, config.model).eval()


def start_rows(
    config: ExtendConfig, model: Any, own: Any, tokenizer: Any, new_vectors: Path | None
) -> dict[str, Any]:
    """Give the base the new vocabulary's embeddings; counts for the run record.

    Args:
        config: the settings.
        model: the base, changed in place.
        own: its tokenizer.
        tokenizer: of the new language.
        new_vectors: of its words, where they are needed.
    """
    import torch

    old, new = PieceVocabulary.of(own), PieceVocabulary.of(tokenizer)
    problem = start_problem(config, old, new, own, tokenizer, new_vectors)
    mixture = STARTS[config.init](problem)
    rng = np.random.default_rng([config.seed, 11])
    tensors = {}
    for name, parameter in named_weights(model).items():
        if name in words_of(model):
            table = parameter.detach().numpy()[: len(old)]
            made = mixture.rows(table, rng) if table.ndim == 2 else mixture.biases(table)
            tensors[bare_name(model, name)] = torch.from_numpy(made)
    put_into(model, tensors)
    losses = calibrated(config, model, tokenizer) if config.calibrates else {}
    copied = sum(1 for number in problem.shared if number not in problem.controls)
    return {
        "pieces": len(new),
        "old_pieces": len(old),
        "overlapping": copied,
        "mixed": int(mixture.known.sum()),
        "drawn": int((~mixture.known).sum()),
        **mixture.notes,
        **losses,
    }


def give_module(model: Any, code: str, seed: int) -> None:
    """Leave a modular model one module in each block, that of the new language, drawn anew."""
    import torch
    from transformers.models.xmod.modeling_xmod import XmodAdapter

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for block in model.modules():
            if hasattr(block, "adapter_modules"):
                module = XmodAdapter(model.config)
                model._init_weights(module.dense1)
                model._init_weights(module.dense2)
                block.adapter_modules = torch.nn.ModuleDict({code: module})
    model.config.languages = [code]
    model.config.default_language = code
    if not model.config.ln_before_adapter:  # its own modules began by adding nothing
        silence(model)


def calibrated(config: ExtendConfig, model: Any, tokenizer: Any) -> dict[str, float]:
    """Set the output bias by the text; losses on a sample of it before and after."""
    from x2static.extend.calibration import Calibration

    size = int(model.get_input_embeddings().num_embeddings)
    sample = Calibration(
        id_lines(config.text, tokenizer),
        tokenizer,
        size,
        config.mask_rate,
        config.seed,
        position_limit(model),
    )
    before = sample.loss(model)
    return {
        "loss_before_bias": round(before, 4),
        "loss_after_bias": round(sample.set_bias(model), 4),
    }


def start_problem(
    config: ExtendConfig,
    old: PieceVocabulary,
    new: PieceVocabulary,
    own: Any,
    tokenizer: Any,
    new_vectors: Path | None,
) -> StartProblem:
    """What the rule may know, as the settings say."""
    known = added = lexicon = None
    if new_vectors is not None:
        known_path = config.named_vectors()[0][1]
        known, added = (read_vectors(path, limit=_MOST_WORDS) for path in (known_path, new_vectors))
        if known.width != added.width:
            raise ConfigError(
                f"--vectors: {known_path} is {known.width} wide, {new_vectors} {added.width}; both "
                "languages need one width"
            )
    if config.lexicon is not None:
        lexicon = read_lexicon(config.lexicon)
    return StartProblem(
        old, new, lambda: id_lines(config.text, tokenizer), splitter(own), splitter(tokenizer),
        known, added, lexicon, config.neighbors, config.seed,
    )  # fmt: skip


def id_lines(paths: Sequence[Path], tokenizer: Any) -> Iterator[list[int]]:
    """The lines of a text as ids of pieces."""
    lines = (line for path in paths for line in iter_sentences(path))
    while batch := list(islice(lines, _AT_ONCE)):
        for encoding in tokenizer.backend_tokenizer.encode_batch_fast(
            batch, add_special_tokens=False
        ):
            yield encoding.ids


def splitter(tokenizer: Any) -> Callable[[list[str]], list[list[int]]]:
    """Words to the ids of their pieces."""
    from x2static.teacher.pieces import WordPieces

    pieces = WordPieces(tokenizer, "tokenizer")

    def split(words: list[str]) -> list[list[int]]:
        table = pieces.encode(words)
        return [part.tolist() for part in np.split(table.ids, table.offsets[1:-1])] if words else []

    return split

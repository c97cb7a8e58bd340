"""What a run starts from: a tokenizer and a model, brought along or made here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.embeddings import start_embeddings
from continued_pretraining.model.masked_model import MaskedModel, added_of, load_model, route
from continued_pretraining.model.scratch import build_model, parse_shape
from continued_pretraining.text.lines import sizes_of
from continued_pretraining.text.sampling import apportion
from continued_pretraining.text.tokenizer import LineTokenizer, load_tokenizer, train_tokenizer
from x2static.core.storage.files import staged
from x2static.core.text.sources import find_sources
from x2static.teacher.loading.model_folder import save_tokenizer
from x2static.teacher.loading.modular import module_names
from x2static.teacher.parts import learn_only


def start_tokenizer(
    config: PretrainConfig, text: dict[str, list[Path]], work: Path
) -> LineTokenizer:
    """The model's own, that of ``--tokenizer``, or one trained on the text and kept in `work`.

    That of an added language is its own; its text comes alone.
    """
    if config.from_scratch is None:
        added = added_of(config.model, list(text))
        return load_tokenizer(config.model if added is None else str(added.tokenizer))
    if config.tokenizer is not None:
        return load_tokenizer(config.tokenizer)
    shape = parse_shape(config.from_scratch)
    folder = work / "tokenizer"
    if not folder.exists():
        sizes = sizes_of(text)
        quotas = apportion(torch.tensor(list(sizes.values())).numpy(), config.flatness)
        shares = dict(zip(sizes, (quotas / quotas.sum()).tolist(), strict=True))
        trained = train_tokenizer(text, shape.vocabulary, shape.positions, shares, config.lowercase)
        with staged(folder, own=True) as temporary:
            save_tokenizer(trained.hugging_face, temporary)
    return load_tokenizer(str(folder))


def start_model(
    config: PretrainConfig,
    tokenizer: LineTokenizer,
    low: torch.dtype,
    device: Any,
    languages: Sequence[str] = (),
) -> MaskedModel:
    """The pre-trained model, or a random one of the shape asked for (seed torch before).

    Raises:
        TeacherError: the tokenizer has pieces that the model knows nothing of.
    """
    modules = module_names(config.modules, languages) if config.modules else ()
    if config.from_scratch is None:
        model = load_model(
            config.model,
            config.dropout,
            low,
            tokenizer=tokenizer.hugging_face,
            device=device,
            languages=languages,
            modules=modules,
        )
    else:
        shape = parse_shape(config.from_scratch)
        model = build_model(shape, tokenizer, config.dropout, low, device, modules)
        if modules:
            route(model, languages, "--modules")
        if config.embeddings_from:
            sources = find_sources(config.embeddings_from, "--embeddings-from")
            start_embeddings(model, tokenizer, sources, config.max_words, config.seed)
    learn_only(model.hugging_face, config.learn, config.freeze)
    return model

"""A tiny masked language model, text in two languages and their vectors."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from continued_pretraining.training.update import Updater
from tests.teachers import WORDS, unigram_tokenizer

WIDTH = 16


def save_masked_model(folder: Path, *, dropout: float = 0.0, seed: int = 1, depth: int = 3) -> Path:
    """A random XLM-R with its head, as Hugging Face writes it."""
    import torch
    import transformers

    tokenizer = unigram_tokenizer()
    torch.manual_seed(seed)
    config = transformers.XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=depth,
        num_attention_heads=2, intermediate_size=24, max_position_embeddings=42,
        type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    model = transformers.XLMRobertaForMaskedLM(config)
    with torch.no_grad():  # the usual tiny start leaves random models almost linear
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_text(path: Path, lines: int, seed: int) -> Path:
    """Lines of three to twelve words."""
    rng = np.random.default_rng(seed)
    drawn = (rng.choice(WORDS, size=rng.integers(3, 12)) for _ in range(lines))
    path.write_text("".join(" ".join(words) + "\n" for words in drawn), encoding="utf-8")
    return path


def write_vec(path: Path, width: int, seed: int, words: tuple[str, ...] = WORDS) -> Path:
    """Random vectors of the words in word2vec text."""
    rng = np.random.default_rng(seed)
    rows = [f"{word} " + " ".join(f"{x:.4f}" for x in rng.normal(size=width)) for word in words]
    path.write_text(f"{len(rows)} {width}\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_masked_model(tmp_path_factory.mktemp("masked") / "model")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``de.txt en.txt de.vec en.vec``; the vectors are as wide as the model."""
    folder = tmp_path_factory.mktemp("data")
    for seed, language in enumerate(("de", "en")):
        write_text(folder / f"{language}.txt", 120, seed)
        write_vec(folder / f"{language}.vec", WIDTH, seed)
    return folder


@pytest.fixture
def stopped_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], AbstractContextManager[None]]:
    """Gives a context in which SIGTERM comes before the update of a number."""

    @contextmanager
    def context(number: int) -> Iterator[None]:
        run = Updater.run

        def run_and_stop(self: Updater, step: int) -> Any:
            if step == number:
                signal.raise_signal(signal.SIGTERM)
            return run(self, step)

        with monkeypatch.context() as patched:
            patched.setattr(Updater, "run", run_and_stop)
            yield

    return context

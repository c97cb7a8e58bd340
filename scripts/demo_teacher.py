"""A tiny masked language model, made on the spot: the demo's stand-in for a real teacher.

Two minutes of training make no language model. Its pieces start from the singular vectors of their
co-occurrences, so that the vectors distilled from it are no noise; the blocks then learn a little
masked language modelling on the same text. Everything is seeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.files import staged
from x2static.core.progress import Progress

WIDTH, BLOCKS, PIECES = 128, 4, 6000
STEPS, BATCH, RATE = 600, 96, 5e-4
WINDOW = 4
MASKED, SEED = 0.15, 0
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def make_teacher(folder: Path, sentences: Sequence[str]) -> None:
    """Train tokeniser and model on tokenised sentences and save them as a Hugging Face folder."""
    import torch

    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    tokenizer = train_tokenizer(sentences)
    rows = tokenizer(list(sentences), add_special_tokens=False, truncation=True, max_length=62)[
        "input_ids"
    ]
    model = build_model(len(tokenizer))
    with torch.no_grad():
        start = cooccurrence_vectors(rows, len(tokenizer))
        model.roberta.embeddings.word_embeddings.weight.copy_(torch.from_numpy(start))
    train(model, rows, rng)
    with staged(folder) as temporary:
        model.roberta.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)


def train_tokenizer(sentences: Sequence[str]) -> Any:
    """A unigram tokeniser of XLM-R's kind."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=PIECES, special_tokens=SPECIALS, unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(sentences, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", cls_token="<s>",
        sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
        model_max_length=64,
    )  # fmt: skip


def build_model(pieces: int) -> Any:
    """An untrained masked language model of XLM-R's architecture."""
    from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

    return XLMRobertaForMaskedLM(
        XLMRobertaConfig(
            vocab_size=pieces, hidden_size=WIDTH, num_hidden_layers=BLOCKS, num_attention_heads=4,
            intermediate_size=4 * WIDTH, max_position_embeddings=66, pad_token_id=1,
            bos_token_id=0, eos_token_id=2, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    )  # fmt: skip


def cooccurrence_vectors(rows: Sequence[Sequence[int]], pieces: int) -> np.ndarray:
    """(V, D) singular vectors of the pieces' positive pointwise mutual information."""
    counts = np.zeros((pieces, pieces), dtype=np.float32)
    for ids in rows:
        for distance in range(1, WINDOW + 1):
            np.add.at(counts, (ids[:-distance], ids[distance:]), 1 / distance)
    counts += counts.T
    share = counts.sum(1) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts / counts.sum() / share[:, None] / share[None, :] ** 0.75)
    information[~np.isfinite(information) | (information < 0)] = 0
    values, vectors = np.linalg.eigh(information)
    strongest = np.argsort(-np.abs(values))[:WIDTH]
    start = vectors[:, strongest] * np.sqrt(np.abs(values[strongest]))
    start *= 0.5 / start.std()
    return start.astype(np.float32)


def train(model: Any, rows: Sequence[Sequence[int]], rng: np.random.Generator) -> None:
    """Masked language modelling for a fixed number of steps."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 50) * (1 - step / STEPS)
    )
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    model.train()
    with Progress("training the stand-in teacher", STEPS, "steps") as bar:
        for _ in range(STEPS):
            first = rng.integers(0, max(1, len(order) - BATCH))
            ids, labels = masked([rows[row] for row in order[first : first + BATCH]], rng)
            mask = torch.from_numpy((ids != 1).astype(np.int64))
            states = model.roberta(torch.from_numpy(ids), mask).last_hidden_state
            chosen = torch.from_numpy(np.flatnonzero(labels.ravel() >= 0))
            scores = model.lm_head(states.flatten(0, 1)[chosen])
            loss = torch.nn.functional.cross_entropy(
                scores, torch.from_numpy(labels.ravel())[chosen]
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            bar.advance(1, f"loss {float(loss.detach()):.2f}")
    model.eval()


def masked(
    rows: Sequence[Sequence[int]], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Padded ids with masked pieces, and the pieces to be guessed there (-1 elsewhere)."""
    width = max(map(len, rows)) + 2
    ids = np.full((len(rows), width), 1, dtype=np.int64)
    for row, pieces in enumerate(rows):
        ids[row, : len(pieces) + 2] = [0, *pieces, 2]
    hidden = (rng.random(ids.shape) < MASKED) & (ids >= len(SPECIALS))
    hidden[0, 1] = True  # never a batch without a guess
    labels = np.where(hidden, ids, -1)
    ids[hidden] = SPECIALS.index("<mask>")
    return ids, labels

"""How the blocks begin: the first as a mean weighted by lengths, the others as the identity.

XLM-R's layer norm takes each piece's length away, so the length lies in a direction of its own; the
first block attends by it and adds the weighted mean of the sentence to each piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scripts.teacher.bag import WIDTH, unit

HIDDEN, HEADS, INNER, POSITIONS = 256, 4, 1024, 256
START, PAD, END = 0, 1, 2
_WEIGHT = 0.25  # of the direction that holds a piece's length


@dataclass(frozen=True)
class BlockSettings:
    """How the blocks are learned.

    Attributes:
        layers: blocks.
        middle: the block that sentences are read from.
        mean: how much of the sentence's mean the first block adds at the start.
        batch: sentences of an update.
        rate: the largest step of AdamW for blocks; it falls to 0 linearly.
        piece_rate: the same for the pieces' vectors.
        mono: share of the updates on text alone.
        pairs: share of the updates on translated pairs (TLM).
        masked: weight of guessing hidden pieces beside 1 for sentences; twice that without.
        negatives: further English vectors that a sentence must not be near to.
        sampled: pieces among which a hidden one is guessed.
        seed: of every draw.
    """

    layers: int = 4
    middle: int = 2
    mean: float = 3.0
    batch: int = 64
    rate: float = 6e-4
    piece_rate: float = 2e-4
    mono: float = 0.3
    pairs: float = 0.12
    masked: float = 0.25
    negatives: int = 2048
    sampled: int = 4000
    seed: int = 2


def directions() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The direction of a piece's length, and WIDTH others; none has a part along the ones."""
    rng = np.random.default_rng(0)
    ones = np.ones((HIDDEN, 1))
    turn, _ = np.linalg.qr(np.concatenate([ones, rng.standard_normal((HIDDEN, HIDDEN - 1))], 1))
    rows = turn.T.astype(np.float32)
    return rows[1], rows[2 : 2 + WIDTH]


def build(pieces: NDArray[np.float32], counts: NDArray[np.float64], settings: BlockSettings) -> Any:
    """XLM-R's masked language model, begun from the pieces' vectors (V, WIDTH)."""
    from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

    torch.manual_seed(settings.seed)
    model = XLMRobertaForMaskedLM(
        XLMRobertaConfig(
            vocab_size=len(pieces), hidden_size=HIDDEN, num_hidden_layers=settings.layers,
            num_attention_heads=HEADS, intermediate_size=INNER,
            max_position_embeddings=POSITIONS + PAD + 1, type_vocab_size=1, pad_token_id=PAD,
            bos_token_id=START, eos_token_id=END, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, layer_norm_eps=1e-5,
        )
    )  # fmt: skip
    rows, spread = _embeddings(pieces)
    with torch.no_grad():
        tables = model.roberta.embeddings
        tables.word_embeddings.weight.copy_(torch.from_numpy(rows))
        tables.position_embeddings.weight.zero_()
        tables.token_type_embeddings.weight.zero_()
        for block in model.roberta.encoder.layer:
            block.output.dense.weight.zero_()
            block.attention.output.dense.weight.zero_()
        _attend_by_length(model.roberta.encoder.layer[0].attention, spread, settings.mean)
        shares = (counts + 1) / (counts + 1).sum()
        model.lm_head.bias.copy_(torch.from_numpy(np.log(shares)).float())
        noise = 0.02 * torch.randn(HIDDEN, HIDDEN)
        model.lm_head.dense.weight.copy_(torch.eye(HIDDEN) + noise)
    return model


def _embeddings(pieces: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """(V, HIDDEN) unit rows, and the spread of the logarithm of the lengths."""
    lengths = np.linalg.norm(pieces, axis=1)
    seen = lengths > 1e-6
    logs = np.log(np.maximum(lengths, 1e-6))
    spread = float(logs[seen].std())
    standing = np.clip((logs - np.median(logs[seen])) / spread, -3, 3)
    standing[~seen] = -3
    rng = np.random.default_rng(0)
    random = rng.standard_normal(pieces.shape).astype(np.float32)
    own = unit(np.where(seen[:, None], pieces, random).astype(np.float32))
    by_length, others = directions()
    rows = own @ others + _WEIGHT * standing[:, None] * by_length
    return unit(rows.astype(np.float32)), spread


def _attend_by_length(attention: Any, spread: float, mean: float) -> None:
    """Make a piece's share of the attention its length, and the output ``mean`` times the mean.

    A piece's state has the part 16 x _WEIGHT x standing along the direction; a key reads it, the
    query is constant, and scores are divided by the root of the 64 dimensions of a head.
    """
    by_length, _ = directions()
    inner = attention.self
    direction = torch.from_numpy(by_length)
    inner.value.weight.copy_(torch.eye(HIDDEN) - torch.outer(direction, direction))
    attention.output.dense.weight.copy_(mean * torch.eye(HIDDEN))
    width = HIDDEN // HEADS
    for head in range(HEADS):
        inner.key.weight[width * head] = torch.from_numpy(by_length)
        inner.query.weight[width * head] = 0
        inner.query.bias[width * head] = spread * width**0.5 / (HIDDEN**0.5 * _WEIGHT)

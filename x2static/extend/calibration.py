"""The output bias of new pieces, set so that the model expects each as often as it comes.

New rows begin with a bias that was made for others: a rare piece whose row is that of a frequent
one is guessed everywhere. Here a sample of masked text is read, and each piece's bias moves by the
logarithm of its share in the text over its mean probability at masked places, some times over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

_LINES, _AT_ONCE, _LONGEST = 400, 20, 96
_ROUNDS = 3
_UNSEEN = 0.5  # what a piece counts that the text does not have


@dataclass(frozen=True)
class Masked:
    """Lines side by side, some pieces hidden.

    Attributes:
        ids: (B, T) as the model sees them.
        mask: (B, T) 1 for pieces.
        hidden: (B, T) what is to be guessed.
        right: (M,) what stood there.
    """

    ids: Tensor
    mask: Tensor
    hidden: Tensor
    right: Tensor


class Calibration:
    """A sample of masked text, and how often each piece comes in the whole."""

    def __init__(
        self,
        lines: Iterable[Sequence[int]],
        tokenizer: Any,
        size: int,
        rate: float,
        seed: int,
        longest: int = _LONGEST,
    ) -> None:
        """Draw the sample.

        Args:
            lines: the text as ids.
            tokenizer: its control tokens.
            size: of the vocabulary.
            rate: share of the pieces to hide.
            seed: of the draw.
            longest: input that the model reads, control tokens included.
        """
        rng = np.random.default_rng([seed, 13])
        counts = np.full(size, _UNSEEN)
        kept: list[Sequence[int]] = []
        for number, ids in enumerate(lines):
            np.add.at(counts, np.asarray(ids, dtype=np.int64), 1)
            place = number if number < _LINES else int(rng.integers(number + 1))
            if len(kept) < _LINES:
                kept.append(ids)
            elif place < _LINES:
                kept[place] = ids
        self._shares = torch.from_numpy(np.log(counts / counts.sum())).float()
        kept = sorted((ids for ids in kept if ids), key=len)
        self._batches = [
            _masked(
                kept[first : first + _AT_ONCE], tokenizer, rate, min(longest, _LONGEST) - 2, rng
            )
            for first in range(0, len(kept), _AT_ONCE)
        ]

    def loss(self, model: Any) -> float:
        """Mean loss at the hidden places."""
        total, count = 0.0, 0
        for scores, batch in self._scores(model):
            total += float(cross_entropy(scores, batch.right, reduction="sum"))
            count += len(batch.right)
        return total / max(count, 1)

    def set_bias(self, model: Any) -> float:
        """Move the bias of the pieces in place; the loss afterwards."""
        bias = model.get_output_embeddings().bias
        for _ in range(_ROUNDS):
            total, count = torch.zeros_like(self._shares), 0
            for scores, batch in self._scores(model):
                total += scores.softmax(dim=-1).sum(dim=0)
                count += len(batch.right)
            with torch.no_grad():
                bias += self._shares - torch.log(total / max(count, 1) + 1e-9)
        return self.loss(model)

    def _scores(self, model: Any) -> Iterator[tuple[Tensor, Masked]]:
        """(M, V) what the model says at the hidden places of each batch."""
        with torch.no_grad():
            for batch in self._batches:
                scores = model(input_ids=batch.ids, attention_mask=batch.mask).logits
                yield scores[batch.hidden].float(), batch


def _masked(
    lines: Sequence[Sequence[int]], tokenizer: Any, rate: float, most: int, rng: np.random.Generator
) -> Masked:
    framed = [[tokenizer.cls_token_id, *ids[:most], tokenizer.sep_token_id] for ids in lines]
    longest = max(map(len, framed))
    ids = np.full((len(framed), longest), int(tokenizer.pad_token_id), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, line in enumerate(framed):
        ids[row, : len(line)], mask[row, : len(line)] = line, 1
    own: NDArray[np.bool_] = (mask == 1) & ~np.isin(ids, tokenizer.all_special_ids)
    hidden = own & (rng.random(ids.shape) < rate)
    if not hidden.any():
        hidden = own
    right = ids[hidden]
    seen = np.where(hidden, int(tokenizer.mask_token_id), ids)
    arrays = (seen, mask, hidden, right)
    return Masked(*(torch.from_numpy(array) for array in arrays))

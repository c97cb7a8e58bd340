"""What is read next: a pool of sentences as token batches for the teacher, and its targets.

Everything random in a pool is drawn from (seed, epoch, pool), so a pool can be planned again, on
another thread or after a restart, and comes out the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from x2static.distill.readings.corpus_index import CorpusIndex
from x2static.teacher import PieceTable, WordPieces
from x2static.teacher.batches import by_length, framed, ragged

_BLOCK = 256  # sentences that stay neighbours when a corpus is shuffled

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class TokenBatch:
    """Sentences of similar length for one pass through the teacher.

    Attributes:
        input_ids: (B, T) piece ids, control tokens included, padded.
        lengths: (B,) pieces of each sentence, control tokens included.
        rows: (B,) where each sentence stands in its pool.
        slots: (n,) where each target of this batch stands in the pool's order of targets.
        sentence: (n,) row of the batch in which each target stands.
        begins: (n,) column of its first piece.
        sizes: (n,) number of its pieces, at least 1.
    """

    input_ids: Numbers
    lengths: Numbers
    rows: Numbers
    slots: Numbers
    sentence: Numbers
    begins: Numbers
    sizes: Numbers


@dataclass(frozen=True)
class Pool:
    """Some thousand sentences in the order of learning, and the words learned from them.

    Attributes:
        sentences: (S,) sentence numbers in the corpus.
        lengths: (S,) pieces of each, without control tokens, after the cut.
        words: (n,) vocabulary row of every target.
        sentence_of: (n,) row in ``sentences`` of every target.
        ranks: (n,) how many learnable words precede it in its sentence.
        begins: (n,) its first piece within the sentence.
        sizes: (n,) its number of pieces.
        learnable: (S,) learnable words of each sentence.
        piece_ids: pieces of all sentences end to end.
        num_tokens: words read.
        num_cut: words beyond the teacher's length limit.
    """

    sentences: Numbers
    lengths: Numbers
    words: Numbers
    sentence_of: Numbers
    ranks: Numbers
    begins: Numbers
    sizes: Numbers
    learnable: Numbers
    piece_ids: NDArray[np.int32]
    num_tokens: int
    num_cut: int

    def group_ends(self, size: int) -> Numbers:
        """Where each group of ``size`` sentences ends among the targets."""
        groups = -(-len(self.sentences) // size)
        return np.cumsum(np.bincount(self.sentence_of // size, minlength=groups))

    def batches(self, tokenizer: WordPieces, token_budget: int) -> list[TokenBatch]:
        """Sentences by falling length, each padded batch within the budget of pieces."""
        extra = len(tokenizer.prefix) + len(tokenizer.suffix)
        full = np.flatnonzero(self.lengths > 0)
        return [
            self._batch(full[rows], tokenizer)
            for rows in by_length(self.lengths[full] + extra, token_budget)
        ]

    def _batch(self, chosen: Numbers, tokenizer: WordPieces) -> TokenBatch:
        starts = (np.cumsum(self.lengths) - self.lengths)[chosen]
        ids, lengths = framed(self.piece_ids, starts, self.lengths[chosen], tokenizer)
        first = np.searchsorted(self.sentence_of, chosen, side="left")
        last = np.searchsorted(self.sentence_of, chosen, side="right")
        sentence, nth = ragged(last - first)
        slots = first[sentence] + nth
        return TokenBatch(
            ids,
            lengths,
            chosen,
            slots,
            sentence,
            self.begins[slots] + len(tokenizer.prefix),
            self.sizes[slots],
        )


@dataclass(frozen=True)
class PoolPlanner:
    """Cuts a corpus into pools.

    Attributes:
        corpus: the sentences.
        rows: (N,) vocabulary row of each word number, -1 for none.
        pieces: the pieces of each word number.
        max_pieces: longest sentence in pieces, control tokens not counted.
        pool_sentences: sentences in a pool.
        seed: of all draws.
        held_out: (S,) sentences that are never learned from, or None.
    """

    corpus: CorpusIndex
    rows: NDArray[np.int32]
    pieces: PieceTable
    max_pieces: int
    pool_sentences: int
    seed: int
    held_out: NDArray[np.bool_] | None = None

    @property
    def num_pools(self) -> int:
        """Pools in one epoch."""
        return -(-self.corpus.num_sentences // self.pool_sentences)

    def shuffled(self, epoch: int, pool: int) -> Numbers:
        """Sentence numbers of a pool: blocks of neighbours in an order drawn for the epoch.

        Those held out are left out, so pools differ a little in size.
        """
        total = self.corpus.num_sentences
        blocks = np.random.default_rng([self.seed, epoch]).permutation(-(-total // _BLOCK))
        sizes = np.where(blocks == len(blocks) - 1, total - (len(blocks) - 1) * _BLOCK, _BLOCK)
        ends = np.cumsum(sizes)
        positions = self.in_order(pool)
        block = np.searchsorted(ends, positions, side="right")
        rows = blocks[block] * _BLOCK + positions - (ends[block] - sizes[block])
        if self.held_out is not None:
            rows = rows[~self.held_out[rows]]
        return np.random.default_rng([self.seed, epoch, pool]).permutation(rows)

    def in_order(self, pool: int) -> Numbers:
        """Sentence numbers of a pool in the order of the corpus."""
        first = pool * self.pool_sentences
        return np.arange(first, min(first + self.pool_sentences, self.corpus.num_sentences))

    def plan(
        self, sentences: Numbers, keep: NDArray[np.float64] | None, draw_key: tuple[int, ...] = ()
    ) -> Pool:
        """Find the targets of the given sentences.

        A word is learnable if it has a vocabulary row and pieces within the length limit. Each
        learnable word is a target with the chance ``keep`` gives its row (None: always).
        """
        tokens, token_counts = self.corpus.sentences(sentences)
        sentence_of, within = ragged(token_counts)
        flat, begins = self.pieces.gather(tokens)
        size = np.diff(begins)
        offset = begins[:-1] - begins[np.arange(len(tokens)) - within]
        fits = offset + size <= self.max_pieces
        lengths = _sums(size * fits, sentence_of, len(sentences))

        row = self.rows[tokens]
        learnable = fits & (size > 0) & (row >= 0)
        before = np.cumsum(learnable) - learnable
        rank = before - before[np.arange(len(tokens)) - within]
        chosen = np.flatnonzero(learnable)
        if keep is not None:
            draw = np.random.default_rng([self.seed, *draw_key, 1]).random(len(tokens))
            chosen = chosen[draw[chosen] < keep[row[chosen]]]
        return Pool(
            sentences=sentences,
            lengths=lengths,
            words=row[chosen].astype(np.int64),
            sentence_of=sentence_of[chosen],
            ranks=rank[chosen],
            begins=offset[chosen],
            sizes=size[chosen],
            learnable=_sums(learnable, sentence_of, len(sentences)),
            piece_ids=flat[np.repeat(fits, size)],
            num_tokens=len(tokens),
            num_cut=int(np.count_nonzero(~fits)),
        )


def _sums(values: NDArray[np.generic], row: Numbers, rows: int) -> Numbers:
    return np.bincount(row, weights=values, minlength=rows).astype(np.int64)

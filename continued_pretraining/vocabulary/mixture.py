"""One unigram model for all languages: each piece's probability is the mean over the languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from continued_pretraining.vocabulary.sample import Words
from continued_pretraining.vocabulary.unigram_counts import count_pieces, few_pieces, log_shares

_ROUNDS = 3


def mixed_scores(
    pieces: Sequence[str], words: Mapping[str, Words], shares: Mapping[str, float]
) -> list[tuple[str, float]]:
    """Pieces and their log probabilities, falling.

    Each language's uses of the pieces are counted and weighed by its share, a few rounds over, for
    other probabilities make other cuts.

    Args:
        pieces: of the common vocabulary.
        words: of each language.
        shares: of each language.
    """
    scores = few_pieces(pieces)
    for _ in range(_ROUNDS):
        mixed = dict.fromkeys(pieces, 0.0)
        for language, own in words.items():
            counts = count_pieces(scores, own)
            weight = 1e6 * shares[language] / max(1, sum(counts.values()))
            for piece, count in counts.items():
                mixed[piece] += weight * count
        scores = log_shares(mixed)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))

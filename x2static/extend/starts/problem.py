"""What a rule gets: both vocabularies, and what it may know of them besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from x2static.core.text.lexicon import Lexicon
from x2static.core.vectors import WordVectors
from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.vocabulary import PieceVocabulary


@dataclass(frozen=True)
class StartProblem:
    """Everything that decides where new embeddings start.

    Attributes:
        old: the model's vocabulary.
        new: that of the language.
        lines: its text, as ids of the new vocabulary; each call begins anew.
        known_words: word vectors of a language that the model knows.
        new_words: word vectors of the new language.
        lexicon: words of the one and the other.
        split_old: pieces of words in the old vocabulary.
        split_new: the same in the new one.
        neighbors: old pieces that make up a new one.
        seed: of random draws.
    """

    old: PieceVocabulary
    new: PieceVocabulary
    lines: Callable[[], Iterator[list[int]]]
    split_old: Callable[[list[str]], list[list[int]]]
    split_new: Callable[[list[str]], list[list[int]]]
    known_words: WordVectors | None = None
    new_words: WordVectors | None = None
    lexicon: Lexicon | None = None
    neighbors: int = 10
    seed: int = 0

    def unknown(self) -> Mixture:
        """A mixture that knows nothing yet."""
        return Mixture.unknown(len(self.new), len(self.old))

    @cached_property
    def shared(self) -> dict[int, int]:
        """New ids whose piece or role the old vocabulary has, too, and the ids there."""
        return self.new.shared_with(self.old)

    @cached_property
    def controls(self) -> dict[int, int]:
        """Of these, the control tokens."""
        own = set(self.new.controls.values())
        return {new: old for new, old in self.shared.items() if new in own}

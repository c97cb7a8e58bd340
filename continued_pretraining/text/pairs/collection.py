"""All sentence pairs of a run: sources joined on their keys, and how often each pair is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.pairs.cells import Cells
from continued_pretraining.text.pairs.key_sets import KeySets
from continued_pretraining.text.pairs.keyed_text import KeyedText, tokenize_keyed
from continued_pretraining.text.pairs.sampler import PairDraw, PairSampler
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import ConfigError, DatasetError
from x2static.core.progress import Progress
from x2static.core.text.pair_sampling import PairShares, SamplingName, sample_pairs
from x2static.core.text.pair_sources import PairSource

Ids = NDArray[np.int64]
_MOST_HELD = 0.1  # of the keys


@dataclass(frozen=True)
class PairDrawing:
    """How pairs are drawn.

    Attributes:
        method: gives each pair of languages its share.
        temperature: flattens the shares.
        hub: the language of the method ``english``.
        source_limit: the most of a pair that a source gives.
        held_back: pairs to keep from training, about.
        seed: of every draw.
        needs_hub: whether something is learned from the hub's sentences.
    """

    method: SamplingName
    temperature: float
    hub: str
    source_limit: float
    held_back: int
    seed: int
    needs_hub: bool = False


@dataclass(frozen=True)
class PairCollection:
    """Sentence pairs of any two languages, found when they are drawn.

    Attributes:
        languages: sorted.
        texts: tokenized, by source and number of the language.
        keys: of each source.
        counts: (S, L, L) sentence pairs of each two languages in each source, without what is
            held back.
        shares: of each pair of languages.
        settings: how they are drawn.
    """

    languages: list[str]
    texts: dict[str, dict[int, KeyedText]]
    keys: list[KeySets]
    counts: NDArray[np.int64]
    shares: PairShares
    settings: PairDrawing

    @cached_property
    def cells(self) -> Cells:
        """What is drawn from."""
        return Cells.of(self.counts)

    @property
    def hub(self) -> int:
        """Number of the hub's language; -1 where no text is in it."""
        known = self.settings.hub in self.languages
        return self.languages.index(self.settings.hub) if known else -1

    @cached_property
    def names(self) -> list[str]:
        """Of each pair of languages that has sentence pairs, such as ``de-fr``."""
        firsts, seconds = np.nonzero(np.triu(self.counts.sum(axis=0)))
        pairs = zip(firsts.tolist(), seconds.tolist(), strict=True)
        return [f"{self.languages[one]}-{self.languages[other]}" for one, other in pairs]

    def pair_shares(self) -> NDArray[np.float64]:
        """(P,) the share of each pair of languages, in the order of `names`."""
        upper = np.nonzero(np.triu(self.counts.sum(axis=0)))
        found: NDArray[np.float64] = 2 * self.shares.shares[upper]
        found /= found.sum()
        return found

    def sampler(
        self, pair_shares: NDArray[np.float64] | None = None, phase: int = 0
    ) -> PairSampler:
        """Draws pairs to train on.

        Args:
            pair_shares: (P,) of each pair of languages; None is as `pair_shares` has them.
            phase: number of the order in which sentence pairs come.
        """
        shares = self.pair_shares() if pair_shares is None else pair_shares
        weights = self.cells.weights(self.numbers(self.cells), shares, self.settings.source_limit)
        return PairSampler(self.cells, weights, self.keys, self.settings.seed, phase)

    @cached_property
    def held_back(self) -> tuple[Cells, PairDraw]:
        """Pairs that are never trained on, and their cells; drawn as the others are."""
        cells = Cells.of(_counts(self.keys, len(self.languages), held=True))
        weights = cells.weights(self.numbers(cells), self.pair_shares(), self.settings.source_limit)
        number = min(self.settings.held_back, int(cells.sizes[weights > 0].sum()))
        if not number:
            nothing = np.zeros(0, dtype=np.int64)
            return cells, PairDraw(nothing, nothing)
        sampler = PairSampler(cells, weights, self.keys, self.settings.seed, held=True)
        return cells, sampler.draw(0, number)

    def sentences(self, cells: Cells, draw: PairDraw) -> tuple[list[Ids], list[Ids]]:
        """The pieces of both sentences of each pair of a draw, in the order of their languages."""
        texts = list(self.texts.values())
        found: list[list[Ids]] = []
        for numbers in (cells.firsts, cells.seconds):
            languages = numbers[draw.cells]
            sources, places = self.places(cells, draw, languages)
            rows = zip(sources.tolist(), languages.tolist(), places.tolist(), strict=True)
            found.append(
                [texts[source][language].sentence(place) for source, language, place in rows]
            )
        return found[0], found[1]

    def examples(self, number: int, count: int) -> list[tuple[Ids, Ids]]:
        """Some sentence pairs of a pair of languages, always the same ones."""
        cells = np.flatnonzero(self.numbers(self.cells) == number)
        rng = np.random.default_rng([self.settings.seed, number])
        found = []
        for cell in rng.choice(cells, count).tolist():
            sides = (int(self.cells.firsts[cell]), int(self.cells.seconds[cell]))
            keys = self.keys[int(self.cells.sources[cell])]
            item = rng.integers(self.cells.sizes[cell], size=1)
            draw = PairDraw(np.array([cell]), keys.choose(*sides, item, held=False))
            (first,), (second,) = self.sentences(self.cells, draw)
            found.append((first, second))
        return found

    def places(self, cells: Cells, draw: PairDraw, languages: Ids) -> tuple[Ids, Ids]:
        """Where each pair's sentence in a language lies: number of its source, and place in it.

        Args:
            cells: of the draw.
            draw: the pairs.
            languages: (B,) number of a language for each; a place of -1 says that it has none.
        """
        sources = cells.sources[draw.cells]
        found = np.empty_like(draw.keys)
        for source, language in {*zip(sources.tolist(), languages.tolist(), strict=True)}:
            chosen = (sources == source) & (languages == language)
            found[chosen] = self.keys[source].places(language, draw.keys[chosen])
        return sources, found

    def numbers(self, cells: Cells) -> NDArray[np.int64]:
        """(C,) number of each cell's pair of languages among `names`; -1 for none of these."""
        has_pairs = np.triu(self.counts.sum(axis=0)) > 0
        numbers = np.where(has_pairs, np.cumsum(has_pairs).reshape(has_pairs.shape) - 1, -1)
        found: NDArray[np.int64] = numbers[cells.firsts, cells.seconds]
        return found

    def lonely(self) -> list[str]:
        """Languages that share a key with no other."""
        has_pairs = self.counts.sum(axis=(0, 2)) > 0
        return [name for name, has in zip(self.languages, has_pairs, strict=True) if not has]


def collect_pairs(
    sources: Sequence[PairSource],
    tokenizer: LineTokenizer,
    folder: Path,
    digest: Callable[[Sequence[Path]], str],
    settings: PairDrawing,
) -> PairCollection:
    """Tokenize all texts, or take them from the cache, and join them.

    Args:
        sources: the texts.
        tokenizer: cuts sentences into pieces.
        folder: where tokenized texts lie.
        digest: of files.
        settings: how pairs are drawn.

    Raises:
        WorkbenchError: a text that cannot be read, aligned files of unequal length, no two
            languages with a key in common, or shares that cannot be.
    """
    languages = sorted({language for source in sources for language in source.texts})
    if (settings.method == "english" or settings.needs_hub) and settings.hub not in languages:
        raise ConfigError(
            f"--bitext-hub {settings.hub}: not among the languages of --bitext: "
            f"{', '.join(languages)}"
        )
    texts: dict[str, dict[int, KeyedText]] = {}
    with Progress("bitext", len(sources), "sources") as bar:
        for source in sources:
            texts[source.name] = _tokenized(source, languages, tokenizer, folder, digest)
            bar.advance(1)
    keys = [
        KeySets({n: np.asarray(text.keys) for n, text in own.items()}, settings.seed)
        for own in texts.values()
    ]
    total = sum(one.size for one in keys)
    for one in keys:
        one.hold_back(min(_MOST_HELD, settings.held_back / max(total, 1)))
    counts = _counts(keys, len(languages), held=False)
    hub = languages.index(settings.hub) if settings.hub in languages else 0
    shares = sample_pairs(counts.sum(axis=0), settings.method, settings.temperature, hub)
    return PairCollection(languages, texts, keys, counts, shares, settings)


def _tokenized(
    source: PairSource,
    languages: list[str],
    tokenizer: LineTokenizer,
    folder: Path,
    digest: Callable[[Sequence[Path]], str],
) -> dict[int, KeyedText]:
    found = {}
    for language, text in source.texts.items():
        name = f"{source.name}-{language}"
        found[languages.index(language)] = tokenize_keyed(
            name, text, tokenizer, folder, digest([text.path])
        )
    if any(text.kind == "lines" for text in source.texts.values()):
        (one, first), (other, second) = zip(
            [text.path for text in source.texts.values()], found.values(), strict=True
        )
        if first.num_lines != second.num_lines:
            raise DatasetError(
                f"--bitext: {one} has {first.num_lines:,} sentences, {other} "
                f"{second.num_lines:,}; line i of one must translate line i of the other"
            )
    return found


def _counts(keys: Sequence[KeySets], languages: int, *, held: bool) -> NDArray[np.int64]:
    """(S, L, L) sentence pairs of each two languages in each source."""
    return np.stack([one.counts(languages, held=held) for one in keys])

"""Words of an update, their states and targets, and what the alignment loss makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.model.pooling import pool_states
from continued_pretraining.objectives.word_alignment.chance import Chance
from continued_pretraining.objectives.word_alignment.faults import padded
from continued_pretraining.objectives.word_alignment.occurrences import WordFinder
from continued_pretraining.objectives.word_alignment.partners import partners
from continued_pretraining.objectives.word_alignment.statistic import Statistic, Targets
from continued_pretraining.objectives.word_alignment.word_pool import LanguageWords
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Frame, Ids, MicroBatch, micro_batches
from continued_pretraining.text.plan import TextShare
from continued_pretraining.text.sampling import Draw, Sampler
from x2static.teacher.pooling import span_means

_CHOICE = 3
_FIT_WORDS = 4096


@dataclass(frozen=True)
class Spans:
    """Words where they occur in the text of an update.

    Attributes:
        members: (F,) in which sequence of the update each stands.
        starts: (F,) its first piece there.
        lengths: (F,) its pieces.
        draw: which words these are.
    """

    members: Ids
    starts: Ids
    lengths: Ids
    draw: Draw

    def of(self, rank: int, size: int) -> Spans:
        """Those in the sequences of one process, which get new numbers."""
        return self.at(np.flatnonzero(self.members % size == rank), size)

    def at(self, places: Ids, size: int = 1) -> Spans:
        """Some of them."""
        draw = Draw(self.draw.languages[places], self.draw.items[places])
        return Spans(self.members[places] // size, self.starts[places], self.lengths[places], draw)


@dataclass(frozen=True)
class Dealt:
    """Words of an update in the order of the processes.

    Attributes:
        draw: which words these are, those of rank 0 first.
        counts: how many each process has.
    """

    draw: Draw
    counts: list[int]


@dataclass
class Aligner:
    """Draws words, encodes them, and computes the loss and its gradients.

    Attributes:
        model: what encodes them.
        words: usable words of each language.
        sampler: which of them come when.
        statistic: the loss.
        processes: those that share the work.
        frame: control tokens around a word.
        pool: how pieces become one state.
        block: whose states are aligned.
        batch: words in an update.
        budget: padded pieces in a micro-batch.
        weight: of the loss.
        seed: of the choice among occurrences.
        finders: per language of the text, what finds its words there; None to encode words alone.
        pads: let words that are encoded alone attend to padding and average it in, as published.
    """

    model: MaskedModel
    words: Sequence[LanguageWords]
    sampler: Sampler
    statistic: Statistic
    processes: Processes
    frame: Frame
    pool: str
    block: int
    batch: int
    budget: int
    weight: float
    seed: int
    finders: Sequence[tuple[int, WordFinder] | None] | None = None
    pads: bool = False

    def draw(self, step: int) -> Draw:
        """The words of an update that encodes them alone."""
        return self.sampler.draw(step * self.batch, self.batch)

    def batches(self, draw: Draw) -> list[MicroBatch]:
        """This process's share of the words, each a sequence of its own."""
        own = _part(draw, self.processes.share(len(draw)))
        ids = self.ids_of(own)
        if self.pads:
            ids = padded(ids, self.frame)
        numbers = self.model.numbers_of([words.language for words in self.words], "--vectors")
        languages = None if numbers is None else numbers[own.languages]
        return list(micro_batches(ids, self._frame, self.budget, self.model.device, languages))

    @property
    def _frame(self) -> Frame:
        """What goes around a word; padding that counts brings its own end, and shares no row."""
        return replace(self.frame, suffix=(), first_position=None) if self.pads else self.frame

    def states(self, batch: MicroBatch) -> Tensor:
        """(S, D) float32 states of the words of a batch."""
        found = self.model.states_up_to(batch, self.block)
        frame = self._frame
        return pool_states(found, batch, self.pool, len(frame.prefix), len(frame.suffix))

    def dealt(self, draw: Draw) -> Dealt:
        """Words of an update, dealt out to the processes one by one."""
        size = self.processes.size
        return self._dealt(draw, [np.arange(rank, len(draw), size) for rank in range(size)])

    def dealt_spans(self, spans: Spans) -> Dealt:
        """Words that occur in text, dealt out with their sequences."""
        size = self.processes.size
        parts = [np.flatnonzero(spans.members % size == rank) for rank in range(size)]
        return self._dealt(spans.draw, parts)

    def _dealt(self, draw: Draw, parts: list[Ids]) -> Dealt:
        order = np.concatenate(parts)
        return Dealt(Draw(draw.languages[order], draw.items[order]), [len(part) for part in parts])

    def gradients(self, own: Tensor, dealt: Dealt) -> tuple[Tensor, Tensor]:
        """The loss over the words of the update, and the gradient of this process's states.

        Args:
            own: (S, D) states of this process's words.
            dealt: the words of all.
        """
        targets = self.targets_of(dealt.draw)
        return self.statistic.gradient(own.detach(), dealt.counts, targets, self.weight)

    def remember(self, own: Tensor, dealt: Dealt) -> None:
        """Let the statistic see words that nothing is learned from."""
        states = self.processes.gather_rows(own, dealt.counts)
        self.statistic.remember(states, self.targets_of(dealt.draw))

    def targets_of(self, draw: Draw) -> Targets:
        """What drawn words are compared with."""
        wrong = self.targets(self._partners(draw)) if self.statistic.correlation else None
        vectors = self.targets(draw)
        return Targets(vectors, vectors if wrong is None else wrong, self.numbers(draw))

    def _partners(self, draw: Draw) -> Draw:
        """For each word another of its language, about as frequent and always the same one."""
        items = np.empty_like(draw.items)
        for language in np.unique(draw.languages):
            chosen = draw.languages == language
            items[chosen] = partners(draw.items[chosen], len(self.words[language]), self.seed)
        return Draw(draw.languages, items)

    def spans(self, step: int, share: TextShare) -> Spans:
        """Occurrences of words in the text of an update, at most a batch of them.

        A word some piece of which is to be guessed is left out, and so is one that is held back.
        """
        found: list[tuple[int, int, int, int, int]] = []
        for member, language in enumerate(share.languages.tolist()):
            finder = self.finders[language] if self.finders is not None else None
            if finder is None:
                continue
            number, words = finder
            places = words.find(share.original[member])
            hidden = np.concatenate(([0], np.cumsum(share.guessed[member])))
            is_whole = hidden[places.starts + places.lengths] == hidden[places.starts]
            for start, length, word in zip(
                places.starts[is_whole].tolist(),
                places.lengths[is_whole].tolist(),
                places.words[is_whole].tolist(),
                strict=True,
            ):
                found.append((member, start, length, number, word))
        table = np.array(found, dtype=np.int64).reshape(-1, 5)
        table = table[~self._is_held_back(table[:, 3], table[:, 4])]
        if len(table) > self.batch:
            rng = np.random.default_rng([self.seed, _CHOICE, step])
            table = table[np.sort(rng.choice(len(table), self.batch, replace=False))]
        members, starts, lengths, languages, words_found = table.T
        return Spans(members, starts, lengths, Draw(languages, words_found))

    def span_states(self, states: Tensor, batch: MicroBatch, spans: Spans) -> tuple[Tensor, Ids]:
        """States of the spans that lie in a batch, and which spans these are."""
        place_of = {
            int(member): int(start)
            for member, start in zip(batch.members, batch.starts, strict=True)
        }
        here = np.flatnonzero(np.isin(spans.members, batch.members))
        starts = np.array([place_of[int(m)] for m in spans.members[here]], dtype=np.int64)
        lengths = np.ones_like(starts) if self.pool == "first" else spans.lengths[here]
        flat = states.flatten(0, 1)
        return span_means(flat, starts + spans.starts[here], lengths), here

    def targets(self, draw: Draw) -> Tensor:
        """(N, E) unit vectors of drawn words, on the model's device."""
        rows = np.empty((len(draw), self.words[0].width), dtype=np.float32)
        for language in np.unique(draw.languages):
            chosen = draw.languages == language
            rows[chosen] = self.words[language].unit_vectors(draw.items[chosen])
        return torch.from_numpy(rows).to(self.model.device)

    def numbers(self, draw: Draw) -> Tensor:
        """(N,) one number for each word of each language."""
        firsts = np.cumsum([0, *map(len, self.words)])
        numbers = firsts[draw.languages] + draw.items
        return torch.from_numpy(numbers).to(self.model.device)

    def ids_of(self, draw: Draw) -> list[Ids]:
        """The pieces of drawn words."""
        drawn = zip(draw.languages.tolist(), draw.items.tolist(), strict=True)
        return [self.words[language].ids_of(item) for language, item in drawn]

    @torch.no_grad()
    def encode(self, draw: Draw) -> Tensor:
        """(N, D) states of words alone, of all processes, in the order of `gradients`."""
        own = _part(draw, self.processes.share(len(draw)))
        states = torch.zeros(len(own), self.model.width, device=self.model.device)
        for batch in self.batches(draw):
            states[torch.from_numpy(batch.members).to(states.device)] = self.states(batch)
        size = self.processes.size
        counts = [len(range(rank, len(draw), size)) for rank in range(size)]
        return self.processes.gather_rows(states, counts)

    def held_back(self) -> tuple[float, Chance | None] | None:
        """The loss on words that training never sees, encoded alone, and what of it is chance."""
        draw = self._in_rank_order(self.sampler.held_back())
        if len(draw) < 2:
            return None
        states = self.encode(self.sampler.held_back())
        return self.statistic.held_back(states, self.targets_of(draw))

    def fit_map(self, *, match: bool) -> None:
        """Fit the map between states and targets on the model as it is."""
        if self.statistic.map is None:
            return
        draw = self.sampler.draw(0, min(_FIT_WORDS, self.sampler.epoch_size))
        self.statistic.map.fit(
            self.encode(draw), self.targets(self._in_rank_order(draw)), match=match
        )

    def _in_rank_order(self, draw: Draw) -> Draw:
        size = self.processes.size
        order = np.concatenate([np.arange(rank, len(draw), size) for rank in range(size)])
        return Draw(draw.languages[order], draw.items[order])

    def _is_held_back(
        self, languages: Ids, words: Ids
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        held = self.sampler.held_back()
        firsts = np.cumsum([0, *map(len, self.words)])
        return np.isin(firsts[languages] + words, firsts[held.languages] + held.items)


def _part(draw: Draw, rows: slice) -> Draw:
    return Draw(draw.languages[rows], draw.items[rows])

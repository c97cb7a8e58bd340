"""One update: every loss of the effective batch, its gradients, one step of the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.candidates import Candidates
from continued_pretraining.objectives.masked_lm import MaskedLM
from continued_pretraining.objectives.word_alignment.alignment import Aligner, Dealt, Spans
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import MicroBatch
from continued_pretraining.text.plan import TextPlanner, TextShare
from continued_pretraining.training.optimizer import clip_gradients

_TEXT, _WORDS, _CANDIDATES = 1, 2, 3


@dataclass
class Measures:
    """What happened in one or several updates, in this process; sums, not yet read back.

    Attributes:
        mlm_sum: loss on the pieces that were guessed.
        guessed: how many.
        alignment: alignment losses, one per update, the same in every process.
        norm: norms of the gradients before they were clipped.
        pieces: pieces of text that went through the model, control tokens included.
        sequences: how many sequences these were.
        all_pieces: pieces of text in all processes together.
        words: words that were aligned.
        word_pieces: their pieces, where they were encoded alone.
        updates: how many updates.
    """

    mlm_sum: Tensor
    guessed: int
    alignment: Tensor
    norm: Tensor
    pieces: int
    sequences: int
    all_pieces: int
    words: int = 0
    word_pieces: int = 0
    updates: int = 1

    def add(self, other: Measures) -> None:
        """Add those of a later update."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Text:
    """This process's text of an update, and what its loss is made with."""

    share: TextShare
    denominator: int
    candidates: Candidates | None


@dataclass(frozen=True)
class _Encoded:
    """What a micro-batch gave.

    Attributes:
        last: states of its text, where the words stand in text.
        states: of its words.
        places: of these among the process's words.
    """

    last: Tensor | None
    states: Tensor
    places: list[int]


@dataclass(frozen=True)
class Words:
    """The words of an update, and how this process encodes its own."""

    aligner: Aligner
    dealt: Dealt
    batches: list[MicroBatch]
    encode: Callable[[int, MicroBatch], _Encoded]
    pieces: int
    in_text: bool = False


@dataclass
class Updater:
    """Does updates.

    Attributes:
        reader: takes text through the model.
        masked_lm: the loss on text.
        planner: says what text.
        aligner: aligns words; None for masked language modelling alone.
        optimizer: moves the weights.
        processes: those that share the work.
        clip: largest norm of the gradient, or 0.
        seed: of dropout.
        held: pieces whose way through the model may be kept until the loss over all words is known;
            where there are more, they go through it twice.
    """

    reader: TextReader
    masked_lm: MaskedLM
    planner: TextPlanner
    aligner: Aligner | None
    optimizer: torch.optim.Optimizer
    processes: Processes
    clip: float
    seed: int
    held: int = 0

    def run(self, step: int) -> Measures:
        """Do update ``step``."""
        whole, text = self.text_of(step)
        self.optimizer.zero_grad(set_to_none=True)
        measures = self.measures(text.share, whole)
        words = None if self.aligner is None else self.words_of(self.aligner, step, text, whole)
        if words is not None:
            self.learn_words(words, text if words.in_text else None, measures)
        if words is None or not words.in_text:
            measures.mlm_sum = self.learn_text(step, text)
        measures.norm = self._move()
        return measures

    def shrink(self, least: int) -> bool:
        """Take less memory from now on; False where nothing is left to give up.

        Args:
            least: pieces that a micro-batch may always have.
        """
        budget = self.reader.budget
        if budget <= least and not self.held:
            return False
        self.held = self.held // 2 if budget > least else 0
        self.reader.budget = min(budget, max(least, budget // 2))
        if self.aligner is not None:
            self.aligner.budget = self.reader.budget
        return True

    def _move(self) -> Tensor:
        self.processes.sum_gradients(self.reader.model.hugging_face.parameters())
        parameters = (p for group in self.optimizer.param_groups for p in group["params"])
        norm = clip_gradients((p for p in parameters if p.grad is not None), self.clip)
        self.optimizer.step()
        return norm

    def measures(self, share: TextShare, whole: TextShare) -> Measures:
        """Those of an update that has not begun."""
        zero = torch.zeros((), device=self.reader.model.device)
        framed = [s.num_pieces + len(s.original) * self.reader.frame.size for s in (share, whole)]
        return Measures(
            zero, share.num_guessed, zero, zero, framed[0], len(share.original), framed[1]
        )

    def learn_text(self, step: int, text: Text) -> Tensor:
        """Add the gradients of masked language modelling; the summed loss of this process."""
        total = torch.zeros((), device=self.reader.model.device)
        for number, batch in enumerate(self.reader.batches(text.share)):
            self._seed_dropout(step, _TEXT, number)
            last, _ = self.reader.states(batch)
            loss = self.masked_lm.loss_sum(text.share, batch, last, text.candidates)
            (loss / text.denominator).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def text_of(self, step: int) -> tuple[TextShare, Text]:
        """The text of an update, and this process's share of it."""
        whole = self.planner.plan(step)
        share = whole.part(self.processes.share(len(whole.original)))
        candidates = self.masked_lm.candidates(whole, self._mixed(step, _CANDIDATES))
        return whole, Text(share, whole.num_guessed, candidates)

    def words_of(self, aligner: Aligner, step: int, text: Text, whole: TextShare) -> Words | None:
        """The words of an update; None where the text has too few for a statistic."""
        if aligner.finders is None:
            return self._words_alone(aligner, step)
        spans = aligner.spans(step, whole)
        return self._words_in_text(aligner, step, text, spans) if len(spans.draw) > 1 else None

    def _words_alone(self, aligner: Aligner, step: int) -> Words:
        draw = aligner.draw(step)
        batches = aligner.batches(draw)

        def encode(number: int, batch: MicroBatch) -> _Encoded:
            self._seed_dropout(step, _WORDS, number)
            return _Encoded(None, aligner.states(batch), batch.members.tolist())

        pieces = sum(
            int(batch.lengths.sum()) + len(batch.members) * aligner.frame.size for batch in batches
        )
        return Words(aligner, aligner.dealt(draw), batches, encode, pieces)

    def _words_in_text(self, aligner: Aligner, step: int, text: Text, spans: Spans) -> Words:
        own = spans.of(self.processes.rank, self.processes.size)

        def encode(number: int, batch: MicroBatch) -> _Encoded:
            self._seed_dropout(step, _TEXT, number)
            last, middle = self.reader.states(batch)
            states, places = aligner.span_states(middle, batch, own)
            return _Encoded(last, states, places.tolist())

        batches = list(self.reader.batches(text.share))
        return Words(aligner, aligner.dealt_spans(spans), batches, encode, 0, in_text=True)

    def learn_words(self, words: Words, text: Text | None, measures: Measures) -> None:
        """The states of words first, the loss over all of them, then back through each batch.

        Args:
            words: of the update.
            text: the text they stand in, if it is learned from in the same pass.
            measures: takes the figures.
        """
        keeps_graph = self._fits(words.batches)
        with torch.set_grad_enabled(keeps_graph):
            kept = [words.encode(number, batch) for number, batch in enumerate(words.batches)]
        states = self._in_order(kept)
        measures.alignment, slopes = words.aligner.slopes(states, words.dealt)
        measures.words, measures.word_pieces = len(states), words.pieces
        for number, batch in enumerate(words.batches):
            found = kept[number] if keeps_graph else words.encode(number, batch)
            slope = slopes[torch.tensor(found.places, dtype=torch.long, device=slopes.device)]
            roots: list[Tensor] = [found.states]
            slopes_of: list[Tensor | None] = [slope]
            if text is not None and found.last is not None:
                loss = self.masked_lm.loss_sum(text.share, batch, found.last, text.candidates)
                measures.mlm_sum = measures.mlm_sum + loss.detach()
                roots, slopes_of = [loss / text.denominator, *roots], [None, *slopes_of]
            torch.autograd.backward(roots, slopes_of)

    def remember(self, words: Words) -> None:
        """Let the statistic see words that nothing is learned from."""
        kept = [words.encode(number, batch) for number, batch in enumerate(words.batches)]
        words.aligner.remember(self._in_order(kept), words.dealt)

    def _fits(self, batches: Sequence[MicroBatch]) -> bool:
        """Whether the way of all batches through the model can be kept."""
        return len(batches) == 1 or sum(batch.ids.numel() for batch in batches) <= self.held

    @staticmethod
    def _in_order(parts: list[_Encoded]) -> Tensor:
        """Detached states put where their numbers say."""
        order = torch.tensor([place for part in parts for place in part.places], dtype=torch.long)
        rows = torch.cat([part.states.detach() for part in parts])
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        return rows.index_select(0, back.to(rows.device))

    def _seed_dropout(self, *numbers: int) -> None:
        """Dropout depends on the update alone, so that a resumed run needs no generator's state."""
        torch.manual_seed(self._mixed(self.processes.rank, *numbers))

    def _mixed(self, *numbers: int) -> int:
        """A seed made of the run's own and some numbers."""
        value = self.seed
        for number in numbers:
            value = (value * 1_000_003 + number + 1) % (1 << 62)
        return value


def trained_parameters(aligner: Aligner | None, model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Everything that learns, by name: the model, and a map of states where one learns."""
    named = [(f"model/{name}", parameter) for name, parameter in model.named_parameters()]
    state_map = None if aligner is None else aligner.statistic.map
    if state_map is not None and state_map.linear is not None:
        named += [(f"map/linear.{n}", p) for n, p in state_map.linear.named_parameters()]
    return named

"""One update: every loss of the effective batch, its gradients, one step of the optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from continued_pretraining.alignment import Aligner, Dealt, Spans
from continued_pretraining.batch import MicroBatch
from continued_pretraining.model import Candidates
from continued_pretraining.optimizer import clip_gradients
from continued_pretraining.plan import TextPlanner, TextShare
from continued_pretraining.processes import Processes
from continued_pretraining.reading import TextReader

_TEXT, _WORDS, _CANDIDATES = 1, 2, 3
_LEVELLING = 4  # updates whose gradients are compared at the start


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
class _Text:
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
class _Words:
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
    planner: TextPlanner
    aligner: Aligner | None
    optimizer: torch.optim.Optimizer
    processes: Processes
    clip: float
    seed: int
    held: int = 0

    def run(self, step: int) -> Measures:
        """Do update ``step``."""
        whole, text = self._text(step)
        self.optimizer.zero_grad(set_to_none=True)
        measures = self._measures(text.share, whole)
        words = None if self.aligner is None else self._words(self.aligner, step, text, whole)
        if words is not None:
            self._learn_words(words, text if words.in_text else None, measures)
        if words is None or not words.in_text:
            measures.mlm_sum = self._learn_text(step, text)
        measures.norm = self._move()
        return measures

    def prime(self, first: int, *, level: bool) -> None:
        """Fill the memory of the alignment loss, and level its gradient with that of the text.

        Args:
            first: takes text and words of the updates from this one on, which never come.
            level: scale the loss so that, at the start and with a weight of 1, its gradient is as
                long as that of masked language modelling, over the parameters that both reach.
        """
        aligner = self.aligner
        if aligner is None:
            return
        aligner.statistic.forget()
        filling = aligner.statistic.updates_remembered
        for step in range(first, first + filling):
            whole, text = self._text(step)
            if words := self._words(aligner, step, text, whole):
                with torch.no_grad():
                    self._remember(words)
        if level:
            steps = range(first + filling, first + filling + _LEVELLING)
            squares = torch.tensor(
                [self._squares(aligner, step) for step in steps], dtype=torch.float64
            )
            by_text, by_words = squares.sum(dim=0).tolist()
            if by_text > 0 and by_words > 0:
                aligner.statistic.scale = math.sqrt(by_text / by_words) * aligner.weight
        self.optimizer.zero_grad(set_to_none=True)

    def _squares(self, aligner: Aligner, step: int) -> tuple[float, float]:
        """Squared lengths of the gradients of text and of words, where the latter reach."""
        whole, text = self._text(step)
        words = self._words(aligner, step, text, whole)
        if words is None:
            return 0.0, 0.0
        parameters = list(self.reader.model.hugging_face.parameters())
        self.optimizer.zero_grad(set_to_none=True)
        self._learn_text(step, text)
        by_text = self._squared(parameters)
        self.optimizer.zero_grad(set_to_none=True)
        self._learn_words(words, None, self._measures(text.share, whole))
        by_words = self._squared(parameters)
        shared = sum(by_text.get(number, 0.0) for number in by_words)
        return shared, sum(by_words.values())

    def _squared(self, parameters: Sequence[nn.Parameter]) -> dict[int, float]:
        """Squared length of each gradient there is, all processes together."""
        self.processes.sum_gradients(parameters)
        return {
            number: float(parameter.grad.double().square().sum())
            for number, parameter in enumerate(parameters)
            if parameter.grad is not None
        }

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

    def _measures(self, share: TextShare, whole: TextShare) -> Measures:
        zero = torch.zeros((), device=self.reader.model.device)
        framed = [s.num_pieces + len(s.original) * self.reader.frame.size for s in (share, whole)]
        return Measures(
            zero, share.num_guessed, zero, zero, framed[0], len(share.original), framed[1]
        )

    def _learn_text(self, step: int, text: _Text) -> Tensor:
        total = torch.zeros((), device=self.reader.model.device)
        for number, batch in enumerate(self.reader.batches(text.share)):
            self._seed_dropout(step, _TEXT, number)
            last, _ = self.reader.states(batch)
            loss = self.reader.loss_sum(text.share, batch, last, text.candidates)
            (loss / text.denominator).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _text(self, step: int) -> tuple[TextShare, _Text]:
        """The text of an update, and this process's share of it."""
        whole = self.planner.plan(step)
        share = whole.part(self.processes.share(len(whole.original)))
        candidates = self.reader.candidates(whole, self._mixed(step, _CANDIDATES))
        return whole, _Text(share, whole.num_guessed, candidates)

    def _words(self, aligner: Aligner, step: int, text: _Text, whole: TextShare) -> _Words | None:
        """The words of an update; None where the text has too few for a statistic."""
        if aligner.finders is None:
            return self._words_alone(aligner, step)
        spans = aligner.spans(step, whole)
        return self._words_in_text(aligner, step, text, spans) if len(spans.draw) > 1 else None

    def _words_alone(self, aligner: Aligner, step: int) -> _Words:
        draw = aligner.draw(step)
        batches = aligner.batches(draw)

        def encode(number: int, batch: MicroBatch) -> _Encoded:
            self._seed_dropout(step, _WORDS, number)
            return _Encoded(None, aligner.states(batch), batch.members.tolist())

        pieces = sum(
            int(batch.lengths.sum()) + len(batch.members) * aligner.frame.size for batch in batches
        )
        return _Words(aligner, aligner.dealt(draw), batches, encode, pieces)

    def _words_in_text(self, aligner: Aligner, step: int, text: _Text, spans: Spans) -> _Words:
        own = spans.of(self.processes.rank, self.processes.size)

        def encode(number: int, batch: MicroBatch) -> _Encoded:
            self._seed_dropout(step, _TEXT, number)
            last, middle = self.reader.states(batch)
            states, places = aligner.span_states(middle, batch, own)
            return _Encoded(last, states, places.tolist())

        batches = list(self.reader.batches(text.share))
        return _Words(aligner, aligner.dealt_spans(spans), batches, encode, 0, in_text=True)

    def _learn_words(self, words: _Words, text: _Text | None, measures: Measures) -> None:
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
                loss = self.reader.loss_sum(text.share, batch, found.last, text.candidates)
                measures.mlm_sum = measures.mlm_sum + loss.detach()
                roots, slopes_of = [loss / text.denominator, *roots], [None, *slopes_of]
            torch.autograd.backward(roots, slopes_of)

    def _remember(self, words: _Words) -> None:
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

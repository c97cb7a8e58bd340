"""One update: every loss of the effective batch, its gradients, one step of the optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from continued_pretraining.alignment import Aligner, Spans
from continued_pretraining.batch import MicroBatch
from continued_pretraining.model import Candidates
from continued_pretraining.optimizer import clip_gradients
from continued_pretraining.plan import TextPlanner, TextShare
from continued_pretraining.processes import Processes
from continued_pretraining.reading import TextReader

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
class _Text:
    """This process's text of an update, and what its loss is made with."""

    share: TextShare
    denominator: int
    candidates: Candidates | None


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
        whole = self.planner.plan(step)
        share = whole.part(self.processes.share(len(whole.original)))
        candidates = self.reader.candidates(whole, self._mixed(step, _CANDIDATES))
        text = _Text(share, whole.num_guessed, candidates)
        self.optimizer.zero_grad(set_to_none=True)
        measures = self._measures(share, whole)
        aligner = self.aligner
        if aligner is None:
            measures.mlm_sum = self._learn_text(step, text)
        elif aligner.finders is None:
            self._learn_words(aligner, step, measures)
            measures.mlm_sum = self._learn_text(step, text)
        else:
            spans = aligner.spans(step, whole)
            if len(spans.draw) < 2:  # no statistic of fewer
                measures.mlm_sum = self._learn_text(step, text)
            else:
                self._learn_text_and_words(aligner, step, text, spans, measures)
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

    def _learn_words(self, aligner: Aligner, step: int, measures: Measures) -> None:
        """Words alone: their states first, the loss over all of them, then back through each."""
        draw = aligner.draw(step)
        batches = aligner.batches(draw)

        def encode(number: int, batch: MicroBatch) -> Tensor:
            self._seed_dropout(step, _WORDS, number)
            return aligner.states(batch)

        keeps_graph = self._fits(batches)
        with torch.set_grad_enabled(keeps_graph):
            kept = [encode(number, batch) for number, batch in enumerate(batches)]
        members = [batch.members.tolist() for batch in batches]
        states = self._in_order([part.detach() for part in kept], members)
        loss, slopes = aligner.slopes(states, draw)
        for number, batch in enumerate(batches):
            found = kept[number] if keeps_graph else encode(number, batch)
            slope = slopes[torch.from_numpy(batch.members).to(slopes.device)]
            found.backward(slope)  # type: ignore[no-untyped-call]
        measures.alignment = loss
        measures.words = len(states)
        measures.word_pieces = sum(
            int(batch.lengths.sum()) + len(batch.members) * aligner.frame.size for batch in batches
        )

    def _learn_text_and_words(
        self, aligner: Aligner, step: int, text: _Text, spans: Spans, measures: Measures
    ) -> None:
        """Words where they occur: one pass gives both losses, two where it takes micro-batches."""
        own = spans.of(self.processes.rank, self.processes.size)
        batches = list(self.reader.batches(text.share))

        def encode(number: int, batch: MicroBatch) -> tuple[Tensor, Tensor, list[int]]:
            self._seed_dropout(step, _TEXT, number)
            last, middle = self.reader.states(batch)
            states, places = aligner.span_states(middle, batch, own)
            return last, states, places.tolist()

        keeps_graph = self._fits(batches)
        with torch.set_grad_enabled(keeps_graph):
            kept = [encode(number, batch) for number, batch in enumerate(batches)]
        states = self._in_order([part[1].detach() for part in kept], [part[2] for part in kept])
        measures.alignment, slopes = aligner.slopes_of_spans(states, spans)
        measures.words = len(states)
        for number, batch in enumerate(batches):
            last, found, places = kept[number] if keeps_graph else encode(number, batch)
            loss = self.reader.loss_sum(text.share, batch, last, text.candidates)
            measures.mlm_sum = measures.mlm_sum + loss.detach()
            slope = slopes[torch.tensor(places, dtype=torch.long, device=slopes.device)]
            torch.autograd.backward([loss / text.denominator, found], [None, slope])

    def _fits(self, batches: Sequence[MicroBatch]) -> bool:
        """Whether the way of all batches through the model can be kept."""
        return len(batches) == 1 or sum(batch.ids.numel() for batch in batches) <= self.held

    @staticmethod
    def _in_order(parts: list[Tensor], members: list[list[int]]) -> Tensor:
        """Rows put where their numbers say."""
        order = torch.tensor([member for part in members for member in part], dtype=torch.long)
        rows = torch.cat(parts)
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

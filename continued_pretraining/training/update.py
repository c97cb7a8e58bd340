"""One update: every loss of the effective batch, its gradients, one step of the optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.dropout import PREPARED, TEXT, Dropout
from continued_pretraining.objectives.objective import Passage
from continued_pretraining.objectives.table import Objectives
from continued_pretraining.objectives.whole_update import Encoded, UpdateRows, WholeUpdate
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import MicroBatch
from continued_pretraining.text.plan import Planner
from continued_pretraining.training.optimizer import clip_gradients
from continued_pretraining.training.robust import RobustPairs
from x2static.core.machine.processors import CORNER


@dataclass
class Measures:
    """What happened in one or several updates, in this process; sums, not yet read back.

    Attributes:
        sums: loss of each objective on text.
        counts: what these are sums over.
        whole: loss of each objective on whole updates, one per update, the same in every process.
        norm: norms of the gradients before they were clipped.
        pieces: pieces of text that went through the model, control tokens included.
        sequences: how many sequences these were.
        all_pieces: pieces of text in all processes together.
        rows: of each objective on whole updates.
        row_pieces: their pieces, where they were encoded for it alone.
        updates: how many updates.
    """

    sums: dict[str, Tensor]
    counts: dict[str, int]
    whole: dict[str, Tensor]
    norm: Tensor
    pieces: int
    sequences: int
    all_pieces: int
    rows: dict[str, int]
    row_pieces: dict[str, int]
    updates: int = 1

    def add(self, other: Measures) -> None:
        """Add those of a later update."""
        for name, value in vars(other).items():
            own = getattr(self, name)
            if isinstance(value, dict):
                value = {key: own[key] + number for key, number in value.items()}
                setattr(self, name, value)
            else:
                setattr(self, name, own + value)


@dataclass
class Updater:
    """Does updates.

    Attributes:
        reader: takes text through the model.
        objectives: what is learned.
        planners: say what text, by what objectives read.
        optimizer: moves the weights.
        processes: those that share the work.
        clip: largest norm of the gradient, or 0.
        seed: of dropout.
        robust: moves the shares of pairs of languages; None leaves them.
        held: pieces whose way through the model may be kept until the loss over all rows is known;
            where there are more, they go through it twice.
    """

    reader: TextReader
    objectives: Objectives
    planners: Mapping[str, Planner]
    optimizer: torch.optim.Optimizer
    processes: Processes
    clip: float
    seed: int
    held: int = 0
    robust: RobustPairs | None = None
    dropout: Dropout = field(init=False)

    def __post_init__(self) -> None:
        self.dropout = Dropout(self.seed, self.processes.rank)

    def run(self, step: int) -> Measures:
        """Do update ``step``."""
        with CORNER.together():
            return self._run(step)

    def _run(self, step: int) -> Measures:
        if self.robust is not None:
            self.robust.before(step)
        passages = self.passages_of(step)
        self.optimizer.zero_grad(set_to_none=True)
        measures = self.measures(passages)
        first_is_read = False
        for objective in self.objectives.whole:
            rows = self.rows_of(objective, step, passages)
            if rows is not None:
                reads = rows.in_text and not first_is_read
                self.learn_rows(objective, rows, passages[0] if reads else None, measures)
                first_is_read |= reads
        self.learn_text(step, passages, measures, skip=int(first_is_read))
        measures.norm = self._move()
        if self.robust is not None:
            self.robust.after()
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
        for objective in self.objectives.whole:
            objective.shrink(self.reader.budget)
        return True

    def _move(self) -> Tensor:
        modules = [self.reader.model.hugging_face, *self.objectives.heads()]
        learning = {id(p): p for module in modules for p in module.parameters()}
        self.processes.sum_gradients(learning.values())
        parameters = (p for group in self.optimizer.param_groups for p in group["params"])
        norm = clip_gradients((p for p in parameters if p.grad is not None), self.clip)
        self.optimizer.step()
        return norm

    def measures(self, passages: Sequence[Passage]) -> Measures:
        """Those of an update that has not begun."""
        zero = torch.zeros((), device=self.reader.model.device)
        counts = {one.name: one.count(p.share) for p in passages for one in p.objectives}
        pieces, whole = (
            sum(s.num_pieces + len(s.original) * self.reader.frame.size for s in shares)
            for shares in ([p.share for p in passages], [p.whole for p in passages])
        )
        sequences = sum(len(passage.share.original) for passage in passages)
        names = [one.name for one in self.objectives.whole]
        return Measures(
            dict.fromkeys(counts, zero), counts, dict.fromkeys(names, zero), zero, pieces,
            sequences, whole, dict.fromkeys(names, 0), dict.fromkeys(names, 0),
        )  # fmt: skip

    def passages_of(self, step: int) -> list[Passage]:
        """The text of an update as the objectives read it, this process's share of it.

        Objectives that do not corrupt it themselves share another one's pass.
        """
        passages = []
        for stream, group in enumerate(self.objectives.passes()):
            leader = group[0]
            planner = self.planners[leader.reads]
            whole = planner.plan(step, leader.corruption, stream, leader.batch)
            share = whole.part(self.processes.share(len(whole.original)))
            numbers = (step, PREPARED) if not stream else (step, PREPARED, stream)
            seed = self.dropout.mixed(*numbers)
            prepared = [objective.prepare(whole, seed) for objective in group]
            passages.append(Passage(group, whole, share, prepared))
        return passages

    def learn_text(
        self, step: int, passages: Sequence[Passage], measures: Measures, skip: int = 0
    ) -> None:
        """Add the gradients of the objectives on text.

        Args:
            step: number of the update.
            passages: its text.
            measures: takes the figures.
            skip: passages that have been read already.
        """
        for stream, passage in enumerate(passages[skip:], start=skip):
            for number, batch in enumerate(self.reader.batches(passage.share)):
                self.dropout.begin(step, TEXT, number, *([stream] if stream else []))
                as_read, states = passage.read(batch, self.reader)
                loss = passage.loss(as_read, states, measures.sums)
                loss.backward()  # type: ignore[no-untyped-call]

    def rows_of(
        self, objective: WholeUpdate, step: int, passages: Sequence[Passage]
    ) -> UpdateRows | None:
        """The rows of an update; None where there are too few."""
        first = passages[0] if passages else None
        return objective.rows(step, first, self.reader, self.dropout)

    def learn_rows(
        self, objective: WholeUpdate, rows: UpdateRows, text: Passage | None, measures: Measures
    ) -> None:
        """The states of all rows first, the loss over them, then back through each batch.

        Args:
            objective: whose they are.
            rows: of the update.
            text: the text they stand in, if it is learned from in the same pass.
            measures: takes the figures.
        """
        keeps_graph = self._fits(rows.batches)
        with torch.set_grad_enabled(keeps_graph):
            kept = [rows.encode(number, batch) for number, batch in enumerate(rows.batches)]
        states = self._in_order(kept)
        measures.whole[objective.name], gradients = rows.gradient(states)
        measures.rows[objective.name] += len(states)
        measures.row_pieces[objective.name] += rows.pieces
        for number, batch in enumerate(rows.batches):
            found = kept[number] if keeps_graph else rows.encode(number, batch)
            gradient = gradients[
                torch.tensor(found.places, dtype=torch.long, device=gradients.device)
            ]
            roots: list[Tensor] = [found.states]
            gradients_of: list[Tensor | None] = [gradient]
            if text is not None and found.last is not None:
                loss = text.loss(batch, found.last, measures.sums)
                roots, gradients_of = [loss, *roots], [None, *gradients_of]
            torch.autograd.backward(roots, gradients_of)

    def remember(self, rows: UpdateRows) -> None:
        """Let a memory see rows that nothing is learned from."""
        kept = [rows.encode(number, batch) for number, batch in enumerate(rows.batches)]
        rows.remember(self._in_order(kept))

    def _fits(self, batches: Sequence[MicroBatch]) -> bool:
        """Whether the way of all batches through the model can be kept."""
        return len(batches) == 1 or sum(batch.ids.numel() for batch in batches) <= self.held

    @staticmethod
    def _in_order(parts: list[Encoded]) -> Tensor:
        """Detached states put where their numbers say."""
        order = torch.tensor([place for part in parts for place in part.places], dtype=torch.long)
        rows = torch.cat([part.states.detach() for part in parts])
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        return rows.index_select(0, back.to(rows.device))


def trained_parameters(objectives: Objectives, model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Everything that learns, by name: what of the model may, and what objectives bring."""
    named = [
        (f"model/{name}", parameter)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    ]
    shared = {id(parameter) for _, parameter in named}
    return [*named, *(own for own in objectives.parameters() if id(own[1]) not in shared)]

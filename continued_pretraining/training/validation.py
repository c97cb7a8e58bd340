"""What is measured on text, words and pairs that training never sees, always the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from continued_pretraining.model.pooling import pool_states
from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.objective import Held, Objective, Passage
from continued_pretraining.objectives.table import FIGURES, Objectives
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Ids, micro_batches
from continued_pretraining.text.plan import Planner, TextShare
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import DatasetError
from x2static.core.labels import labels_of
from x2static.core.text.bitext import read_tabbed


@dataclass(frozen=True)
class TextPairs:
    """Translations to be retrieved.

    Attributes:
        name: what they are called in the log.
        source: ids of each text.
        target: ids of its translation.
        num_cut: texts and translations that were longer than the model reads.
    """

    name: str
    source: list[Ids]
    target: list[Ids]
    num_cut: int = 0

    @property
    def languages(self) -> list[str]:
        """The two languages by the name, ``de`` and ``en`` of ``wiki/de-en``."""
        return self.name.rpartition("/")[2].split("-")[:2]


def read_all_pairs(
    paths: Sequence[Path], tokenizer: LineTokenizer, longest: int
) -> list[TextPairs]:
    """Read each file; its name has as many parents as tell it from the others."""
    names = labels_of([str(path.with_suffix("")) for path in paths])
    return [
        read_pairs(path, name, tokenizer, longest) for path, name in zip(paths, names, strict=True)
    ]


def read_pairs(path: Path, name: str, tokenizer: LineTokenizer, longest: int) -> TextPairs:
    """Read ``text TAB translation`` lines; texts are cut to ``longest`` pieces.

    Raises:
        DatasetError: a line without exactly one tab, or fewer than two pairs.
    """
    pairs = read_tabbed(path)
    if len(pairs) < 2:
        raise DatasetError(f"{path}: {len(pairs)} pairs; two or more are needed to choose among")
    unknown = int(tokenizer.hugging_face.unk_token_id or 0)
    whole = [list(tokenizer.encode(side)) for side in (pairs.source, pairs.target)]
    cut = [[np.array(ids[:longest] or [unknown], dtype=np.int64) for ids in side] for side in whole]
    num_cut = sum(len(ids) > longest for side in whole for ids in side)
    return TextPairs(name, cut[0], cut[1], num_cut)


@dataclass(frozen=True)
class Validation:
    """Figures of one validation.

    Attributes:
        figures: of each objective, by the names of `FIGURES`; its loss under its own name.
        pairs: share of texts whose translation is nearest, both directions, for each file.
        parts: the figures of objectives for a person.
    """

    figures: dict[str, Any]
    pairs: dict[str, float] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What files keep: every known figure, found or not, always in one order."""
        return FIGURES | self.figures | {"pairs": self.pairs}

    def score(self, choose: str, weights: Mapping[str, float], first: float | None) -> float:
        """What the choice of a checkpoint goes by; more is better.

        The name of an objective goes by its loss, ``objective`` by all losses. ``pairs`` is the
        mean share of translations found, less the relative rise of the first objective's loss.

        Args:
            choose: what it goes by.
            weights: of each loss, the first objective's first.
            first: the first objective's loss in the first validation.
        """
        losses = {name: self.figures.get(name) or 0.0 for name in weights}
        main = next(iter(losses.values()), 0.0)
        if choose == "pairs":
            before = first or main
            rise = max(0.0, main / before - 1) if before else 0.0
            return sum(self.pairs.values()) / len(self.pairs) - rise
        if choose == "objective":
            return -sum(weight * losses[name] for name, weight in weights.items())
        return -float(losses[choose])

    def line(self) -> str:
        """The figures for a person."""
        return ", ".join([*self.parts, *(f"{n} {share:.1%}" for n, share in self.pairs.items())])


@dataclass
class Validator:
    """Measures a model as it is.

    Attributes:
        reader: takes text through it.
        objectives: what is measured.
        planners: know the sequences that are held back, by what objectives read.
        pairs: translations to retrieve.
        block: whose states encode these.
        processes: those that share the work.
    """

    reader: TextReader
    objectives: Objectives
    planners: Mapping[str, Planner]
    pairs: Sequence[TextPairs]
    block: int
    processes: Processes

    def lacks(self, choose: str) -> str:
        """What a choice goes by but too little text or too few words left to hold back; or ""."""
        for one in self.objectives.text:
            is_asked = choose in (one.name, "objective")
            if is_asked and not self.planners[one.reads].held_back().original:
                return "sequences"
        lacking = (one.lacks() for one in self.objectives.whole if choose == "objective")
        return next((name for name in lacking if name), "")

    def measure(self) -> Validation:
        """All figures, the same in every process; dropout is off meanwhile."""
        modules = [self.reader.model.hugging_face, *self.objectives.heads()]
        was_training = modules[0].training
        for module in modules:
            module.eval()
        try:
            with torch.no_grad():
                passes = enumerate(self.objectives.passes())
                found = [held for n, those in passes for held in self._on_text(those, n)]
                found += [one.validate() for one in self.objectives.whole]
                pairs = {pair.name: self._retrieve(pair) for pair in self.pairs}
        finally:
            for module in modules:
                module.train(was_training)
        figures = {name: value for held in found for name, value in held.figures.items()}
        return Validation(figures, pairs, tuple(held.line for held in found if held.line))

    def _on_text(self, objectives: Sequence[Objective], stream: int) -> list[Held]:
        """The losses of objectives that share a pass, on held-out text."""
        leader = objectives[0]
        planner = self.planners[leader.reads]
        whole = planner.held_back(leader.corruption, stream)
        prepared = [one.prepare_held_back(whole) for one in objectives]
        shape = (len(objectives), len(planner.names))
        losses, counts = torch.zeros(2, *shape, dtype=torch.float64)
        for language, rows in self._parts(leader, whole):
            share = whole.chosen(rows[self.processes.share(len(rows))])
            passage = Passage(objectives, whole, share, prepared)
            for number, one in enumerate(objectives):
                counts[number, language] = one.count(share)
            for batch in self.reader.batches(share):
                as_read, states = passage.read(batch, self.reader)
                for number, one in enumerate(objectives):
                    loss = one.loss_sum(share, as_read, states, prepared[number])
                    losses[number, language] += loss.double().cpu()
        device = self.reader.model.device
        losses, counts = (self.processes.sum(x.to(device)).cpu() for x in (losses, counts))
        return [
            self._held(one, planner.names, losses[number], counts[number])
            for number, one in enumerate(objectives)
        ]

    def _parts(self, leader: Objective, whole: TextShare) -> Iterator[tuple[int, Ids]]:
        """Sequences that are measured together: of a language where each has a figure, else all."""
        if not self._has_languages(leader):
            yield 0, np.arange(len(whole.original))
            return
        for language in np.unique(whole.languages).tolist():
            yield language, np.flatnonzero(whole.languages == language)

    def _has_languages(self, objective: Objective) -> bool:
        return objective is self.objectives.main and objective.reads == "text"

    def _held(
        self, objective: Objective, languages: Sequence[str], losses: Tensor, counts: Tensor
    ) -> Held:
        """The loss of an objective; of the first one for each language, too."""
        if not counts.sum():
            return Held()
        by_language = {
            name: float(loss / count)
            for name, loss, count in zip(languages, losses, counts, strict=True)
            if count
        }
        total = float(losses.sum() / counts.sum())
        line = f"{objective.label} loss {total:.4f}"
        if not self._has_languages(objective):
            return Held({objective.name: total}, line)
        if len(by_language) > 1:
            shown = ", ".join(f"{name} {loss:.2f}" for name, loss in by_language.items())
            line += f" ({shown})"
        return Held({objective.name: total, "by_language": by_language}, line)

    def _retrieve(self, pair: TextPairs) -> float:
        numbers = self.reader.model.numbers_of(pair.languages, f"--validation-pairs {pair.name}")
        first, second = (None, None) if numbers is None else numbers.tolist()
        source, target = self._encode(pair.source, first), self._encode(pair.target, second)
        cosines = source @ target.T
        gold = torch.arange(len(cosines), device=cosines.device)
        forward = (cosines.argmax(dim=1) == gold).double().mean()
        backward = (cosines.argmax(dim=0) == gold).double().mean()
        return float((forward + backward) / 2)

    def _encode(self, texts: Sequence[Ids], language: int | None) -> Tensor:
        """(N, D) unit means of the states of each text's pieces, in the order of the texts."""
        size = self.processes.size
        own = texts[self.processes.share(len(texts))]
        states = torch.zeros(len(own), self.reader.model.width, device=self.reader.model.device)
        model = self.reader.model
        languages = None if language is None else np.full(len(own), language)
        reader = self.reader
        for batch in micro_batches(own, reader.frame, reader.budget, model.device, languages):
            found = pool_states(model.states_up_to(batch, self.block), batch, "pieces")
            states[torch.from_numpy(batch.members).to(states.device)] = found
        counts = [len(range(rank, len(texts), size)) for rank in range(size)]
        gathered = self.processes.gather_rows(states, counts)
        order = np.concatenate([np.arange(rank, len(texts), size) for rank in range(size)])
        ordered = torch.empty_like(gathered)
        ordered[torch.from_numpy(order).to(gathered.device)] = gathered
        return torch.nn.functional.normalize(ordered, dim=1)

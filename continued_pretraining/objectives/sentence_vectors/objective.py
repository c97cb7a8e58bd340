"""Vectors of sentence pairs as an objective: both sides of each, alone, over a whole update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.model.pooling import pool_states
from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.dropout import SENTENCES, Dropout
from continued_pretraining.objectives.objective import Held, Passage
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.objectives.sentence_vectors.losses import (
    Compared,
    sentence_loss,
    share_found,
)
from continued_pretraining.objectives.sentence_vectors.targets import TargetMap, sentence_vectors
from continued_pretraining.objectives.whole_update import Encoded, UpdateRows, WholeUpdate
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Frame, Ids, MicroBatch, micro_batches
from continued_pretraining.text.pairs.planner import PairPlanner, Sides
from x2static.teacher.encoder import resolve_layer

_STREAM = 5  # of the sentence pairs; the objectives on text have the first ones


def sentence_alignment(parts: Parts) -> SentenceAlignment | None:
    """Sentences against their translations or given vectors, where their weight is not 0."""
    config = parts.config
    if not config.sentence_weight or parts.pairs is None:
        return None
    block = resolve_layer(config.sentence_layer, parts.model.depth, "--sentence-layer")
    return SentenceAlignment(
        model=parts.model, frame=parts.frame, budget=parts.budget, processes=parts.processes,
        planner=parts.pairs, batch=config.sentence_batch, block=block,
        weight=config.sentence_weight, losses=config.sentence_loss,
        temperature=config.sentence_contrast, targets_of=_targets(parts),
    )  # fmt: skip


def _targets(parts: Parts) -> Callable[[Sides], tuple[Ids, Any]] | None:
    """What gives the pairs with a vector of the encoder, and these; None where none shall be."""
    config, pairs = parts.config, parts.pairs
    if not config.has_targets or pairs is None or config.sentence_encoder is None:
        return None
    collection = pairs.collection
    hub = collection.hub
    texts = {
        number: (parts.sources[name].texts[config.bitext_hub], own[hub])
        for number, (name, own) in enumerate(collection.texts.items())
        if hub in own
    }
    files = [text for text, _ in texts.values()]
    vectors = sentence_vectors(
        config.sentence_encoder,
        files,
        [parts.digest([file.path]) for file in files],
        parts.cache,
        parts.model.device.type,
    )
    mapped = TargetMap.fitted(vectors, parts.model.width, config.seed)
    by_source = dict(zip(texts, vectors, strict=True))

    def targets_of(sides: Sides) -> tuple[Ids, Any]:
        rows = np.flatnonzero(sides.hubs >= 0)
        found = np.zeros((len(rows), vectors[0].matrix.shape[1]), dtype=np.float32)
        for source in np.unique(sides.sources[rows]).tolist():
            chosen = sides.sources[rows] == source
            keys = np.asarray(texts[source][1].keys)[sides.hubs[rows][chosen]]
            found[chosen] = by_source[source].rows(keys)
        return rows, mapped(found)

    return targets_of


def _forget(_states: Tensor) -> None:
    """Nothing is kept of earlier updates."""


@dataclass(eq=False, kw_only=True)
class SentenceAlignment(WholeUpdate):
    """Losses over all sentence pairs of an update.

    Attributes:
        model: encodes them.
        frame: control tokens around a sentence.
        budget: padded pieces of a micro-batch.
        processes: those that share the work.
        planner: draws the pairs.
        batch: pairs of an update.
        losses: names of those that are added up.
        temperature: of similarities.
        targets_of: gives the pairs that have a vector to come near, and the vectors.
    """

    model: MaskedModel
    frame: Frame
    budget: int
    processes: Processes
    planner: PairPlanner
    batch: int
    block: int
    weight: float
    losses: tuple[str, ...]
    temperature: float
    targets_of: Callable[[Sides], tuple[Ids, Any]] | None = None
    scale: float = 1.0
    name: str = "sentences"
    reads_text: bool = False
    levels: bool = False

    def rows(
        self,
        step: int,
        passage: Passage | None,  # noqa: ARG002 - it reads pairs
        reader: TextReader,  # noqa: ARG002
        dropout: Dropout,
    ) -> UpdateRows:
        """Both sides of the pairs of an update."""
        sides = self.planner.sides(step, _STREAM, self.batch)
        own = [sides.texts[row] for row in self._own(len(sides.texts))]
        batches = self._batches(own)

        def encode(number: int, batch: MicroBatch) -> Encoded:
            dropout.begin(step, SENTENCES, number)
            return Encoded(None, self._states(batch), batch.members.tolist())

        def gradient(states: Tensor) -> tuple[Tensor, Tensor]:
            return self._gradient(states, sides)

        pieces = sum(map(len, own)) + len(own) * self.frame.size
        return UpdateRows(batches, encode, gradient, _forget, pieces)

    def _own(self, number: int) -> range:
        return range(self.processes.rank, number, self.processes.size)

    def _batches(self, texts: list[Ids]) -> list[MicroBatch]:
        return list(micro_batches(texts, self.frame, self.budget, self.model.device))

    def _states(self, batch: MicroBatch) -> Tensor:
        return pool_states(self.model.states_up_to(batch, self.block), batch, "pieces")

    def _gathered(self, own: Tensor, number: int) -> tuple[Tensor, Tensor]:
        """The states of all processes in the order of the sentences, and the way back to it."""
        size = self.processes.size
        counts = [len(range(rank, number, size)) for rank in range(size)]
        together = self.processes.gather_rows(own, counts)
        order = torch.cat([torch.arange(rank, number, size) for rank in range(size)])
        states = torch.empty_like(together)
        states[order.to(states.device)] = together
        return states, order

    def _gradient(self, own: Tensor, sides: Sides) -> tuple[Tensor, Tensor]:
        states, _ = self._gathered(own, len(sides.texts))
        leaf = states.detach().float().requires_grad_()
        with torch.enable_grad():
            loss = self._loss(leaf, sides)
            (weight_gradients,) = torch.autograd.grad(self.weight * self.scale * loss, leaf)
        rows = torch.tensor(list(self._own(len(sides.texts))), device=leaf.device)
        return loss.detach(), weight_gradients[rows]

    def _loss(self, states: Tensor, sides: Sides) -> Tensor:
        return sentence_loss(states, self._compared(sides), self.losses, self.temperature)

    def _compared(self, sides: Sides) -> Compared:
        device = self.model.device
        both = np.stack([sides.sources, sides.keys], axis=1)
        _, meanings = np.unique(both, axis=0, return_inverse=True)
        numbers = torch.from_numpy(np.asarray(meanings).reshape(-1)).to(device)
        if self.targets_of is None:
            return Compared(numbers)
        rows, vectors = self.targets_of(sides)
        targets = torch.zeros(len(sides), self.model.width)
        targets[torch.from_numpy(rows)] = torch.from_numpy(vectors)
        has_target = torch.zeros(len(sides), dtype=torch.bool)
        has_target[torch.from_numpy(rows)] = True
        return Compared(numbers, targets.to(device), has_target.to(device))

    def shrink(self, budget: int) -> None:
        """Encode at most so many pieces at once from now on."""
        self.budget = budget

    def note(self, figures: Mapping[str, Any]) -> str:
        """The loss by its name."""
        return f"sentences {figures['sentences']:.3f}"

    def lacks(self) -> str:
        """Sentence pairs, where fewer than two are held back."""
        return "sentence pairs" if len(self.planner.held_back_sides()) < 2 else ""

    def validate(self) -> Held:
        """The losses on pairs that training never sees, and how many find each other."""
        sides = self.planner.held_back_sides()
        if len(sides) < 2:
            return Held()
        own = [sides.texts[row] for row in self._own(len(sides.texts))]
        states = torch.zeros(len(own), self.model.width, device=self.model.device)
        for batch in self._batches(own):
            states[torch.from_numpy(batch.members).to(states.device)] = self._states(batch)
        whole, _ = self._gathered(states, len(sides.texts))
        loss = float(self._loss(whole, sides))
        share = float(share_found(whole, self._compared(sides).meanings))
        figures = {"sentences": loss, "sentences_found": share}
        return Held(figures, f"sentences {loss:.4f} ({share:.1%} of {len(sides):,} found)")

    def resolved(self) -> dict[str, Any]:
        """The block whose states are a sentence's."""
        return {"sentence_layer": self.block}

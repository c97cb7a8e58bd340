"""Word alignment as an objective: states of words against their vectors, alone or in the text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.dropout import TEXT, WORDS, Dropout
from continued_pretraining.objectives.objective import Held, Passage
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.objectives.whole_update import Encoded, Files, UpdateRows, WholeUpdate
from continued_pretraining.objectives.word_alignment.alignment import Aligner, Dealt, Spans
from continued_pretraining.objectives.word_alignment.word_loss import make_aligner
from continued_pretraining.objectives.word_alignment.word_pool import read_words
from continued_pretraining.text.batch import MicroBatch
from x2static.core.text.sources import doubts_about

_LONGEST_WORD = 20  # pieces, as published


def word_alignment(parts: Parts) -> WordAlignment | None:
    """Words of the vector files against these, where ``--loss`` names a loss."""
    config = parts.config
    if not config.aligns:
        return None
    limits = (config.max_words, min(_LONGEST_WORD, config.block - parts.frame.size))
    words = [
        read_words(
            language,
            paths,
            parts.tokenizer,
            parts.cache,
            parts.digest(paths),
            limits,
            junk=config.word_sampling == "uniform",
        )
        for language, paths in parts.vectors.items()
    ]
    aligner = make_aligner(
        config,
        list(parts.text),
        words,
        parts.tokenizer,
        parts.model,
        parts.frame,
        parts.budget,
        parts.processes,
    )
    return WordAlignment(aligner, match=config.target_scale == "match")


@dataclass(eq=False)
class WordAlignment(WholeUpdate):
    """One statistic over the words of an update.

    Attributes:
        aligner: draws words, encodes them, and computes loss and gradients.
        match: fit targets to the spread of the states at the start.
    """

    aligner: Aligner
    match: bool
    name = "alignment"

    def __post_init__(self) -> None:
        self.weight = self.aligner.weight
        self.block = self.aligner.block
        self.reads_text = self.aligner.finders is not None

    @property
    def scale(self) -> float:
        """The statistic's own."""
        return self.aligner.statistic.scale

    @scale.setter
    def scale(self, value: float) -> None:
        self.aligner.statistic.scale = value

    @property
    def updates_remembered(self) -> int:
        """How many updates the rows that count stem from."""
        return self.aligner.statistic.updates_remembered

    def rows(
        self, step: int, passage: Passage | None, reader: TextReader, dropout: Dropout
    ) -> UpdateRows | None:
        """The words of an update; None where the text has too few for a statistic."""
        if not self.reads_text or passage is None:
            return self._alone(step, dropout)
        spans = self.aligner.spans(step, passage.whole)
        if len(spans.draw) < 2:
            return None
        return self._in_text(step, passage, spans, reader, dropout)

    def _alone(self, step: int, dropout: Dropout) -> UpdateRows:
        aligner = self.aligner
        draw = aligner.draw(step)
        batches = aligner.batches(draw)

        def encode(number: int, batch: MicroBatch) -> Encoded:
            dropout.begin(step, WORDS, number)
            return Encoded(None, aligner.states(batch), batch.members.tolist())

        pieces = sum(
            int(batch.lengths.sum()) + len(batch.members) * aligner.frame.size for batch in batches
        )
        return self._rows(batches, encode, aligner.dealt(draw), pieces=pieces)

    def _in_text(
        self, step: int, passage: Passage, spans: Spans, reader: TextReader, dropout: Dropout
    ) -> UpdateRows:
        aligner = self.aligner
        own = spans.of(aligner.processes.rank, aligner.processes.size)

        def encode(number: int, batch: MicroBatch) -> Encoded:
            dropout.begin(step, TEXT, number)
            last, middle = reader.states(batch)
            states, places = aligner.span_states(middle, batch, own)
            return Encoded(last, states, places.tolist())

        batches = list(reader.batches(passage.share))
        return self._rows(batches, encode, aligner.dealt_spans(spans), in_text=True)

    def _rows(
        self,
        batches: list[MicroBatch],
        encode: Any,
        dealt: Dealt,
        *,
        pieces: int = 0,
        in_text: bool = False,
    ) -> UpdateRows:
        def gradient(states: Tensor) -> tuple[Tensor, Tensor]:
            return self.aligner.gradients(states, dealt)

        def remember(states: Tensor) -> None:
            self.aligner.remember(states, dealt)

        return UpdateRows(batches, encode, gradient, remember, pieces, in_text)

    def forget(self) -> None:
        """Begin without any rows, and with the loss as it is."""
        self.aligner.statistic.forget()

    def fit(self) -> None:
        """Fit the map between states and targets on the model as it is."""
        self.aligner.fit_map(match=self.match)

    def shrink(self, budget: int) -> None:
        """Encode at most so many pieces at once from now on."""
        self.aligner.budget = budget

    def parameters(self) -> list[tuple[str, nn.Parameter]]:
        """Those of a map that learns."""
        state_map = self.aligner.statistic.map
        if state_map is None or state_map.linear is None:
            return []
        return [(f"map/linear.{n}", p) for n, p in state_map.linear.named_parameters()]

    def saved(self) -> dict[str, Tensor]:
        """The map, the memory and the scale."""
        return self.aligner.statistic.saved()

    def restore(self, tensors: dict[str, Any]) -> None:
        """Put these back."""
        self.aligner.statistic.restore(tensors)

    def figures(self, loss: float, *, is_first: bool) -> dict[str, float]:
        """The loss, and how much of it is chance; the latter in the first process."""
        known = is_first and math.isfinite(loss)
        chance = self.aligner.statistic.chance() if known else None
        if chance is None:
            return {"alignment": loss}
        return {"alignment": loss, "chance": chance.unrelated, "above_chance": chance.above}

    def note(self, figures: Mapping[str, Any]) -> str:
        """The loss by its name."""
        note = f"{self.aligner.statistic.loss} {figures['alignment']:.4f}"
        if "above_chance" in figures:
            note += f" (above chance {figures['above_chance']:.0%})"
        return note

    def opening(self) -> list[str]:
        """How much of the loss is chance."""
        return self.aligner.statistic.lines()

    def lacks(self) -> str:
        """Words, where fewer than two are held back."""
        return "words" if len(self.aligner.sampler.held_back()) < 2 else ""

    def validate(self) -> Held:
        """The loss on words that training never sees, and what of it is above chance."""
        held = self.aligner.held_back()
        if held is None:
            return Held()
        loss, chance = held
        line = f"alignment {loss:.4f}"
        if chance is None:
            return Held({"alignment": loss}, line)
        line += f" (above chance {chance.above:.0%})"
        return Held({"alignment": loss, "above_chance": chance.above}, line)

    def counts(self) -> dict[str, Any]:
        """Words of each language, used and left out."""
        words = self.aligner.words
        return {
            "words": {w.language: len(w) for w in words},
            "words_left_out": {w.language: w.dropped for w in words if w.dropped},
            "rows_that_are_no_words": {w.language: w.junk for w in words if w.junk},
        }

    def resolved(self) -> dict[str, Any]:
        """Layer, width of the vectors, and the map."""
        aligner = self.aligner
        found = {"align_layer": aligner.block, "vector_width": aligner.words[0].width}
        state_map = aligner.statistic.map
        return found if state_map is None else {**found, "projection": state_map.kind}

    def lines(self, text: Files, vectors: Files) -> list[str]:
        """What there is to say of the words, and of languages that have only one of both."""
        words = self.aligner.words
        counts = ", ".join(f"{w.language} {len(w):,}" for w in words)
        lines = [f"words: {counts}, states of layer {self.block}"]
        if junk := sum(w.junk for w in words):
            lines[0] += f"; left out: {junk:,} numbers, signs and single letters"
        if missing := sorted(set(vectors) - set(text)):
            lines.append(f"warning: vectors but no text for {', '.join(missing)}")
        if missing := sorted(set(text) - set(vectors)):
            whose = "its words are" if len(missing) == 1 else "their words are"
            lines.append(
                f"warning: text but no vectors for {', '.join(missing)}: {whose} not aligned"
            )
        if dropped := sum(w.dropped for w in words):
            lines.append(f"warning: {dropped:,} words without usable pieces or vector left out")
        return lines + doubts_about(vectors, "--vectors")

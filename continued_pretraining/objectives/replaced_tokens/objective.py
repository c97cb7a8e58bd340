"""Replaced-token detection (Clark et al. 2020; on pairs: Chi et al. 2022), as two objectives.

The generator guesses hidden pieces and learns from it as any masked language model does. The model
reads the text with the guesses in it and says of every piece whether it stood there. Both learn in
one pass; nothing flows back from the model into the generator but through what they share.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import pad

from continued_pretraining.model.generator import GENERATOR_NAME, join_embeddings, make_generator
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.cross_entropy import scored
from continued_pretraining.objectives.masked_lm import guessed_places, guessed_rows, padded
from continued_pretraining.objectives.masking import MaskRule
from continued_pretraining.objectives.objective import Objective
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.objectives.replaced_tokens.batch import (
    RewrittenBatch,
    draws_of,
    rewritten,
)
from continued_pretraining.text.batch import MicroBatch
from continued_pretraining.text.plan import TextShare
from x2static.teacher.loading.model_folder import save_model

HEAD_NAME = "replaced-tokens.safetensors"


def replaced_tokens(parts: Parts) -> list[Objective]:
    """Guessing and telling, on text, on sentence pairs, or on both with one generator."""
    config = parts.config
    asked = [
        ("mrtd", "text", config.mrtd_weight, config.mrtd_batch),
        ("trtd", "pairs", config.trtd_weight if parts.pairs else 0.0, config.trtd_batch),
    ]
    if not any(weight for _, _, weight, _ in asked):
        return []
    model = parts.model
    folder = Path(config.model) / GENERATOR_NAME if config.from_scratch is None else Path()
    generator = make_generator(model, config.generator_layers, config.share, folder)
    detector = Detector(model.width).to(model.device)
    rule = MaskRule(
        config.mask_rate, parts.tokenizer.mask_id, parts.tokenizer.random_ids, masked=1.0, random=0
    )
    found: list[Objective] = []
    for name, reads, weight, batch in asked:
        if weight:
            label = name.upper()
            guess = Guessing(
                name=f"{name}_generator",
                label=f"{label} generator",
                reads=reads,
                weight=weight,
                batch=batch,
                corruption=rule,
                model=model,
                generator=generator,
                tokenizer=parts.tokenizer.hugging_face,
            )
            if not found:
                both = {"generator": generator.hugging_face, "detector": detector}
                guess.head = nn.ModuleDict(both)
            tell = Telling(
                name=name,
                label=label,
                reads=reads,
                weight=weight * config.detector_weight,
                detector=detector,
                reads_with=guess,
                generator=generator,
            )
            found += [guess, tell]
    return found


class Detector(nn.Module):
    """Scores how likely a piece is to have been replaced: a dense layer, GELU, one number."""

    def __init__(self, width: int) -> None:
        """Make it for states of a width."""
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.score = nn.Linear(width, 1)

    def forward(self, states: Tensor) -> Tensor:
        """(N,) scores of (N, D) states; above 0 says replaced."""
        found: Tensor = self.score(nn.functional.gelu(self.dense(states))).squeeze(1)
        return found


@dataclass(eq=False, kw_only=True)
class Guessing(Objective):
    """The generator's loss on hidden pieces, and the text with its guesses in their place.

    Attributes:
        corruption: hides them.
        model: reads the text with the guesses.
        generator: guesses.
        tokenizer: saved beside the generator.
    """

    name: str
    label: str
    reads: str
    weight: float
    batch: int
    corruption: MaskRule
    model: MaskedModel
    generator: MaskedModel
    tokenizer: Any

    def __post_init__(self) -> None:
        width, pieces = self.generator.width, self.generator.decoder.weight.shape[0]
        self.operations = 2.0 * width * (width + pieces)

    def count(self, share: TextShare) -> int:
        """Pieces that are hidden."""
        return share.num_guessed

    def prepare(self, whole: TextShare, seed: int) -> list[np.ndarray]:
        """A number from 0 to 1 for each hidden piece of the update, by which its guess is drawn."""
        rng = np.random.default_rng(seed)
        return [rng.random(int(hidden.sum()), dtype=np.float32) for hidden in whole.guessed]

    def prepare_held_back(self, whole: TextShare) -> list[np.ndarray]:
        """The same numbers each time."""
        return self.prepare(whole, 0)

    def read(
        self, share: TextShare, batch: MicroBatch, reader: TextReader, prepared: Any
    ) -> tuple[MicroBatch, Tensor]:
        """The batch with guesses in the place of hidden pieces, and the model's states on it."""
        states, _ = self.generator.states(batch)
        found_places, found_labels = guessed_places(share, batch)
        places, labels = padded(found_places, found_labels, states.device)
        draws = draws_of(share, batch.members, prepared)
        draws = pad(draws.to(states.device, non_blocking=True), (0, len(places) - len(draws)))
        features = self.generator.features(states, places)
        table, bias = self.generator.table, self.generator.bias
        found = scored(features, table, bias, labels, self.generator.low, draws)
        self.note_losses(share, guessed_rows(share, batch), found.each)
        number = len(found_places)
        as_read = rewritten(share, batch, places[:number], found.guesses[:number], found.loss)
        return as_read, reader.states(as_read)[0]

    def loss_sum(
        self,
        share: TextShare,  # noqa: ARG002 - the batch says it all
        batch: MicroBatch,
        states: Tensor,  # noqa: ARG002
        prepared: Any,  # noqa: ARG002
    ) -> Tensor:
        """What the guesses of a batch cost."""
        return as_rewritten(batch).loss

    def finish(self) -> None:
        """Make the model's embeddings one table."""
        join_embeddings(self.model)

    def save(self, folder: Path) -> None:
        """Write the generator as a masked language model of its own, and the model's head."""
        if self.head is None:
            return
        from safetensors.torch import save_file

        save_model(self.generator.hugging_face, self.tokenizer, folder / GENERATOR_NAME)
        detector: Any = self.head["detector"]  # type: ignore[index]
        tensors = {n: t.detach().cpu().contiguous() for n, t in detector.state_dict().items()}
        save_file(tensors, folder / HEAD_NAME)


@dataclass(eq=False, kw_only=True)
class Telling(Objective):
    """Which pieces were replaced? The model says so of every piece.

    Attributes:
        detector: the head that says so.
        reads_with: makes the text.
        generator: whose work counts among this one's operations.
    """

    name: str
    label: str
    reads: str
    weight: float
    detector: Detector
    reads_with: Objective
    generator: MaskedModel

    def __post_init__(self) -> None:
        width = self.detector.dense.in_features
        weights = [p for block in self.generator.blocks for p in block.parameters()]
        blocks = sum(weight.numel() for weight in weights if weight.dim() > 1)
        self.operations = 2.0 * (width * (width + 1) + blocks)

    def count(self, share: TextShare) -> int:
        """All pieces of text."""
        return share.num_text_pieces

    def loss_sum(
        self,
        share: TextShare,
        batch: MicroBatch,
        states: Tensor,
        prepared: Any,  # noqa: ARG002
    ) -> Tensor:
        """The summed binary cross-entropy over all pieces of text."""
        found = as_rewritten(batch)
        rows = states.flatten(0, 1).index_select(0, found.places)
        with self.generator.autocast():
            scores = self.detector(rows).float()
        gold = found.is_replaced.to(scores.dtype)
        each = nn.functional.binary_cross_entropy_with_logits(scores, gold, reduction="none")
        self.note_losses(share, found.rows, each)
        return each.sum()


def as_rewritten(batch: MicroBatch) -> RewrittenBatch:
    """A batch that `Guessing` read."""
    if not isinstance(batch, RewrittenBatch):
        raise TypeError("this objective learns only from what a generator has rewritten")
    return batch

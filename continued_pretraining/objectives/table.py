"""Every objective there is, by name; a builder gives None where the settings do not ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from continued_pretraining.objectives.masked_lm import masked_lm, translation_lm
from continued_pretraining.objectives.objective import Objective
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.objectives.replaced_tokens.objective import replaced_tokens
from continued_pretraining.objectives.sentence_vectors.objective import sentence_alignment
from continued_pretraining.objectives.whole_update import WholeUpdate
from continued_pretraining.objectives.word_alignment.objective import word_alignment

Built = Objective | WholeUpdate | None
Builder = Callable[[Parts], Built | Sequence[Built]]

TABLE: dict[str, Builder] = {
    "masked-lm": masked_lm,
    "translation-lm": translation_lm,
    "replaced-tokens": replaced_tokens,
    "word-alignment": word_alignment,
    "sentence-vectors": sentence_alignment,
}
# What every validation writes, in this order, so that files of all versions read alike.
FIGURES: dict[str, Any] = {
    "mlm": None,
    "by_language": {},
    "alignment": None,
    "pairs": {},
    "above_chance": None,
}


@dataclass(frozen=True)
class Objectives:
    """The objectives of a run.

    Attributes:
        text: those that learn from text; the first one's corruption is what the others read.
        whole: those that learn from a whole update at once.
    """

    text: tuple[Objective, ...]
    whole: tuple[WholeUpdate, ...]

    @classmethod
    def built(cls, parts: Parts) -> Objectives:
        """Those that the settings ask for, in the order of the table."""
        made = [builder(parts) for builder in TABLE.values()]
        found = [one for many in made for one in (many if isinstance(many, Sequence) else [many])]
        return cls(
            tuple(one for one in found if isinstance(one, Objective)),
            tuple(one for one in found if isinstance(one, WholeUpdate)),
        )

    @property
    def main(self) -> Objective:
        """The first that learns from text."""
        return self.text[0]

    def passes(self) -> list[list[Objective]]:
        """The objectives on text by the forward pass that they share."""
        passes: dict[int, list[Objective]] = {}
        for one in self.text:
            leader = one if one.corruption is not None else one.reads_with or self.main
            passes.setdefault(id(leader), []).append(one)
        return list(passes.values())

    @property
    def block(self) -> int | None:
        """The block whose states are wanted in text; None for the last alone."""
        return next((one.block for one in self.whole if one.reads_text), None)

    def heads(self) -> list[nn.Module]:
        """What objectives on text train beside the model, each process with its part of it."""
        return list({id(one.head): one.head for one in self.text if one.head is not None}.values())

    def operations(self) -> dict[str, float]:
        """Forward operations for each thing that an objective on text counts."""
        return {one.name: one.operations for one in self.text}

    def weights(self) -> dict[str, float]:
        """What each loss counts in all."""
        found = {one.name: one.weight for one in self.text}
        return found | {one.name: one.weight * one.scale for one in self.whole}

    def parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """What is trained beside the model, by name."""
        for one in self.whole:
            yield from one.parameters()
        for each in self.text:
            if each.head is not None:
                for name, parameter in each.head.named_parameters():
                    yield f"{each.name}/{name}", parameter

"""What a run says and notes of what it works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.objectives.table import Objectives
from continued_pretraining.text.sampling import Sampler
from continued_pretraining.training.validation import TextPairs
from x2static.core.text.sources import doubts_about
from x2static.teacher.legibility import Legibility

Files = Mapping[str, Sequence[Path]]


def counts_of(
    lengths: Mapping[str, int],
    sampler: Sampler,
    pieces: int,
    objectives: Objectives,
    legibility: Mapping[str, Legibility],
) -> dict[str, Any]:
    """Sizes for the run record.

    Args:
        lengths: sequences of each language.
        sampler: draws them.
        pieces: of the tokeniser.
        objectives: bring sizes of their own.
        legibility: how much of each language's text the tokeniser could read.
    """
    counts: dict[str, Any] = {
        "pieces": pieces,
        "sequences": dict(lengths),
        "sequences_per_epoch": sampler.epoch_size,
        "unknown_pieces": {name: one.unknown for name, one in legibility.items()},
        "byte_pieces": {name: one.bytes for name, one in legibility.items()},
        "unreadable_share": {name: round(one.share, 4) for name, one in legibility.items()},
    }
    for objective in objectives.whole:
        counts |= objective.counts()
    return counts


def resolved_of(
    model: MaskedModel, objectives: Objectives, precision: str, processes: int, budget: int
) -> dict[str, Any]:
    """Settings that were left open, as they are."""
    resolved: dict[str, Any] = {
        "device": str(model.device),
        "precision": precision,
        "processes": processes,
        "micro_tokens": budget,
        "parameters": sum(p.numel() for p in model.hugging_face.parameters()),
    }
    for objective in objectives.whole:
        resolved |= objective.resolved()
    return resolved


def lines_of(
    config: PretrainConfig,
    model: MaskedModel,
    resolved: Mapping[str, Any],
    sampler: Sampler,
    text: Files,
) -> list[str]:
    """What there is to say of model and text."""
    shares = ", ".join(
        f"{name} {share:.1%}" for name, share in zip(text, sampler.shares, strict=True)
    )
    lines = [
        f"model: {resolved['parameters'] / 1e6:.1f}M parameters, {resolved['precision']} on "
        f"{resolved['processes']} x {resolved['device']}",
        f"text: {sampler.epoch_size:,} sequences an epoch ({shares}); "
        f"{config.steps * config.mlm_batch / sampler.epoch_size:.2f} epochs to come",
    ]
    if model.untrained:
        shown = ", ".join(model.untrained[:3])
        lines.append(f"warning: {config.model} lacks weights, which begin at random: {shown} ...")
    return lines + doubts_about(text, "--text")


def lines_of_legibility(legibility: Mapping[str, Legibility], tokenizer: str) -> list[str]:
    """A warning for each language that the tokeniser cannot read."""
    remedy = "take a model that was trained on this language"
    found = (
        one.warning(f"the text of {name}", tokenizer, remedy) for name, one in legibility.items()
    )
    return [line for line in found if line]


def lines_of_pairs(pairs: Sequence[TextPairs]) -> list[str]:
    """A warning for each file of translations that are longer than the model reads."""
    return [
        f"warning: --validation-pairs: {pair.num_cut:,} of the {2 * len(pair.source):,} texts of "
        f"{pair.name} are longer than --block and were cut"
        for pair in pairs
        if pair.num_cut
    ]

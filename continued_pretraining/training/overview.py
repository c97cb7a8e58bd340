"""What a run says and notes of what it works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.languages import known_languages
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.objectives.table import Objectives
from continued_pretraining.text.pairs.collection import PairCollection
from continued_pretraining.text.sampling import Sampler
from continued_pretraining.text.tokenizer import LineTokenizer
from continued_pretraining.training.validation import TextPairs
from x2static.core.text.sources import doubts_about
from x2static.teacher.legibility import Legibility

Files = Mapping[str, Sequence[Path]]


def counts_of_text(
    lengths: Mapping[str, int], sampler: Sampler, legibility: Mapping[str, Legibility]
) -> dict[str, Any]:
    """Sizes of the text for the run record.

    Args:
        lengths: sequences of each language.
        sampler: draws them.
        legibility: how much of each language's text the tokenizer could read.
    """
    return {
        "sequences": dict(lengths),
        "sequences_per_epoch": sampler.epoch_size,
        "unknown_pieces": {name: one.unknown for name, one in legibility.items()},
        "byte_pieces": {name: one.bytes for name, one in legibility.items()},
        "unreadable_share": {name: round(one.share, 4) for name, one in legibility.items()},
    }


def counts_of_bitext(pairs: PairCollection) -> dict[str, Any]:
    """Sizes and shares of the sentence pairs for the run record."""
    counts = pairs.counts.sum(axis=0)
    upper = np.nonzero(np.triu(counts))
    shares = (2 * pairs.shares.shares[upper]).round(8)
    return {
        "sentences": {
            source: {pairs.languages[n]: text.num_lines for n, text in texts.items()}
            for source, texts in pairs.texts.items()
        },
        "sentence_pairs": dict(zip(pairs.names, counts[upper].tolist(), strict=True)),
        "pair_shares": dict(zip(pairs.names, shares.tolist(), strict=True)),
    }


def counts_of_objectives(objectives: Objectives) -> dict[str, Any]:
    """Sizes that objectives bring, for the run record."""
    counts: dict[str, Any] = {}
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


def lines_of_model(
    config: PretrainConfig, model: MaskedModel, resolved: Mapping[str, Any]
) -> list[str]:
    """What there is to say of the model."""
    lines = [
        f"model: {resolved['parameters'] / 1e6:.1f}M parameters, {resolved['precision']} on "
        f"{resolved['processes']} x {resolved['device']}",
    ]
    if model.untrained:
        shown = ", ".join(model.untrained[:3])
        lines.append(f"warning: {config.model} lacks weights, which begin at random: {shown} ...")
    return lines


def lines_of_text(config: PretrainConfig, sampler: Sampler, text: Files) -> list[str]:
    """What there is to say of the text."""
    shares = ", ".join(
        f"{name} {share:.1%}" for name, share in zip(text, sampler.shares, strict=True)
    )
    batches = config.batches()
    batch = batches.get("--mlm-batch", 0) + batches.get("--mrtd-batch", 0)
    line = (
        f"text: {sampler.epoch_size:,} sequences an epoch ({shares}); "
        f"{config.steps * batch / sampler.epoch_size:.2f} epochs to come"
    )
    return [line, *doubts_about(text, "--text")]


def lines_of_forgetting(config: PretrainConfig, tokenizer: LineTokenizer, text: Files) -> list[str]:
    """A warning where a model of many languages goes on with the text of one."""
    if config.from_scratch is not None or config.reads_pairs or len(text) > 1:
        return []
    known = known_languages(config.model, tokenizer.hugging_face.get_vocab())
    own = next(iter(text))
    if not known or known == own:
        return []
    return [
        f"warning: --text is of one language ({own}), and {config.model} knows {known}: it will "
        "forget the others; give text of these as --replay, or lower --learning-rate"
    ]


def lines_of_bitext(pairs: PairCollection) -> list[str]:
    """What there is to say of the sentence pairs, and of what their sampling cannot do."""
    counts, shares = pairs.counts.sum(axis=0), pairs.shares
    method, temperature = pairs.settings.method, pairs.settings.temperature
    lines = [
        f"sentence pairs: {counts.sum() // 2:,} of {len(pairs.names):,} pairs of "
        f"{len(pairs.languages)} languages in {len(pairs.texts)} sources; {method} sampling at "
        f"temperature {temperature:.3g} draws from {shares.density(counts):.0%} of the pairs of "
        f"languages, {shares.used(counts):.0%} of the sentence pairs"
    ]
    if not shares.meets_marginals:
        lines.append(
            f"warning: --bitext-sampling {method}: no shares give every language what temperature "
            f"{temperature:.3g} asks for; one is missed by {shares.misses:.1%} (as where all pairs "
            "have one language in common)"
        )
    if lonely := pairs.lonely():
        lines.append(
            f"warning: --bitext: {', '.join(lonely)} shares no key with another language and is "
            "left out"
        )
    return lines


def lines_of_legibility(legibility: Mapping[str, Legibility], tokenizer: str) -> list[str]:
    """A warning for each language that the tokenizer cannot read."""
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

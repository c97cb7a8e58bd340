"""What a run says and notes of what it works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.objectives.word_alignment.alignment import Aligner
from continued_pretraining.text.sampling import Sampler
from continued_pretraining.text.sources import doubts_about
from continued_pretraining.training.validation import TextPairs
from x2static.teacher.legibility import Legibility

Files = Mapping[str, Sequence[Path]]


def counts_of(
    lengths: Mapping[str, int],
    sampler: Sampler,
    pieces: int,
    aligner: Aligner | None,
    legibility: Mapping[str, Legibility],
) -> dict[str, Any]:
    """Sizes for the run record.

    Args:
        lengths: sequences of each language.
        sampler: draws them.
        pieces: of the tokeniser.
        aligner: holds the words.
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
    if aligner is not None:
        counts["words"] = {w.language: len(w) for w in aligner.words}
        counts["words_left_out"] = {w.language: w.dropped for w in aligner.words if w.dropped}
        counts["rows_that_are_no_words"] = {w.language: w.junk for w in aligner.words if w.junk}
    return counts


def resolved_of(
    model: MaskedModel, aligner: Aligner | None, precision: str, processes: int, budget: int
) -> dict[str, Any]:
    """Settings that were left open, as they are."""
    resolved: dict[str, Any] = {
        "device": str(model.device),
        "precision": precision,
        "processes": processes,
        "micro_tokens": budget,
        "parameters": sum(p.numel() for p in model.hugging_face.parameters()),
    }
    if aligner is not None:
        resolved |= {"align_layer": aligner.block, "vector_width": aligner.words[0].width}
        if aligner.statistic.map is not None:
            resolved["projection"] = aligner.statistic.map.kind
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


def lines_of_words(aligner: Aligner, text: Files, vectors: Files) -> list[str]:
    """What there is to say of the words, and of languages that have only one of both."""
    counts = ", ".join(f"{w.language} {len(w):,}" for w in aligner.words)
    lines = [f"words: {counts}, states of layer {aligner.block}"]
    if junk := sum(w.junk for w in aligner.words):
        lines[0] += f"; left out: {junk:,} numbers, signs and single letters"
    if missing := sorted(set(vectors) - set(text)):
        lines.append(f"warning: vectors but no text for {', '.join(missing)}")
    if missing := sorted(set(text) - set(vectors)):
        whose = "its words are" if len(missing) == 1 else "their words are"
        lines.append(f"warning: text but no vectors for {', '.join(missing)}: {whose} not aligned")
    if dropped := sum(w.dropped for w in aligner.words):
        lines.append(f"warning: {dropped:,} words without usable pieces or vector left out")
    return lines + doubts_about(vectors, "--vectors")

"""``x2static distill``: corpus and teacher in, static vectors out; resumable at any moment."""

from __future__ import annotations

import numpy as np

from x2static.core.errors import ConfigError, CorpusError
from x2static.core.messages import say
from x2static.core.outcome import Outcome
from x2static.core.progress import doing, format_seconds
from x2static.core.storage.resumable import Resumable
from x2static.core.storage.run_record import RunRecord
from x2static.core.storage.source_file import why_no_file
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors
from x2static.distill.config import DistillConfig
from x2static.distill.doubts import doubts_about, language_of
from x2static.distill.layer import LayerChoice, choose_layer
from x2static.distill.learning.materials import (
    Ingredients,
    gather_materials,
    identity,
    teacher_fingerprint,
)
from x2static.distill.learning.workshop import Workshop
from x2static.distill.left_out import LeftOut, keep_learned
from x2static.distill.methods.table import METHODS
from x2static.distill.postprocess import postprocess
from x2static.distill.readings.corpus_index import check_corpus
from x2static.distill.wanted import read_wanted, with_wanted, words_path
from x2static.teacher import Teacher, load_teacher
from x2static.teacher.legibility import Legibility


def distill(config: DistillConfig) -> Outcome:
    """Distil static vectors from a transformer and write them with their run record."""
    if not config.corpus.is_file():
        raise CorpusError(
            f"{config.corpus}: {why_no_file(config.corpus)}; x2static prepare writes one"
        )
    wanted = read_wanted(config)
    read = [config.corpus, *words_path(config)]
    run = Resumable(
        "distill",
        config.output,
        inputs=[*read, config.teacher],
        resume=config.resume,
        overwrite=config.overwrite,
    )
    record = RunRecord("distill", config, read)
    choice = choose_layer(config)
    teacher = _load(config, choice)
    fingerprint = teacher_fingerprint(config.teacher, teacher)
    who = identity(config, teacher, fingerprint)
    if (past := run.finished(who)) is not None:
        return Outcome(f"{config.output}: done before, nothing to do", past)
    if not run.work.has_run:
        check_corpus(config.corpus)
    with run.entered() as work:
        work.claim(who)
        try:
            materials = gather_materials(config, work.path, teacher)
            legibility = materials.legibility()
            lines, notes = doubts_about(config, materials, legibility)
            _announce(config, materials, choice, lines)
            shop = Workshop(config, materials, work.path, run.hint)
            vectors, left_out = _learn(config, materials, shop)
            if wanted is not None:
                vectors, composed = with_wanted(config, materials, shop, vectors, wanted)
                say(composed)
                notes["words_asked_for"] = vars(composed)
        except (ConfigError, CorpusError):
            if run.is_fresh:  # --resume would end in the same line
                work.clear()
            raise
        record.counts = _counts(materials, shop, legibility, left_out)
        record.notes = {"identity": who, "resolved": _resolved(materials, choice), **notes}
        with run.outputs.together() as batch:
            write_vectors(vectors, config.output, "safetensors", stage=batch.stage)
            batch.record(record, config.output)
        work.clear()
    return _outcome(config, vectors, record)


def _learn(
    config: DistillConfig, materials: Ingredients, shop: Workshop
) -> tuple[WordVectors, LeftOut]:
    """The vectors of the words that got one."""
    vectors, left_out = keep_learned(config, materials, METHODS[config.method](shop))
    matrix = postprocess(vectors.matrix, config.postprocess)
    if not np.isfinite(matrix).all():
        raise ConfigError(
            "the vectors are not finite; lower --learning-rate or use --precision fp32"
        )
    if left_out.warning:
        say(left_out.warning)
    return WordVectors(vectors.words, matrix, vectors.counts), left_out


def load_for(config: DistillConfig) -> Teacher:
    """The teacher that the settings ask for, cut at its layer."""
    return _load(config, choose_layer(config))


def _load(config: DistillConfig, choice: LayerChoice) -> Teacher:
    return load_teacher(
        config.teacher,
        choice.layer,
        config.device,
        config.precision,
        with_lower=config.with_lower,
        language=config.language or language_of(config.corpus),
    )


def _announce(
    config: DistillConfig, materials: Ingredients, choice: LayerChoice, doubts: list[str]
) -> None:
    index, vocabulary, teacher = materials.index, materials.vocabulary, materials.teacher
    say(
        f"{index.num_sentences:,} sentences, {len(index.tokens):,} tokens; {len(vocabulary):,} "
        f"words seen at least {materials.min_count} times cover "
        f"{materials.num_learnable / len(index.tokens):.1%} of the tokens\n"
        f"teacher {config.teacher}, layer {teacher.layer} of {teacher.depth} "
        f"({choice.reason}), {teacher.width} wide, {teacher.precision} on {teacher.device}"
    )
    for doubt in doubts:
        say(doubt)
    doing("learning")


def _resolved(materials: Ingredients, choice: LayerChoice) -> dict[str, object]:
    teacher = materials.teacher
    return {
        "module": teacher.module,
        "layer": teacher.layer,
        "layer_reason": choice.reason,
        "precision": teacher.precision,
        "device": str(teacher.device),
        "min_count": materials.min_count,
        "width": teacher.width,
        "depth": teacher.depth,
    }


def _counts(
    materials: Ingredients, shop: Workshop, legibility: Legibility, left_out: LeftOut
) -> dict[str, object]:
    index, vocabulary = materials.index, materials.vocabulary
    sizes = materials.pieces.lengths[vocabulary.rows >= 0]
    return {
        "sentences": index.num_sentences,
        "tokens": len(index.tokens),
        "distinct_words": len(index.words),
        "vocabulary": len(vocabulary) - sum(left_out.as_counts().values()),
        "learnable_tokens": materials.num_learnable,
        "sentences_in_parts": materials.parts.num_sentences - index.num_sentences,
        "words_without_pieces": int((sizes == 0).sum()),
        "words_left_out": left_out.as_counts(),
        **legibility.as_counts(),
        "passes": shop.counts,
    }


def _outcome(config: DistillConfig, vectors: WordVectors, record: RunRecord) -> Outcome:
    data = record.as_dict()
    text = (
        f"{config.output}: {len(vectors):,} words x {vectors.width}, "
        f"in {format_seconds(data['seconds'])}"
    )
    return Outcome(text, data)

"""``x2static distill``: corpus and teacher in, static vectors out; resumable at any moment."""

from __future__ import annotations

import sys

import numpy as np

from x2static.core.errors import ConfigError, CorpusError, OutputError
from x2static.core.files import refuse_existing, remove_tree
from x2static.core.outcome import Outcome
from x2static.core.progress import format_seconds
from x2static.core.run_record import RunRecord, read_record, record_path
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors
from x2static.core.work_folder import WorkFolder
from x2static.distill.config import DistillConfig
from x2static.distill.layer import LayerChoice, choose_layer
from x2static.distill.materials import (
    Materials,
    gather_materials,
    identity,
    teacher_fingerprint,
)
from x2static.distill.methods import METHODS, Workshop
from x2static.distill.postprocess import postprocess
from x2static.teacher import Teacher, load_teacher


def distill(config: DistillConfig) -> Outcome:
    """Distil static vectors from a transformer and write them with their run record."""
    if not config.corpus.is_file():
        raise CorpusError(f"{config.corpus}: no such file; x2static prepare writes one")
    if config.output.exists() and not config.resume:
        refuse_existing(config.output, overwrite=config.overwrite)
    record = RunRecord("distill", config, [config.corpus])
    choice = choose_layer(config)
    teacher = _load(config, choice)
    fingerprint = teacher_fingerprint(config.teacher, teacher)
    who = identity(config, teacher, fingerprint)
    work = WorkFolder(config.output)
    is_half = work.has_run and read_record(config.output) is None  # killed before its record
    if config.output.exists() and not config.overwrite and not is_half:
        return _finished_before(config, work, who)
    with work:
        if work.has_run and not config.resume:
            if not config.overwrite:
                raise OutputError(
                    f"{work.path}: an unfinished run lies there; go on with --resume, or drop it "
                    "with --overwrite"
                )
            work.clear()
        work.sweep()
        work.claim(who)
        materials = gather_materials(config, work.path, teacher)
        _announce(config, materials, choice)
        hint = f"kept in {work.path}; the same command with --resume goes on from there"
        shop = Workshop(config, materials, work.path, hint)
        matrix = postprocess(METHODS[config.method](shop), config.postprocess)
        if not np.isfinite(matrix).all():
            raise ConfigError(
                "the vectors are not finite; lower --learning-rate or use --precision fp32"
            )
        vectors = WordVectors(materials.vocabulary.words, matrix, materials.vocabulary.counts)
        write_vectors(vectors, config.output, "safetensors")
        record.counts = _counts(materials, shop)
        record.notes = {"identity": who, "resolved": _resolved(materials, choice)}
        record.write(record_path(config.output))
        remove_tree(work.path)
    return _outcome(config, vectors, record)


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
    )


def _finished_before(config: DistillConfig, work: WorkFolder, who: dict[str, object]) -> Outcome:
    """The answer of ``--resume`` on an output that is already whole."""
    record = read_record(config.output)
    if record is None or record.get("identity") != who:
        raise OutputError(
            f"{config.output} exists already and was made by another run; choose another --output "
            "or pass --overwrite"
        )
    work.forget(who)
    return Outcome(f"{config.output}: done before, nothing to do", record)


def _announce(config: DistillConfig, materials: Materials, choice: LayerChoice) -> None:
    index, vocabulary, teacher = materials.index, materials.vocabulary, materials.teacher
    print(  # noqa: T201
        f"{index.num_sentences:,} sentences, {len(index.tokens):,} tokens; {len(vocabulary):,} "
        f"words seen at least {materials.min_count} times cover "
        f"{materials.num_learnable / len(index.tokens):.1%} of the tokens\n"
        f"teacher {config.teacher}, layer {teacher.layer} of {teacher.depth} "
        f"({choice.reason}), {teacher.width} wide, {teacher.precision} on {teacher.device}",
        file=sys.stderr,
    )


def _resolved(materials: Materials, choice: LayerChoice) -> dict[str, object]:
    teacher = materials.teacher
    return {
        "layer": teacher.layer, "layer_reason": choice.reason, "precision": teacher.precision,
        "device": str(teacher.device),
        "min_count": materials.min_count, "width": teacher.width, "depth": teacher.depth,
    }  # fmt: skip


def _counts(materials: Materials, shop: Workshop) -> dict[str, object]:
    index, vocabulary = materials.index, materials.vocabulary
    sizes = materials.pieces.lengths[vocabulary.rows >= 0]
    return {
        "sentences": index.num_sentences,
        "tokens": len(index.tokens),
        "distinct_words": len(index.words),
        "vocabulary": len(vocabulary),
        "learnable_tokens": materials.num_learnable,
        "words_without_pieces": int((sizes == 0).sum()),
        "passes": shop.counts,
    }


def _outcome(config: DistillConfig, vectors: WordVectors, record: RunRecord) -> Outcome:
    data = record.as_dict()
    text = (
        f"{config.output}: {len(vectors):,} words x {vectors.width}, "
        f"in {format_seconds(data['seconds'])}"
    )
    return Outcome(text, data)

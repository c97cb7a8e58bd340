"""Raw text -> sentences: read, split, filter, drop duplicates, sample, write."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from x2static.core.errors import CorpusError, Interrupted
from x2static.core.languages.script import script_share
from x2static.core.messages import say
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.prepare.chunk import ChunkPlan, ChunkResult
from x2static.prepare.config import PrepareConfig, Rules
from x2static.prepare.output import ParagraphWriter, open_output
from x2static.prepare.pool import WorkerPool
from x2static.prepare.reservoir import Reservoir
from x2static.prepare.seen import SeenHashes
from x2static.prepare.source import Source, open_source
from x2static.prepare.tally import as_counts, explain
from x2static.prepare.tokenizers.build import build_tokenizer, note_on_language, plan_tokenizer

_MUCH = 0.25  # share of the sentences that a rule may take without a word


def prepare(config: PrepareConfig) -> Outcome:
    """Write the sentences of a text and the record that says what became of the rest."""
    inputs = [config.udpipe_model, None if config.input == "-" else config.input]
    outputs = Outputs("prepare", inputs=inputs, overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=False)
    source = open_source(config)
    plan = plan_chunks(config)
    model = plan.tokenizer.model
    record = RunRecord("prepare", config, [Path(model)] if model else [])
    counts: Counter[str] = Counter()
    try:
        with outputs.together() as batch:
            with batch.stage(config.output) as temporary:
                first = _write_sentences(config, source, plan, temporary, counts)
            record.inputs.update(source.fingerprints)
            record.counts = as_counts(counts)
            record.notes["tokenizer"] = plan.tokenizer.name
            record.notes["rules"] = vars(plan.rules)
            record.notes |= _script(config, first)
            batch.record(record, config.output)
    except KeyboardInterrupt:
        raise Interrupted(
            f"nothing was written to {config.output}; run the same command to start over"
        ) from None
    return _outcome(config, plan, record.counts)


def plan_chunks(config: PrepareConfig) -> ChunkPlan:
    """What the workers will do; fails here, before any work, if a package or model is missing."""
    tokenizer = plan_tokenizer(config)
    build_tokenizer(tokenizer)
    if note := note_on_language(tokenizer):
        say(f"note: {note}")
    return ChunkPlan(
        tokenizer=tokenizer,
        rules=config.resolved_rules(),
        lowercase=config.lowercase,
        splits_elisions=config.elisions == "split",
        splits_clitics=config.clitics == "split",
        skips_bad_lines=config.on_error == "skip",
    )


def _write_sentences(
    config: PrepareConfig, source: Source, plan: ChunkPlan, target: Path, counts: Counter[str]
) -> list[bytes]:
    """Run the whole stream into the file ``target``; ``counts`` is filled in.

    Returns:
        The first few sentences written.
    """
    with ExitStack() as stack:
        pool = stack.enter_context(WorkerPool(plan, config.workers))
        total = None if source.bytes_total is None else source.bytes_total // 1000
        progress = stack.enter_context(Progress("prepare", total, "kB"))
        batches = _distinct(config, source, pool, progress, counts)
        out = stack.enter_context(open_output(target, config.output.suffix))
        writer = ParagraphWriter(out)
        if config.max_sentences:
            # unnamed, so that it vanishes even if this process is killed
            spool = stack.enter_context(tempfile.TemporaryFile(dir=target.parent))
            _sample(config, batches, spool, writer)
        else:
            for sentences, paragraphs in batches:
                for sentence, paragraph in zip(sentences, paragraphs.tolist(), strict=True):
                    writer.write(sentence, paragraph)
        writer.flush()
    counts["sentences_written"] = writer.sentences
    counts["paragraphs_written"] = writer.paragraphs
    counts["tokens_written"] = writer.tokens
    counts["sentences_not_sampled"] = counts["distinct"] - writer.sentences
    if not writer.sentences:
        raise CorpusError(_why_empty(config, counts))
    return writer.first


def _script(config: PrepareConfig, sentences: list[bytes]) -> dict[str, object]:
    """What the record notes of the letters; warns of a text that is in another writing."""
    texts = ((sentence.decode(errors="replace"), 1) for sentence in sentences)
    share = script_share(config.language, texts)
    if share is None:
        return {}
    if not share.fits:
        say(share.warning(config.input))
    return {"script": share.as_note()}


Batch = tuple[list[bytes], np.typing.NDArray[np.int64]]


def _distinct(
    config: PrepareConfig,
    source: Source,
    pool: WorkerPool,
    progress: Progress,
    counts: Counter[str],
) -> Iterator[Batch]:
    """The kept sentences in input order, each once, with paragraph numbers over the whole input."""
    seen = SeenHashes() if config.deduplicate else None
    first_paragraph = kilobytes = 0
    for block, result in pool.map(source):
        if result.bad_line is not None:
            line, reason = result.bad_line
            raise CorpusError(f"{block.place}:{block.first_line + line}: {reason}")
        counts.update(result.counts)
        counts["overlong_lines"] += block.num_overlong
        counts["blank_lines"] -= block.num_overlong  # they stood there as empty lines
        sentences, paragraphs = result.sentences, result.paragraphs + first_paragraph
        first_paragraph += result.counts["paragraphs"]
        if seen is not None:
            sentences, paragraphs = _without_duplicates(result, paragraphs, seen)
            counts["sentences_duplicate"] += len(result.sentences) - len(sentences)
        counts["distinct"] += len(sentences)
        yield sentences, paragraphs
        progress.advance(source.bytes_read // 1000 - kilobytes, f"{counts['distinct']:,} sentences")
        kilobytes = source.bytes_read // 1000


def _without_duplicates(
    result: ChunkResult, paragraphs: np.typing.NDArray[np.int64], seen: SeenHashes
) -> Batch:
    is_new = seen.add(result.hashes)
    if is_new.all():
        return result.sentences, paragraphs
    kept = np.flatnonzero(is_new)
    return [result.sentences[index] for index in kept.tolist()], paragraphs[kept]


def _sample(
    config: PrepareConfig, batches: Iterator[Batch], spool: IO[bytes], writer: ParagraphWriter
) -> None:
    reservoir = Reservoir(config.max_sentences, config.seed, spool)
    for sentences, paragraphs in batches:
        reservoir.add(sentences, paragraphs)
    for sentence, paragraph in reservoir.items():
        writer.write(sentence, paragraph)


def _why_empty(config: PrepareConfig, counts: Counter[str]) -> str:
    if not counts["paragraphs"]:
        return f"{config.input}: no text in {counts['lines']:,} lines; nothing was written"
    rules = config.resolved_rules()
    message = (
        f"{config.input}: none of {counts['sentences']:,} sentences was kept "
        f"({explain(as_counts(counts))}); "
    )
    if counts["sentences_in_dropped_paragraphs"] and rules.min_sentences > 1:
        return message + "if each line is one sentence, pass --min-sentences 1"
    return message + f"lower --min-tokens (now {rules.min_tokens})"


def _hints(rules: Rules, counts: dict[str, int]) -> Iterator[str]:
    """What to change where a rule takes much of the text."""
    lost, short = counts["sentences_in_dropped_paragraphs"], counts["sentences_too_short"]
    share = lost / counts["sentences"]
    if share > _MUCH and counts["paragraphs_of_too_few_sentences"]:
        yield (
            f"{100 * share:.0f} % of the sentences stand in lines of fewer than "
            f"{rules.min_sentences} sentences; if each line is one sentence, pass --min-sentences 1"
        )
    looked_at = counts["sentences"] - lost
    is_telling = 2 * looked_at > counts["sentences"]
    if is_telling and short > _MUCH * looked_at and not rules.min_letters:
        yield (
            f"{100 * short / looked_at:.0f} % of the sentences have fewer than {rules.min_tokens} "
            "words; where words are long, --rules letters keeps those of 30 letters or more"
        )


def _outcome(config: PrepareConfig, plan: ChunkPlan, counts: dict[str, int]) -> Outcome:
    lines = [
        f"{config.output}: {counts['sentences_written']:,} sentences, "
        f"{counts['tokens_written']:,} tokens, by {plan.tokenizer.name}"
    ]
    if dropped := explain(counts):
        lines.append(f"not written, of {counts['sentences']:,} sentences: {dropped}")
    lines += _hints(plan.rules, counts)
    data = {"output": str(config.output), "tokenizer": plan.tokenizer.name, "counts": counts}
    return Outcome(text="\n".join(lines), data=data)

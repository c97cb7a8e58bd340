"""``x2static languages represent``: text and a transformer to one mean per language."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.errors import CorpusError, Interrupted, WorkbenchError
from x2static.core.messages import say
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.setting import deciding
from x2static.core.storage.files import sha256, staged
from x2static.core.storage.resumable import Resumable
from x2static.core.storage.run_record import RunRecord, plain
from x2static.core.text.corpus import iter_sentences
from x2static.core.text.sources import doubts_about, find_sources
from x2static.languages.measures.spaces import cosine_distances
from x2static.languages.represent.config import RepresentConfig
from x2static.languages.represent.means import Means, write_means
from x2static.languages.represent.moments import SentenceMoments
from x2static.teacher.sentence_states import (
    SentenceReader,
    SentenceState,
    resolve_layers,
    states_of,
)

_AT_ONCE = 1024  # sentences between two looks; sorted by length among themselves
_LOOKS = 3


def represent(config: RepresentConfig) -> Outcome:
    """Run ``x2static languages represent``."""
    text = find_sources(config.text, "--text")
    for line in doubts_about(text, "--text"):
        _say(line)
    inputs = [path for paths in text.values() for path in paths]
    run = Resumable(
        "languages represent",
        config.output,
        inputs=[*inputs, config.model],
        resume=config.resume,
        overwrite=config.overwrite,
    )
    states = states_of(resolve_layers(config.model, config.layer), config.pool)
    record = RunRecord("languages represent", config, inputs)
    settings = plain(deciding(RepresentConfig, dataclasses.asdict(config)))
    if Path(config.model).is_dir():
        settings["model"] = sha256(Path(config.model))
    identity = record.notes["identity"] = {**settings, "inputs": record.inputs}
    if (past := run.finished(plain(identity))) is not None:
        data = {"output": str(config.output), "languages": past.get("languages")}
        return Outcome(f"{config.output}: done before, nothing to do", data)
    with run.entered() as work:
        work.claim(identity)
        try:
            moments = _read_all(config, text, states, work.path)
        except KeyboardInterrupt as error:
            raise Interrupted(
                f"finished languages are kept in {work.path}; continue with --resume"
            ) from error
        except WorkbenchError:
            if not any(work.path.glob("*.npz")):  # nothing is worth going on from
                work.clear()
            raise
        means = _as_means(moments, states)
        record.counts = {"sentences": {code: one.sentences for code, one in moments.items()}}
        rows = _rows(means, moments)
        record.notes["languages"] = rows
        with run.outputs.together() as batch:
            with batch.stage(config.output) as temporary:
                write_means(means, temporary)
            batch.record(record, config.output)
        work.clear()
    lines = [*_table(rows, means), f"written to {config.output}"]
    return Outcome("\n".join(lines), {"output": str(config.output), "languages": rows})


def _read_all(
    config: RepresentConfig,
    text: dict[str, list[Path]],
    states: Sequence[SentenceState],
    folder: Path,
) -> dict[str, SentenceMoments]:
    """The moments of each language, from the folder or read now."""
    found: dict[str, SentenceMoments] = {}
    reader: SentenceReader | None = None
    total = len(text) * config.max_sentences
    with Progress("representing", total, "sentences") as progress:
        for code, paths in text.items():
            place = folder / f"{code}.npz"
            if place.exists():
                with np.load(place) as kept:
                    found[code] = SentenceMoments(kept["sums"], kept["squares"], kept["counts"])
                continue
            if reader is None:
                reader = SentenceReader(
                    config.model,
                    states,
                    max_pieces=config.max_pieces,
                    device=config.device,
                    batch_pieces=config.batch_pieces,
                    precision=config.precision,
                    language=code,
                )
            reader.speak(code)
            one = _read_language(reader, paths, config, progress, code)
            with staged(place, own=True) as temporary, temporary.open("wb") as stream:
                np.savez(stream, sums=one.sums, squares=one.squares, counts=one.counts)
            found[code] = one
    return found


def _read_language(
    reader: SentenceReader,
    paths: Sequence[Path],
    config: RepresentConfig,
    progress: Progress,
    code: str,
) -> SentenceMoments:
    moments = SentenceMoments.empty(len(reader.states), reader.width)
    good = seen = 0
    cut = reader.num_cut
    lines = islice((line for path in paths for line in iter_sentences(path)), config.max_sentences)
    for some in _chunks(lines):
        rows, is_read = reader.read(some)
        moments.add(rows[:, is_read])
        seen += len(some)
        progress.advance(len(some), code)
        if config.enough and moments.sentences:
            good = good + 1 if float(moments.gaps.max()) < config.enough else 0
            if good == _LOOKS:
                break
    if moments.sentences < 2:
        raise CorpusError(
            f"{paths[0]}: {moments.sentences} of {seen} sentences have a piece that {config.model} "
            f"knows; nothing to represent '{code}' by"
        )
    if reader.num_cut > cut:
        progress.say(f"warning: {code}: {reader.num_cut - cut:,} sentences were cut (--max-pieces)")
    return moments


def _chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(lines, _AT_ONCE)):
        yield some


def _as_means(moments: dict[str, SentenceMoments], states: Sequence[SentenceState]) -> Means:
    return Means(
        tuple(moments),
        tuple(map(str, states)),
        np.stack([one.part_means for one in moments.values()], axis=1).astype(np.float32),
        np.stack([one.counts for one in moments.values()]),
        np.stack([one.errors for one in moments.values()], axis=1).astype(np.float32),
    )


def _rows(means: Means, moments: dict[str, SentenceMoments]) -> list[dict[str, Any]]:
    """What there is to say of each language and state."""
    distances = {
        name: [cosine_distances(means.of(place), centred=centred) for centred in (False, True)]
        for place, name in enumerate(means.states)
    }
    rows = []
    for row, (code, one) in enumerate(moments.items()):
        states = {}
        for place, name in enumerate(means.states):
            about: dict[str, Any] = {
                "half_gap": float(one.gaps[place]),
                "relative_error": float(
                    np.linalg.norm(one.errors[place]) / np.linalg.norm(one.mean[place])
                ),
            }
            for matrix, key in zip(distances[name], ("nearest", "nearest_centred"), strict=True):
                others = np.where(np.arange(len(moments)) == row, np.inf, matrix[row])
                if len(moments) > 1:
                    about[key] = means.languages[int(others.argmin())]
            states[name] = about
        rows.append({"language": code, "sentences": one.sentences, "states": states})
    return rows


def _table(rows: Sequence[dict[str, Any]], means: Means) -> list[str]:
    name = means.states[-1]
    lines = [
        f"state {name}" + (f" (of {', '.join(means.states)})" if len(means.states) > 1 else ""),
        "language  sentences  standard error  halves differ by  nearest  nearest, centred",
    ]
    for row in rows:
        state = row["states"][name]
        error, gap = f"{100 * state['relative_error']:.2f} %", f"{state['half_gap']:.2e}"
        near, centred = state.get("nearest", "-"), state.get("nearest_centred", "-")
        line = f"{row['language']:8}  {row['sentences']:>9,}  {error:>14}  {gap:>16}"
        lines.append(f"{line}  {near:>7}  {centred:>16}")
    return lines


def _say(text: str) -> None:
    say(text)

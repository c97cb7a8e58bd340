"""``x2static vocabulary``: texts in, a tokenizer out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from continued_pretraining.text.lines import iter_lines
from continued_pretraining.text.unigram import (
    SPECIALS,
    as_hugging_face,
    from_scores,
    train_pieces,
    untrained,
)
from continued_pretraining.vocabulary.capacity import allocate
from continued_pretraining.vocabulary.config import VocabularyConfig
from continued_pretraining.vocabulary.curve import LikelihoodCurve, learn_curve
from continued_pretraining.vocabulary.mixture import mixed_scores
from continued_pretraining.vocabulary.sample import without, words_of
from continued_pretraining.vocabulary.table import as_text, fineness
from x2static.core.errors import ConfigError, CorpusError, Interrupted, WorkbenchError
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.setting import deciding
from x2static.core.storage.files import staged
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.resumable import Resumable
from x2static.core.storage.run_record import RunRecord
from x2static.core.storage.run_record import plain as as_json
from x2static.core.text.sources import find_sources
from x2static.teacher.loading.model_folder import save_tokenizer

_LONGEST_LINE = 2000  # characters; a trainer's cost grows fast with unbroken text
_HELD_BACK = 10  # of so many lines one is kept from training, for the table


def vocabulary(config: VocabularyConfig) -> Outcome:
    """Learn each language's pieces, give out the room, write the tokenizer."""
    sources = find_sources(config.text, "--text")
    inputs = [path for paths in sources.values() for path in paths]
    run = Resumable(
        "vocabulary", config.output, inputs=inputs, resume=config.resume, overwrite=config.overwrite
    )
    record = RunRecord("vocabulary", config, inputs)
    settings = deciding(VocabularyConfig, record.settings)
    digests = {path: entry["sha256"] for path, entry in record.inputs.items()}
    identity = record.notes["identity"] = as_json({**settings, "inputs": digests})
    if (past := run.finished(identity)) is not None:
        data = {"output": str(config.output), **past["counts"]}
        return Outcome(f"{config.output}: done before, nothing to do", data)
    with run.entered() as folder:
        folder.claim(identity)
        try:
            texts = {language: _lines(paths, config.lines) for language, paths in sources.items()}
            curves = _curves(texts, config, folder.path)
            outcome = _write(texts, curves, config, run.outputs, record)
        except Interrupted:
            raise
        except WorkbenchError:
            if run.is_fresh:  # the same command would end in the same line
                folder.clear()
            raise
        folder.clear()
    return outcome


def _lines(paths: list[Path], wanted: int) -> list[str]:
    """The first lines of a language, cut where they are very long."""
    return [line[:_LONGEST_LINE] for line in islice(iter_lines(paths), wanted)]


def _seen(lines: list[str]) -> list[str]:
    """The lines that are learnt from."""
    return [line for number, line in enumerate(lines) if (number + 1) % _HELD_BACK]


def _held(lines: list[str]) -> list[str]:
    """The others; all where there are too few to hold any back."""
    return lines[_HELD_BACK - 1 :: _HELD_BACK] or lines


def _curves(
    texts: Mapping[str, list[str]], config: VocabularyConfig, work: Path
) -> dict[str, LikelihoodCurve]:
    """The curve of each language; those of an earlier, stopped run are read."""
    curves = {}
    with Progress("curves", len(texts), "languages") as bar:
        for language, lines in texts.items():
            if not lines:
                raise CorpusError(f"--text: no text for {language}; its files hold none")
            kept = work / f"curve.{language}.json"
            if not kept.exists():
                curve = learn_curve(
                    language, _seen(lines), config.largest, config.coverage, config.lowercase
                )
                with staged(kept, own=True) as temporary:
                    temporary.write_text(json.dumps(asdict(curve)), encoding="utf-8")
            curves[language] = LikelihoodCurve(**json.loads(kept.read_text(encoding="utf-8")))
            bar.advance(1, language)
    return curves


def _write(
    texts: Mapping[str, list[str]],
    curves: Mapping[str, LikelihoodCurve],
    config: VocabularyConfig,
    outputs: Outputs,
    record: RunRecord,
) -> Outcome:
    shares = _shares(texts, config.temperature)
    weights = {language: share**config.beta for language, share in shares.items()}
    room = config.size - len(SPECIALS) - 1  # and the mask
    taken = allocate(curves, weights, room)
    words = {}
    for language, lines in texts.items():
        whole = words_of(untrained(config.lowercase), _seen(lines))
        words[language] = without(whole, set(curves[language].pieces) & set(taken.pieces))
    scored = mixed_scores(taken.pieces, words, shares)
    made = as_hugging_face(from_scores(scored, config.lowercase), config.max_length)
    plain = _plain(texts, shares, config) if config.compare else None
    rows: list[dict[str, Any]] = []
    for language, lines in texts.items():
        row = {
            "language": language,
            "lines": len(lines),
            "size": taken.sizes[language],
            "saturated": language in taken.saturated,
            **fineness(made, _held(lines)),
        }
        rows.append(row | ({"plain": fineness(plain, _held(lines))} if plain else {}))
    record.counts = {"pieces": len(made), "languages": {row["language"]: row for row in rows}}
    with outputs.together() as batch, batch.stage(config.output) as temporary:
        temporary.mkdir()
        save_tokenizer(made, temporary)
        record.write(temporary / "run.json")
    text = f"{config.output}: {len(made):,} pieces\n{as_text(rows)}"
    return Outcome(text, {"output": str(config.output), "pieces": len(made), "rows": rows})


def _shares(texts: Mapping[str, list[str]], temperature: float) -> dict[str, float]:
    """Each language's share of the lines, flattened."""
    flat = {language: len(lines) ** (1 / temperature) for language, lines in texts.items()}
    total = sum(flat.values())
    return {language: weight / total for language, weight in flat.items()}


def _plain(
    texts: Mapping[str, list[str]], shares: Mapping[str, float], config: VocabularyConfig
) -> Any:
    """One unigram model of the same size, on lines drawn by the same shares."""
    most = min(len(_seen(lines)) / shares[language] for language, lines in texts.items())
    lines = (
        line
        for language, own in texts.items()
        for line in _seen(own)[: max(1, round(most * shares[language]))]
    )
    backend = untrained(config.lowercase)
    if fault := train_pieces(backend, lines, config.size - 1, SPECIALS):
        raise ConfigError(f"--compare: no plain model of this size ({fault}); pass --no-compare")
    return as_hugging_face(backend, config.max_length)

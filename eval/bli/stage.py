"""``x2static eval bli``: read vectors and dictionaries, score every pair, tabulate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from eval.bli.by_word import by_word, write_by_word
from eval.bli.config import BliConfig
from eval.bli.score import EXACT_RANKS, AlignedPair
from eval.few import label, warn_of_few
from eval.lookup import read_frequent
from eval.one_space import check_one_space
from x2static.core.errors import LexiconError
from x2static.core.formats.native import read_composer
from x2static.core.machine.device import device_type
from x2static.core.messages import say, warn
from x2static.core.outcome import Outcome
from x2static.core.progress import doing
from x2static.core.scores.intervals import METHOD, shown
from x2static.core.scores.paired import marks
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.core.text.lexicon import Lexicon, advise_direction, read_lexicon
from x2static.core.vectors import WordVectors


def bli(config: BliConfig) -> Outcome:
    """Run ``x2static eval bli``."""
    inputs = dict.fromkeys(path for pair in config.pairs for path in pair)
    outputs = Outputs("eval bli", inputs=inputs, overwrite=config.overwrite)
    if config.induce is not None:
        outputs.claim(config.induce, "--induce", is_folder=False)
    if config.errors is not None:
        outputs.claim(config.errors, "--errors", is_folder=False)
    # All dictionaries are read before the first large file, so that a bad one fails at once.
    lexicons = {path: _read_lexicon(path, config) for path in config.lexicon}
    record = RunRecord("eval bli", config, list(inputs))
    rows = list(_rows(config, lexicons, record, outputs))
    if config.errors is not None:
        with outputs.together() as batch:
            with batch.stage(config.errors) as temporary:
                write_by_word(rows, temporary)
            batch.record(record, config.errors)
    if not config.by_word:
        for row in rows:
            row.pop("words", None)
    few = warn_of_few(
        (f"{label(row)} ({row['lexicon']})", row["queries"], "queries") for row in rows
    )
    data = {"rows": rows, "intervals": METHOD, "warnings": few, "run": record.as_dict()}
    return Outcome(_table(rows, config), data)


def _read_lexicon(path: Path, config: BliConfig) -> Lexicon:
    return read_lexicon(path, lowercase=config.case == "lower")


def _rows(
    config: BliConfig, lexicons: dict[Path, Lexicon], record: RunRecord, outputs: Outputs
) -> Iterator[dict[str, Any]]:
    @lru_cache(maxsize=2)  # the hub of several pairs is read once
    def read(path: Path) -> WordVectors:
        lower = config.case == "lower"
        return read_frequent(path, config.max_vocabulary, lower=lower, on_error=config.on_error)

    for source, target, path in config.pairs:
        lexicon = lexicons[path]
        check_one_space((source, read(source).width), (target, read(target).width))
        sides = [read(source), read(target)]
        if config.compose:
            words = [side.translations for side in (lexicon, lexicon.inverse())]
            sides = [_composed(*both) for both in zip(sides, (source, target), words, strict=True)]
        pair = _pair(sides[0], sides[1], config)
        coverage = lexicon.coverage(pair.source.index, pair.target.index)
        advice = advise_direction(lexicon, pair.source.index, pair.target.index)
        if advice and coverage.covered:  # with nothing covered the error says it
            warn(f"{path}: {advice}")
        yield from _score(pair, lexicon, (source, target, path), config)
        if config.induce is not None:
            doing("inducing a dictionary")
            induced = pair.induce(config.method[0], config.induce_cutoff)
            _write_induced(induced, config.induce, record, outputs)
        if config.both_directions:
            pair = _pair(sides[1], sides[0], config)
            turned = replace(lexicon.inverse(), dropped=lexicon.dropped)
            yield from _score(pair, turned, (target, source, path), config)


def _composed(vectors: WordVectors, path: Path, words: Iterable[str]) -> WordVectors:
    """The vectors, and behind them composed ones of the words that have none; these count 0.

    A file without a composer has one learned from its words.
    """
    from x2static.core.compose.learn import learn_composer

    composer = read_composer(path) or learn_composer(vectors.words, vectors.matrix)
    missing = [word for word in words if word not in vectors]
    rows = composer.compose(missing)
    has = np.flatnonzero(rows.any(axis=1))
    say(
        f"{path}: {len(has):,} of {len(missing):,} words of the dictionary without a vector "
        "are composed",
    )
    counts = vectors.counts
    if counts is not None:
        counts = np.concatenate([counts, np.zeros(len(has), counts.dtype)])
    matrix = np.concatenate([vectors.matrix, rows[has]])
    return WordVectors([*vectors.words, *(missing[row] for row in has)], matrix, counts)


def _pair(source: WordVectors, target: WordVectors, config: BliConfig) -> AlignedPair:
    # Only the flat index runs elsewhere than on the CPU.
    device = device_type(config.device) if config.index == "flat" else "cpu"
    return AlignedPair(source, target, index=config.index, csls=config.csls, device=device)


def _score(
    pair: AlignedPair, lexicon: Lexicon, paths: tuple[Path, Path, Path], config: BliConfig
) -> Iterator[dict[str, Any]]:
    source, target, path = paths
    depth = None if config.exact_mrr else max(EXACT_RANKS, *config.k)
    coverage = lexicon.coverage(pair.source.index, pair.target.index)
    wants = config.by_word or config.errors is not None
    for method in config.method:
        doing(f"ranking the translations of {path}, {method}")
        try:
            score = pair.score(lexicon, method, depth, with_answers=wants)
        except LexiconError as error:
            raise LexiconError(f"{path}: {error}") from error
        yield {
            "source": str(source),
            "target": str(target),
            "lexicon": str(path),
            "method": method,
            "index": config.index,
            **score.as_row(sorted(set(config.k))),
            "source_words": len(pair.source),
            "target_words": len(pair.target),
            "pairs": coverage.pairs,
            "known_pairs": coverage.covered_pairs,
            "dropped_phrases": lexicon.dropped.get("phrase", 0),
            "found": marks(score.ranks == 1),
            **({"words": by_word(pair, lexicon, score)} if wants else {}),
        }


def _write_induced(induced: Lexicon, output: Path, record: RunRecord, outputs: Outputs) -> None:
    """Write the mutual translations, one tab-separated pair a line, frequent words first."""
    record.counts["induced_pairs"] = len(induced)
    with outputs.together() as batch:
        with (
            batch.stage(output) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            stream.writelines(f"{source}\t{target}\n" for source, target in induced)
        batch.record(record, output)


def _table(rows: list[dict[str, Any]], config: BliConfig) -> str:
    """The rows for a person: percentages."""
    names = [*(f"p@{k}" for k in sorted(set(config.k))), "mrr", "strict_p@1"]
    names = [name for name in names if name in rows[0]]
    labels = list(map(label, rows))
    width = max(map(len, labels))
    heads = "".join(f"  {name.replace('_', ' '):>{_width(name)}}" for name in names)
    lines = [f"{'':{width}}  method  queries  coverage{heads}"]
    for place, row in zip(labels, rows, strict=True):
        figures = "".join(f"  {_figure(row, name):>{_width(name)}}" for name in names)
        start = f"{place:{width}}  {row['method']:6}  {row['queries']:7d}"
        lines.append(f"{start}  {100 * row['coverage']:6.1f} %{figures}")
    return "\n".join([*lines, *dict.fromkeys(map(_covered, rows)), *_others(labels, rows)])


def _figure(row: dict[str, Any], name: str) -> str:
    """In percent, a precision with its 95 % interval."""
    return f"{100 * row[name]:.2f} {shown(row['interval_95'].get(name))}".rstrip()


def _width(name: str) -> int:
    return 10 if name == "mrr" else 18


def _others(labels: list[str], rows: list[dict[str, Any]]) -> list[str]:
    """What is left where many queries are names, which need not be translated."""
    lines = []
    for place, row in zip(labels, rows, strict=True):
        name = next(name for name in row if name.endswith("_nonidentical"))
        if not row["identical"]:
            continue
        left = "none left" if row[name] is None else _figure(row, name)
        lines.append(
            f"{place} {row['method']}: {100 * row['identical']:.1f} % of the queries are spelled "
            f"like a translation; {name.removesuffix('_nonidentical')} of the others {left}"
        )
    return lines


def _covered(row: dict[str, Any]) -> str:
    covered = f"{row['known_pairs']:,} of {row['pairs']:,} pairs"
    dropped = f"; {row['dropped_phrases']:,} phrases left out" if row["dropped_phrases"] else ""
    return f"{row['lexicon']}: {covered} have both words in the vectors{dropped}"

"""``x2static eval similarity``: read vectors and test sets, score, tabulate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.few import warn_of_few
from eval.lookup import read_frequent
from eval.one_space import check_one_space
from eval.similarity.config import SimilarityConfig
from eval.similarity.score import average_row, score_similarity
from eval.similarity.word_pairs import WordPairs, cross_pairs, read_word_pairs
from x2static.core.errors import DatasetError
from x2static.core.messages import warn
from x2static.core.outcome import Outcome
from x2static.core.scores.intervals import METHOD, shown
from x2static.core.storage.run_record import RunRecord
from x2static.core.vectors import WordVectors

_WITH_INTERVAL = ("spearman", "pearson", "spearman_all")


def similarity(config: SimilarityConfig) -> Outcome:
    """Run ``x2static eval similarity``."""
    datasets = _read_datasets(config)
    vectors = _read(config.vectors, config)
    target = None if config.target is None else _read(config.target, config)
    if target is not None and config.target is not None:
        check_one_space((config.vectors, vectors.width), (config.target, target.width))
    rules: dict[str, Any] = {
        "case": config.case,
        "phrases": config.phrases,
        "back_off": config.back_off,
    }
    scores = score_similarity(vectors, datasets, target, **rules)
    if not any(score.covered for score in scores):
        raise DatasetError(_nothing_covered(config, vectors, datasets, target))
    for score in scores:
        if not score.covered:
            warn(f"{score.dataset}: no pair has both words known")
    rows = [score.as_row() for score in scores]
    place = {"source": str(config.vectors), "target": str(config.target or config.vectors)}
    average = average_row(rows)
    run = RunRecord("eval similarity", config, _inputs(config)).as_dict()
    few = warn_of_few(
        (score.dataset, score.covered, "covered pairs") for score in scores if score.covered
    )
    data = {
        "rows": [place | row for row in rows],
        "average": average,
        "intervals": METHOD,
        "warnings": few,
        "run": run,
    }
    return Outcome(_table([*rows, average] if len(rows) > 1 else rows), data)


def _inputs(config: SimilarityConfig) -> list[Path]:
    vectors = [path for path in (config.vectors, config.target) if path is not None]
    return [*vectors, *config.dataset, *config.target_dataset]


def _read_datasets(config: SimilarityConfig) -> list[WordPairs]:
    datasets = [read_word_pairs(path) for path in config.dataset]
    if not config.target_dataset:
        return datasets
    others = [read_word_pairs(path) for path in config.target_dataset]
    return [cross_pairs(one, other) for one, other in zip(datasets, others, strict=True)]


def _read(path: Path, config: SimilarityConfig) -> WordVectors:
    lower = config.case == "lower"
    return read_frequent(path, config.max_vocabulary, lower=lower, on_error=config.on_error)


def _nothing_covered(
    config: SimilarityConfig,
    vectors: WordVectors,
    datasets: Sequence[WordPairs],
    target: WordVectors | None,
) -> str:
    names = ", ".join(pairs.name for pairs in datasets)
    line = f"{config.vectors}: no pair of {names} has both words in the vectors"
    if target is None:
        return f"{line}; is it the right language?"
    turned = score_similarity(target, datasets, vectors, case=config.case, phrases=config.phrases)
    if any(score.covered for score in turned):
        return f"{line}; the languages are the other way round: swap --vectors and --target"
    return f"{line} and {config.target}; are they the right languages?"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows for a person: correlations times 100."""
    width = max(len("dataset"), *(len(row["dataset"]) for row in rows))
    heads = ("Spearman", "Pearson", "harmonic", "Spearman*")
    names = ("spearman", "pearson", "harmonic", "spearman_all")
    widths = [24 if name in _WITH_INTERVAL else len(name) for name in names]
    titles = "  ".join(f"{head:>{wide}}" for head, wide in zip(heads, widths, strict=True))
    lines = [f"{'dataset':{width}}  {'pairs':>6}  coverage  {titles}"]
    for row in rows:
        cells = "  ".join(
            f"{_figure(row, name):>{wide}}" for name, wide in zip(names, widths, strict=True)
        )
        coverage = f"{100 * row['coverage']:6.1f} %"
        lines.append(f"{row['dataset']:{width}}  {row['pairs']:6d}  {coverage}  {cells}")
    return "\n".join([*lines, "* all pairs, unknown ones at the back-off; the rest: covered pairs"])


def _figure(row: dict[str, Any], name: str) -> str:
    """Times 100, a correlation with its 95 % interval; an average has none."""
    if row[name] is None:
        return "–"
    return f"{100 * row[name]:.2f} {shown(row.get('interval_95', {}).get(name))}".rstrip()

"""Word similarity: vectors and human judgements to correlations, with coverage beside each.

Spearman is the field's figure; SemEval-2017 task 2 takes the harmonic mean of Pearson and Spearman.
Each is given for the covered pairs and for the whole set, where a pair with an unknown word gets
a back-off cosine.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.config import CaseRule, PhraseRule, SimilarityConfig
from eval.correlation import harmonic_mean, pearson, spearman
from eval.few import warn_of_few
from eval.lookup import Lookup, cosines, read_frequent
from eval.word_pairs import WordPairs, cross_pairs, read_word_pairs
from x2static.core.errors import ConfigError, DatasetError
from x2static.core.intervals import METHOD, correlation_interval, shown
from x2static.core.outcome import Outcome
from x2static.core.run_record import RunRecord
from x2static.core.vectors import WordVectors


@dataclass(frozen=True)
class SimilarityScore:
    """Agreement of vectors with one test set; NaN where a correlation is undefined.

    Attributes:
        dataset: name of the test set.
        pairs: its size.
        covered: pairs whose two items have a vector.
        spearman: over the covered pairs; likewise ``pearson`` and ``harmonic``.
        spearman_all: over all pairs with the back-off; likewise ``pearson_all``, ``harmonic_all``.
    """

    dataset: str
    pairs: int
    covered: int
    spearman: float
    pearson: float
    harmonic: float
    spearman_all: float
    pearson_all: float
    harmonic_all: float

    @property
    def coverage(self) -> float:
        """Share of pairs with two known items."""
        return self.covered / self.pairs

    def as_row(self) -> dict[str, Any]:
        """JSON-ready values; an undefined correlation is None."""
        row: dict[str, Any] = {"dataset": self.dataset, "pairs": self.pairs}
        row |= {"covered": self.covered, "coverage": self.coverage}
        for name in _FIGURES:
            value = getattr(self, name)
            row[name] = None if math.isnan(value) else value
        row["interval_95"] = {
            name + ending: correlation_interval(
                getattr(self, name + ending), items, ranks=name == "spearman"
            )
            for ending, items in (("", self.covered), ("_all", self.pairs))
            for name in ("spearman", "pearson")
        }
        return row


_WITH_INTERVAL = ("spearman", "pearson", "spearman_all")
_FIGURES = ("spearman", "pearson", "harmonic", "spearman_all", "pearson_all", "harmonic_all")


def score_pairs(
    pairs: WordPairs, source: Lookup, target: Lookup, back_off: float | None = None
) -> SimilarityScore:
    """Score one test set: first words looked up in ``source``, second ones in ``target``.

    Args:
        pairs: the test set.
        source: where the first words are found.
        target: where the second words are found; the same object for one language.
        back_off: cosine of a pair with an unknown word, None for the mean of the known cosines.
    """
    gold = np.asarray(pairs.scores)
    found = cosines(source, target, pairs.first, pairs.second)
    known = ~np.isnan(found)
    if back_off is None and known.any():
        back_off = float(found[known].mean())
    filled = np.where(known, found, math.nan if back_off is None else back_off)
    covered = _figures(found[known], gold[known])
    complete = _figures(filled, gold) if not np.isnan(filled).any() else (math.nan,) * 3
    return SimilarityScore(pairs.name, len(pairs), int(known.sum()), *covered, *complete)


def score_similarity(
    vectors: WordVectors,
    datasets: Sequence[WordPairs],
    target: WordVectors | None = None,
    *,
    case: CaseRule = "auto",
    phrases: PhraseRule = "mean",
    back_off: float | None = None,
) -> list[SimilarityScore]:
    """Score vectors on several test sets.

    Args:
        vectors: vectors of the language, or of the first words' language.
        datasets: test sets (see `eval.word_pairs.read_word_pairs`).
        target: vectors of the second words' language, in the same space; None for one language.
        case: how spellings are tried (see `eval.lookup.Lookup`).
        phrases: what becomes of items of several words.
        back_off: cosine of a pair with an unknown word, None for the mean of the known cosines.
    """
    if target is not None and target.width != vectors.width:
        raise ConfigError(
            f"vectors of widths {vectors.width} and {target.width} share no space; align them first"
        )
    first = Lookup(vectors, case, phrases)
    second = first if target is None else Lookup(target, case, phrases)
    return [score_pairs(pairs, first, second, back_off) for pairs in datasets]


def similarity(config: SimilarityConfig) -> Outcome:
    """Run ``x2static eval similarity``."""
    datasets = _read_datasets(config)
    vectors = _read(config.vectors, config)
    target = None if config.target is None else _read(config.target, config)
    rules: dict[str, Any] = {
        "case": config.case, "phrases": config.phrases, "back_off": config.back_off,
    }  # fmt: skip
    scores = score_similarity(vectors, datasets, target, **rules)
    if not any(score.covered for score in scores):
        raise DatasetError(_nothing_covered(config, vectors, datasets, target))
    for score in scores:
        if not score.covered:
            print(f"warning: {score.dataset}: no pair has both words known", file=sys.stderr)  # noqa: T201
    rows = [score.as_row() for score in scores]
    place = {"source": str(config.vectors), "target": str(config.target or config.vectors)}
    average = average_row(rows)
    run = RunRecord("eval similarity", config, _inputs(config)).as_dict()
    few = warn_of_few(
        (score.dataset, score.covered, "covered pairs") for score in scores if score.covered
    )
    data = {
        "rows": [place | row for row in rows], "average": average, "intervals": METHOD,
        "warnings": few, "run": run,
    }  # fmt: skip
    return Outcome(_table([*rows, average] if len(rows) > 1 else rows), data)


def average_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Unweighted means over the test sets where a figure is defined."""
    mean: dict[str, Any] = {"dataset": "average", "pairs": sum(row["pairs"] for row in rows)}
    mean |= {"covered": sum(row["covered"] for row in rows)}
    for name in ("coverage", *_FIGURES):
        values = [row[name] for row in rows if row[name] is not None]
        mean[name] = sum(values) / len(values) if values else None
    return mean


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


def _figures(cosine: NDArray[np.float64], gold: NDArray[np.float64]) -> tuple[float, float, float]:
    rank, line = spearman(cosine, gold), pearson(cosine, gold)
    return rank, line, harmonic_mean(line, rank)


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

"""Sentence retrieval (Artetxe and Schwenk 2019, XTREME): accuracy of finding the translation.

Line i of the target file translates line i of the source file. A sentence is right if its own line
is the nearest among all lines of the other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eval.config import Method, RetrievalConfig
from eval.few import label, warn_of_few
from eval.hubness import Hubness, NoPenalty, Penalty
from eval.lookup import Lookup, read_frequent
from eval.ranks import GoldRanks
from eval.static_sentences import StaticEncoder
from x2static.core.bitext import read_aligned
from x2static.core.errors import ConfigError
from x2static.core.intervals import METHOD, share_interval, shown
from x2static.core.normalize import unit
from x2static.core.outcome import Outcome
from x2static.core.run_record import RunRecord
from x2static.core.vectors import FloatMatrix


class Encoder(Protocol):
    """Turns sentences into rows."""

    def encode(self, sentences: Sequence[str]) -> FloatMatrix:
        """(B, D) one row a sentence; zeros for one that cannot be encoded."""


@dataclass(frozen=True)
class RetrievalScore:
    """One direction of one pair of files.

    Attributes:
        sentences: lines of the file.
        encoded: lines that have a vector; the others count as wrong.
        right: lines whose translation is nearest.
    """

    sentences: int
    encoded: int
    right: int

    def as_row(self) -> dict[str, Any]:
        """JSON-ready figures between 0 and 1."""
        accuracy = self.right / self.sentences
        return {
            "sentences": self.sentences,
            "coverage": self.encoded / self.sentences,
            "accuracy": accuracy,
            "interval_95": {"accuracy": share_interval(accuracy, self.sentences)},
        }


def score_retrieval(
    source: FloatMatrix, target: FloatMatrix, method: Method = "nn", csls: int = 10
) -> RetrievalScore:
    """Look for each row of ``source`` among those of ``target``; row i belongs to row i.

    Args:
        source: (N, D) sentence vectors.
        target: (N, D) their translations' vectors.
        method: cosine, or CSLS over the N rows of both sides.
        csls: neighbours in the hubness term.
    """
    x, z = unit(source), unit(target)
    penalty: Penalty = Hubness(x, z, csls, "exact") if method == "csls" else NoPenalty(len(z))
    penalty.know()
    golds = list(np.arange(len(x))[:, None])
    is_encoded = x.any(axis=1)
    ranks = GoldRanks(z, penalty, 1).rank(x, golds)
    right = is_encoded & z.any(axis=1) & (ranks == 1)
    return RetrievalScore(len(x), int(is_encoded.sum()), int(right.sum()))


def retrieval(config: RetrievalConfig) -> Outcome:
    """Run ``x2static eval retrieval``."""
    pairs = list(zip(config.source, config.target, strict=True))
    texts = [read_aligned(*pair) for pair in pairs]
    record = RunRecord("eval retrieval", config, [*config.source, *config.target, *config.vectors])
    first, second = _encoders(config)
    rows = []
    for paths, text in zip(pairs, texts, strict=True):
        x, z = first.encode(text.source), second.encode(text.target)
        for method in config.method:
            rows.append(_row(paths, method, score_retrieval(x, z, method, config.csls)))
            rows.append(_row(paths[::-1], method, score_retrieval(z, x, method, config.csls)))
    average = sum(row["accuracy"] for row in rows) / len(rows)
    few = warn_of_few((label(row), row["sentences"], "sentences") for row in rows)
    data = {
        "rows": rows, "average": {"accuracy": average}, "intervals": METHOD, "warnings": few,
        "run": record.as_dict(),
    }  # fmt: skip
    return Outcome(_table(rows, average), data)


def _encoders(config: RetrievalConfig) -> tuple[Encoder, Encoder]:
    if config.model is not None:
        from eval.transformer_sentences import TransformerEncoder
        from x2static.teacher import load_teacher

        codes = config.languages or (None, None)
        teacher = load_teacher(
            config.model, config.layer, config.device, "fp32", language=codes[0], flag="--languages"
        )
        source, target = (
            TransformerEncoder(
                teacher,
                specials=config.specials,
                max_pieces=config.max_pieces,
                batch_pieces=config.batch_pieces,
                language=code,
            )
            for code in codes
        )
        return source, target
    first, second = (_static_encoder(path, config) for path in config.vectors)
    if first.width != second.width:
        raise ConfigError(
            f"vectors of widths {first.width} and {second.width} share no space; align them first"
        )
    return first, second


def _static_encoder(path: Path, config: RetrievalConfig) -> StaticEncoder:
    lower = config.case == "lower"
    vectors = read_frequent(path, config.max_vocabulary, lower=lower, on_error=config.on_error)
    return StaticEncoder(vectors, Lookup(vectors, config.case, "skip"), sif=config.sif)


def _row(paths: tuple[Path, Path], method: Method, score: RetrievalScore) -> dict[str, Any]:
    return {
        "source": str(paths[0]), "target": str(paths[1]), "method": method, **score.as_row(),
    }  # fmt: skip


def _table(rows: Sequence[dict[str, Any]], average: float) -> str:
    """The rows for a person: percentages."""
    labels = list(map(label, rows))
    width = max(map(len, [*labels, "average"]))
    lines = [f"{'':{width}}  method  sentences  coverage  accuracy"]
    for name, row in zip(labels, rows, strict=True):
        place = f"{name:{width}}  {row['method']:6}  {row['sentences']:9d}"
        figure = f"{100 * row['accuracy']:8.2f} {shown(row['interval_95']['accuracy'])}"
        lines.append(f"{place}  {100 * row['coverage']:6.1f} %  {figure}")
    lines.append(f"{'average':{width}}  {'':6}  {'':9}  {'':8}  {100 * average:8.2f}")
    return "\n".join(lines)

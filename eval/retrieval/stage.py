"""``x2static eval retrieval``: read sentences, encode, find translations, tabulate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol

from eval.few import label, warn_of_few
from eval.lookup import Lookup, read_frequent
from eval.one_space import check_one_space
from eval.retrieval.config import RetrievalConfig, Search
from eval.retrieval.matrix import matrix_table, short_names
from eval.retrieval.score import RetrievalScore, score_retrieval
from eval.retrieval.static_sentences import StaticEncoder
from x2static.core.errors import DatasetError, require
from x2static.core.formats.many_languages import sentence_rows
from x2static.core.messages import warn
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.scores.intervals import METHOD, shown
from x2static.core.storage.run_record import RunRecord
from x2static.core.text.bitext import read_aligned
from x2static.core.vectors import FloatMatrix


class Encoder(Protocol):
    """Turns sentences into rows.

    Attributes:
        num_cut: sentences so far of which only the beginning was read.
    """

    num_cut: int

    def encode(self, sentences: Sequence[str]) -> FloatMatrix:
        """(B, D) one row a sentence; zeros for one that cannot be encoded."""


def retrieval(config: RetrievalConfig) -> Outcome:
    """Run ``x2static eval retrieval``."""
    config = _with_layer(config)
    if config.parallel:
        return _every_pair(config)
    pairs = list(zip(config.source, config.target, strict=True))
    texts = [read_aligned(*pair) for pair in pairs]
    record = RunRecord("eval retrieval", config, [*config.source, *config.target, *config.vectors])
    first, second = _encoders(config)
    rows = []
    for paths, text in zip(pairs, texts, strict=True):
        x, source_cut = _encode(first, text.source, paths[0], config)
        z, target_cut = _encode(second, text.target, paths[1], config)
        cut = {"sentences_cut": source_cut + target_cut}
        for method in config.method:
            rows.append(_row(paths, method, _score(x, z, method, config)) | cut)
            rows.append(_row(paths[::-1], method, _score(z, x, method, config)) | cut)
    data = _data(rows, record)
    return Outcome(_table(rows, data["average"]["accuracy"]), data)


def _every_pair(config: RetrievalConfig) -> Outcome:
    """The same for all pairs of the files of ``--parallel``."""
    texts = [read_aligned(config.parallel[0], path).target for path in config.parallel]
    record = RunRecord("eval retrieval", config, config.parallel)
    encoder, _ = _encoders(config)
    encoded = [
        _encode(encoder, text, path, config)
        for text, path in zip(texts, config.parallel, strict=True)
    ]
    rows = []
    with Progress("pairs", len(texts) * (len(texts) - 1), "pairs") as bar:
        for (path, (x, cut)), (other, (z, other_cut)) in permutations(
            zip(config.parallel, encoded, strict=True), 2
        ):
            for method in config.method:
                row = _row((path, other), method, _score(x, z, method, config))
                rows.append(row | {"sentences_cut": cut + other_cut})
            bar.advance(1)
    paths = [str(path) for path in config.parallel]
    data = {**_data(rows, record), "names": dict(zip(paths, short_names(paths), strict=True))}
    return Outcome(matrix_table(rows, config.parallel), data)


def _score(
    x: FloatMatrix, z: FloatMatrix, method: Search, config: RetrievalConfig
) -> RetrievalScore:
    return score_retrieval(x, z, method, config.csls, config.margin)


def _data(rows: Sequence[dict[str, Any]], record: RunRecord) -> dict[str, Any]:
    """The rows with their average, for a machine."""
    average = sum(row["accuracy"] for row in rows) / len(rows)
    few = warn_of_few((label(row), row["sentences"], "sentences") for row in rows)
    return {
        "rows": rows,
        "average": {"accuracy": average},
        "intervals": METHOD,
        "warnings": few,
        "run": record.as_dict(),
    }


def _with_layer(config: RetrievalConfig) -> RetrievalConfig:
    """The settings with the layer that the model suggests, where none was asked for.

    The seventh of twelve is the paper's; sentence encoders are trained to be read at their last.
    """
    if config.model is None or config.layer is not None:
        return config
    if (Path(config.model) / "modules.json").exists():
        return replace(config, layer=-1)
    from x2static.teacher.loading.hugging_face import read_config

    transformers = require("transformers", "distill", "running a transformer")
    depth = read_config(transformers, config.model).num_hidden_layers
    return replace(config, layer=max(1, round(7 * depth / 12)))


def _encode(
    encoder: Encoder, sentences: Sequence[str], path: Path, config: RetrievalConfig
) -> tuple[FloatMatrix, int]:
    """The sentence vectors of a file, and how many sentences were cut.

    Raises:
        DatasetError: no sentence has a vector.
    """
    before = encoder.num_cut
    rows = encoder.encode(sentences)
    if not rows.any():
        lacking = " or ".join(map(str, config.vectors)) or config.model
        raise DatasetError(f"{path}: none of its words has a vector in {lacking}; nothing to score")
    if cut := encoder.num_cut - before:
        warn(
            f"{path}: {cut:,} of {len(sentences):,} sentences are longer than the model "
            "reads and were cut (--max-pieces, or the model's own limit)",
        )
    return rows, cut


def _encoders(config: RetrievalConfig) -> tuple[Encoder, Encoder]:
    if config.model is not None:
        from x2static.teacher import load_teacher
        from x2static.teacher.sentences import SentenceEncoder

        codes = config.languages or (None, None)
        teacher = load_teacher(
            config.model, config.layer, config.device, "fp32", language=codes[0], flag="--languages"
        )
        source, target = (
            SentenceEncoder(
                teacher,
                specials=config.specials,
                max_pieces=config.max_pieces,
                batch_pieces=config.batch_pieces,
                language=code,
                flag="--languages",
            )
            for code in codes
        )
        return source, target
    first, second = (_static_encoder(path, config) for path in config.vectors)
    check_one_space((config.vectors[0], first.width), (config.vectors[1], second.width))
    return first, second


def _static_encoder(path: Path, config: RetrievalConfig) -> StaticEncoder:
    lower = config.case == "lower"
    vectors = read_frequent(path, config.max_vocabulary, lower=lower, on_error=config.on_error)
    lookup = Lookup(vectors, config.case, "skip")
    if config.sif and config.component == "words":
        return StaticEncoder(vectors, lookup, sif=False, rows=sentence_rows(vectors))
    return StaticEncoder(vectors, lookup, sif=config.sif)


def _row(paths: tuple[Path, Path], method: Search, score: RetrievalScore) -> dict[str, Any]:
    return {
        "source": str(paths[0]),
        "target": str(paths[1]),
        "method": method,
        **score.as_row(),
        "error": 1 - score.right / score.sentences,
    }


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

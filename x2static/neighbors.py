"""Print the nearest words of a word, among the vectors of its own or of another language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.messages import say
from x2static.core.outcome import Outcome
from x2static.core.setting import Help, positional

if TYPE_CHECKING:
    from x2static.core.neighbors import Indices, Scores
    from x2static.core.vectors import FloatMatrix, WordVectors

_CSLS_NEIGHBORS = 10
# CSLS needs the neighbourhood of every candidate; only the nearest by cosine can win in practice.
_CSLS_POOL = 1000


@dataclass(frozen=True, kw_only=True)
class NeighborsConfig:
    """Print the nearest words of a word, in its own or another language."""

    HELP: ClassVar[Help] = Help(
        example="x2static neighbors vectors/de Haus Wasser --top 10",
    )

    vectors: Annotated[Path, positional("word vectors, in any format that can be read")]
    words: Annotated[tuple[str, ...], positional("words to look up")]
    vectors_in: Annotated[Path | None, "look for neighbours among these vectors instead"] = None
    top: Annotated[int, "neighbours per word"] = 10
    method: Annotated[
        Literal["cosine", "csls"],
        "csls corrects for hubs, words near to everything; it ranks the 1,000 nearest by cosine",
    ] = "cosine"
    limit: Annotated[int | None, "use only the first rows of each file"] = None
    allow_pickle: Annotated[bool, "read gensim files, which can run any program"] = False

    def __post_init__(self) -> None:
        require_at_least("--top", self.top, 1)
        if self.limit is not None:
            require_at_least("--limit", self.limit, 1)
        if not self.words:
            raise ConfigError("no words to look up")


def neighbors(config: NeighborsConfig) -> Outcome:
    """Look up the words; the scores are cosines or CSLS scores."""
    from x2static.core.normalize import unit
    from x2static.core.vector_file import read_vectors

    place = config.vectors_in or config.vectors
    source = read_vectors(config.vectors, limit=config.limit, allow_pickle=config.allow_pickle)
    target = source
    if config.vectors_in is not None:
        target = read_vectors(place, limit=config.limit, allow_pickle=config.allow_pickle)
    if source.width != target.width:
        raise ConfigError(
            f"{config.vectors} is {source.width} wide and {place} is {target.width} wide: "
            "only vectors of one common space can be compared"
        )
    if len(target) < (2 if target is source else 1):
        raise ConfigError(f"{place} has {len(target)} words: no other word to find")
    queries = unit(_rows(config, source))
    candidates = unit(target.matrix)
    composed = [word for word in config.words if word not in source]
    if composed:
        names = ", ".join(f"'{word}'" for word in composed)
        say(f"composed, not learned: {names}")
    if config.method == "cosine":
        indices, scores = _by_cosine(queries, candidates, config.top + (target is source))
    else:
        sources = candidates if target is source else unit(source.matrix)
        indices, scores = _by_csls(
            queries, candidates, sources, config.top + (target is source), target is source
        )
    return _outcome(config, target, indices, scores)


def _rows(config: NeighborsConfig, source: WordVectors) -> FloatMatrix:
    import numpy as np

    found = [source.get(word) for word in config.words]
    unknown = [word for word, row in zip(config.words, found, strict=True) if row is None]
    if unknown:
        from x2static.core.spelling import closest_spellings

        spellings = closest_spellings(unknown[0], source.words)
        hint = f"closest spellings: {', '.join(spellings)}" if spellings else "nothing is like it"
        raise ConfigError(
            f"{config.vectors}: '{unknown[0]}' is not among the {len(source):,} words; {hint}"
        )
    rows: FloatMatrix = np.stack([row for row in found if row is not None])
    for word, row in zip(config.words, rows, strict=True):
        if not row.any():
            raise ConfigError(f"{config.vectors}: the vector of '{word}' is zero: no neighbours")
    return rows


def _by_cosine(queries: FloatMatrix, candidates: FloatMatrix, top: int) -> tuple[Indices, Scores]:
    from x2static.core.neighbors import top_k

    return top_k(queries, candidates, top)


def _by_csls(
    queries: FloatMatrix, candidates: FloatMatrix, sources: FloatMatrix, top: int, is_same: bool
) -> tuple[Indices, Scores]:
    """CSLS among the candidates that are nearest by cosine; a row is no neighbour of itself."""
    import numpy as np

    from x2static.core.neighbors import csls_top_k, top_k

    def mean_without_itself(rows: FloatMatrix, others: FloatMatrix) -> Scores:
        nearest = top_k(rows, others, _CSLS_NEIGHBORS + is_same)[1]
        means: Scores = nearest[:, int(is_same) :].mean(axis=1)
        return means

    pool = np.unique(top_k(queries, candidates, max(_CSLS_POOL, top))[0])
    indices, scores = csls_top_k(
        queries,
        candidates[pool],
        top,
        query_means=mean_without_itself(queries, candidates),
        candidate_means=mean_without_itself(candidates[pool], sources),
    )
    return pool[indices], scores


def _outcome(
    config: NeighborsConfig, target: WordVectors, indices: Indices, scores: Scores
) -> Outcome:
    lines: list[str] = []
    entries = []
    for word, columns, row_scores in zip(config.words, indices, scores, strict=True):
        found = [
            (target.words[column], float(score))
            for column, score in zip(columns, row_scores, strict=True)
            if config.vectors_in is not None or target.words[column] != word
        ][: config.top]
        lines += [word, *(f"  {score:7.4f}  {name}" for name, score in found)]
        entries.append(
            {"word": word, "neighbors": [{"word": name, "score": score} for name, score in found]}
        )
    data = {"method": config.method, "words": entries}
    return Outcome("\n".join(lines), data)

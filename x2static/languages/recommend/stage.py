"""``x2static languages recommend``: which language to fine-tune on for a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError, DatasetError
from x2static.core.outcome import Outcome
from x2static.languages.known import check_languages
from x2static.languages.measures.glottolog import genetic, geographic
from x2static.languages.measures.typology import BEGINNINGS, compare, features_of
from x2static.languages.recommend.config import RecommendConfig
from x2static.languages.recommend.ranker import Trial, features_for, learn, try_rule
from x2static.languages.tables.distances import kinds_of, read_distances
from x2static.languages.tables.scores import Scores, read_scores

_USUAL = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ja", "ru", "sw", "tr", "ur", "vi", "zh")
_LEAST_TARGETS = 4
_DRAWS = 2000
_LANGRANK = (
    "LangRank (Lin et al. 2019) reports NDCG@3 for other tasks, models and languages, so that its "
    "figures cannot be set against these"
)
Values = NDArray[np.float64]


def recommend(config: RecommendConfig) -> Outcome:
    """Run ``x2static languages recommend``."""
    scores = _chosen(read_scores(config.scores), config.score) if config.scores else None
    sources = config.sources or (tuple(scores.sources()) if scores else _USUAL)
    sources = tuple(code for code in sources if code != config.target)
    others = scores.languages if scores else ()
    languages = list(dict.fromkeys([*sources, config.target, *others]))
    if not config.distances:
        check_languages(languages, "--scores")
    kinds, tables = _tables(config, languages)
    data: dict[str, Any] = {"target": config.target, "kinds": kinds}
    if scores is None:
        data |= _by_mean(config, languages, sources, tables)
    else:
        data |= _by_model(config, languages, sources, tables, scores, kinds)
    return Outcome("\n".join(_lines(data, config.top)), data)


def _chosen(found: Sequence[Scores], name: str | None) -> Scores:
    by_name = {one.name: one for one in found}
    if name is None and len(found) == 1:
        return found[0]
    if name not in by_name:
        said = f"no '{name}'" if name else "several scores"
        raise ConfigError(f"--score: {said}; there are {', '.join(by_name)}")
    return by_name[name]


def _tables(config: RecommendConfig, languages: list[str]) -> tuple[list[str], list[Values]]:
    if not config.distances:
        named: dict[str, Values] = {
            kind: compare(features_of(languages).beginning(BEGINNINGS[kind]), least=10)[0]
            for kind in ("syntactic", "inventory", "phonological")
        }
        named |= {"genetic": genetic(languages), "geographic": geographic(languages)}
        return list(named), list(named.values())
    files = [(path, read_distances(path)) for path in config.distances]
    for path, table in files:
        missing = [code for code in languages if code not in table.languages]
        if missing:
            raise DatasetError(f"--distances {path}: nothing of {' '.join(missing)}")
    found = {name: table.of(languages).kinds[kind] for name, table, kind in kinds_of(files)}
    return list(found), list(found.values())


def _by_mean(
    config: RecommendConfig, languages: list[str], sources: Sequence[str], tables: list[Values]
) -> dict[str, Any]:
    """Sources by the mean of their standardised distances."""
    rows = [languages.index(code) for code in sources]
    features = features_for(tables, None, languages.index(config.target), None)[rows]
    spread = features.std(axis=0)
    standard = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return {"by": "mean distance", "ranking": _ranking(sources, -standard.mean(axis=1))}


def _by_model(
    config: RecommendConfig,
    languages: list[str],
    sources: Sequence[str],
    tables: list[Values],
    scores: Scores,
    kinds: list[str],
) -> dict[str, Any]:
    """Sources by a model of the scores, and how well it does on targets left out."""
    matrix = np.full((len(languages), len(languages)), np.nan)
    rows = [languages.index(code) for code in scores.languages]
    matrix[np.ix_(rows, rows)] = scores.matrix
    measured = np.isfinite(matrix) & ~np.eye(len(matrix), dtype=bool)
    targets = np.flatnonzero(measured.sum(axis=0) > 1).tolist()
    if len(targets) < _LEAST_TARGETS:
        raise DatasetError(
            f"--scores: {len(targets)} targets with two sources or more; at least {_LEAST_TARGETS} "
            "are needed to learn from"
        )
    place = languages.index(config.target)
    ranker = learn(tables, matrix, config.ridge, left_out=None)
    there = [languages.index(code) for code in sources]
    values = ranker.predict(features_for(tables, matrix, place, None)[there])
    weights = dict(zip([*kinds, "does well for others"], ranker.weights.tolist(), strict=True))
    return {
        "by": f"ridge regression on {scores.name}",
        "ranking": _ranking(sources, values),
        "weights": weights,
        "left_out": _left_out(config, languages, tables, matrix, targets, kinds),
        "targets": len(targets),
        "langrank": _LANGRANK,
    }


def _left_out(
    config: RecommendConfig,
    languages: list[str],
    tables: list[Values],
    matrix: Values,
    targets: Sequence[int],
    kinds: list[str],
) -> dict[str, dict[str, Any]]:
    """Each rule on each target, about whose transfer the model has seen nothing."""
    tree = tables[kinds.index("genetic")] if "genetic" in kinds else genetic(languages)
    strength_only: list[Values] = []
    found: dict[str, list[Trial]] = {}
    for target in targets:
        ranker = learn(tables, matrix, config.ridge, left_out=target)
        features = features_for(tables, matrix, target, target)
        alone = learn(strength_only, matrix, config.ridge, left_out=target)
        strength = features_for(strength_only, matrix, target, target)
        rules = {
            "model": ranker.predict(features),
            "without distances": alone.predict(strength),
            "nearest genetically": -tree[target],
        }
        if "en" in languages and languages[target] != "en":
            rules["English"] = 1.0 * (np.arange(len(languages)) == languages.index("en"))
        for name, values in rules.items():
            trial = try_rule(matrix, target, values.__getitem__)
            if trial is not None:
                found.setdefault(name, []).append(trial)
    return {name: _summary(trials) for name, trials in found.items()}


def _summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """Means over targets with bootstrap intervals."""
    rng = np.random.default_rng(0)
    about: dict[str, Any] = {"targets": len(trials)}
    for name in ("regret", "ndcg"):
        values = np.array([getattr(trial, name) for trial in trials])
        means = values[rng.integers(len(values), size=(_DRAWS, len(values)))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        about[name] = {"mean": float(values.mean()), "interval": [float(low), float(high)]}
    return about


def _ranking(sources: Sequence[str], values: Values) -> list[dict[str, Any]]:
    order = np.argsort(-values, kind="stable")
    return [{"source": sources[row], "value": float(values[row])} for row in order]


def _lines(data: dict[str, Any], top: int) -> list[str]:
    lines = [f"for {data['target']}, by {data['by']}:"]
    unit = "points above the mean source" if "weights" in data else "standardised nearness"
    for place, row in enumerate(data["ranking"][:top], 1):
        value = 100 * row["value"] if "weights" in data else row["value"]
        lines.append(f"{place:3}. {row['source']:8} {value:+.2f} {unit}")
    if "left_out" not in data:
        return [*lines, "no --scores: nothing tells how often this ranking is right"]
    lines += [
        "",
        f"on each of {data['targets']} targets, left out: regret in points (score lost "
        "against the best source) and NDCG@3, with 95 % intervals over targets",
    ]
    for name, about in data["left_out"].items():
        regret, ndcg = about["regret"], about["ndcg"]
        low, high = (100 * end for end in regret["interval"])
        lines.append(
            f"{name:20} {100 * regret['mean']:6.2f} [{low:.2f}, {high:.2f}]   "
            f"{ndcg['mean']:.3f} [{ndcg['interval'][0]:.3f}, {ndcg['interval'][1]:.3f}]"
        )
    weights = ", ".join(f"{kind} {100 * one:+.2f}" for kind, one in data["weights"].items())
    lines += ["", f"weights (points for one standard deviation): {weights}", data["langrank"]]
    return lines

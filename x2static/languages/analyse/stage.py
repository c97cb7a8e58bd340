"""``x2static languages analyse``: distances against each other, and against transfer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from x2static.core.errors import ConfigError, DatasetError
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.languages.analyse.config import AnalyseConfig
from x2static.languages.analyse.page import analysis_page
from x2static.languages.analyse.rows import (
    LEAST,
    Effort,
    controlled_rows,
    correct,
    correlation_row,
    measured,
    partial_rows,
    upper,
)
from x2static.languages.cluster.agglomerative import cut, merges_of
from x2static.languages.known import family_of
from x2static.languages.page_folder import write_page_folder
from x2static.languages.statistics.agreement import agreement
from x2static.languages.statistics.correlation import Values
from x2static.languages.tables.distances import kinds_of, read_distances
from x2static.languages.tables.scores import Scores, read_scores

_MOST_PARTIAL = 8  # distances whose partial tests are made


def analyse(config: AnalyseConfig) -> Outcome:
    """Run ``x2static languages analyse``."""
    inputs = [*config.distances, *config.scores]
    outputs = Outputs("languages analyse", inputs=inputs, overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=True)
    record = RunRecord("languages analyse", config, inputs)
    languages, tables = _tables(config)
    scores = read_scores(config.scores) if config.scores else []
    effort = Effort(config.draws, config.permutations, config.seed)
    data: dict[str, Any] = {"languages": languages, "kinds": list(tables)}
    with Progress("testing", None, "tests") as progress:
        data["distances"] = _between(tables, effort, progress)
        data["families"] = _families(languages, tables, config)
        data["scores"], data["partial"] = _with_scores(languages, tables, scores, effort, progress)
        if config.control is not None:
            data["partial"] += controlled_rows(tables, config.control, effort)
        data["between_scores"] = _between_scores(scores, effort, progress)
    data["matrices"] = {
        one.name: {"languages": list(one.languages), "values": _plain(one.matrix)} for one in scores
    }
    data = _without_nan(data)
    page = analysis_page(data)
    write_page_folder(config.output, outputs, record, "analysis.json", data, page)
    return Outcome("\n".join([*_lines(data), f"written to {config.output}"]), data)


def _tables(config: AnalyseConfig) -> tuple[list[str], dict[str, Values]]:
    """All kinds over the languages that every file has.

    Raises:
        DatasetError: fewer than four of them.
        ConfigError: a kind that is not there.
    """
    files = [(path, read_distances(path)) for path in config.distances]
    common = sorted(set.intersection(*(set(table.languages) for _, table in files)))
    if len(common) < LEAST:
        raise DatasetError(
            f"--distances: {len(common)} languages in all of the files; at least {LEAST} are needed"
        )
    found = {name: table.of(common).kinds[kind] for name, table, kind in kinds_of(files)}
    unknown = [kind for kind in config.kinds if kind not in found]
    if unknown:
        raise ConfigError(f"--kinds {' '.join(unknown)}: there are {', '.join(found)}")
    chosen = {name: found[name] for name in config.kinds or found}
    if config.control is not None and config.control not in chosen:
        raise ConfigError(f"--control {config.control}: there are {', '.join(chosen)}")
    return common, chosen


def _between(tables: dict[str, Values], effort: Effort, progress: Progress) -> list[dict[str, Any]]:
    """Every two distances."""
    rows = []
    for first, second in combinations(tables, 2):
        cells = upper(len(tables[first]))
        y = tables[second][cells]
        rows.append(correlation_row((first, second), tables[first], y, cells, effort))
        progress.advance(1)
    return correct(rows)


def _families(
    languages: Sequence[str], tables: dict[str, Values], config: AnalyseConfig
) -> list[dict[str, Any]]:
    """How well clusters of each distance, as many as there are families, are the families."""
    families = [family_of(code) for code in languages]
    rows = []
    for kind, table in tables.items():
        if not np.isfinite(table).all() or not 1 < len(set(families)) < len(languages):
            continue
        labels = cut(merges_of(table), len(languages), len(set(families)))
        found = agreement(labels, families, config.permutations, config.seed)
        rows.append({"kind": kind, "groups": len(set(families)), **vars(found)})
    return rows


def _with_scores(
    languages: list[str],
    tables: dict[str, Values],
    scores: Sequence[Scores],
    effort: Effort,
    progress: Progress,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every distance with every score, and partial tests with the first score."""
    rows: list[dict[str, Any]] = []
    partial: list[dict[str, Any]] = []
    for one in scores:
        common = [code for code in one.languages if code in languages]
        if len(common) < LEAST:
            raise DatasetError(
                f"--scores {one.name}: {len(common)} of its {len(one.languages)} languages are in "
                f"--distances; at least {LEAST} are needed"
            )
        mine = [one.languages.index(code) for code in common]
        matrix = one.matrix[np.ix_(mine, mine)]
        theirs = [languages.index(code) for code in common]
        cells = measured(matrix)
        some = {kind: table[np.ix_(theirs, theirs)] for kind, table in tables.items()}
        for kind, table in some.items():
            rows.append(correlation_row((kind, one.name), table, matrix[cells], cells, effort))
            progress.advance(1)
        if len(scores) <= 2 and len(some) <= _MOST_PARTIAL:
            partial += partial_rows(one.name, some, matrix[cells], cells, effort)
    return correct(rows), partial


def _between_scores(
    scores: Sequence[Scores], effort: Effort, progress: Progress
) -> list[dict[str, Any]]:
    """Every two scores over the cells that both have, such as impact and transfer.

    Their matrices have a direction, so languages are shuffled in the first as in Mantel's test.
    """
    rows = []
    for first, second in combinations(scores, 2):
        common = [code for code in first.languages if code in second.languages]
        if len(common) < LEAST:
            continue
        a, b = (
            one.matrix[np.ix_(*[[one.languages.index(code) for code in common]] * 2)]
            for one in (first, second)
        )
        cells = measured(np.where(np.isfinite(a) & np.isfinite(b), b, np.nan))
        if len(cells[0]) >= LEAST:
            rows.append(correlation_row((first.name, second.name), a, b[cells], cells, effort))
        progress.advance(1)
    return correct(rows)


def _plain(matrix: Values) -> list[list[float | None]]:
    return [[None if math.isnan(v) else v for v in row] for row in matrix.tolist()]


def _without_nan(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _lines(data: dict[str, Any]) -> list[str]:
    lines = [f"{len(data['languages'])} languages: {' '.join(data['languages'])}"]
    for key, title in (
        ("distances", "distances with each other"),
        ("scores", "distances with scores"),
        ("between_scores", "scores with each other"),
    ):
        if data[key]:
            width = max(len(row["first"]) + len(row["second"]) for row in data[key]) + 3
            lines += [
                "",
                f"{title}: correlation [95 % over languages], p of pairs, of Mantel, Holm",
            ]
            lines += [_line(row, width) for row in data[key]]
    if data["partial"]:
        lines += ["", "partial Mantel: r, p, p by Holm"]
        for row in data["partial"]:
            lines.append(
                f"{row['first']} with {row['second']}, {row['control']} held: "
                f"{_number(row['value'])}, {_number(row['p_mantel'])}, {_number(row['p_holm'])}"
            )
    if data["families"]:
        lines += ["", "clusters of each distance against the families: adjusted Rand, p"]
        lines += [f"{row['kind']}: {row['value']:.3f}, {row['p']:.4f}" for row in data["families"]]
    return lines


def _line(row: dict[str, Any], width: int) -> str:
    parts = [f"{row['first']} - {row['second']}".ljust(width) + f" {row['pairs']:5} pairs"]
    for kind in ("pearson", "spearman"):
        one = row[kind]
        low, high = one["interval"] or (None, None)
        parts.append(
            f"{kind} {_number(one['value'])} [{_number(low)}, {_number(high)}] p "
            f"{_number(one['p_pairs'])} {_number(one['p_mantel'])} {_number(one['p_holm'])}"
        )
    return "  ".join(parts)


def _number(value: float | None) -> str:
    return "   ?  " if value is None else f"{value:6.3f}"

"""The command ``align hub``: many languages into the space of one, which stays untouched.

The hub's file is neither changed nor written again. A spoke is centred, mapped onto the centred
hub, and given the hub's mean, or that part of it which serves best, so that it lies among the hub's
own unit vectors; or it stays as it is, where held-out pairs say that this is better.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from align.hub.config import HubConfig
from align.hub.learner import AGREEMENT_RUNS, HubLearner
from align.hub.spoke import Spoke
from align.judging.validation import read_held_out
from align.output import write_mapped
from align.problem import Problem
from align.saved_map import SavedMap, write_map
from align.search.precision import Precision
from align.seeds import KnownPairs, check_same_width, seed_pairs
from align.vecmap.alignment import LanguageMap, unchanged
from align.vecmap.normalization import check_finite
from x2static.core.errors import WorkbenchError
from x2static.core.messages import warn
from x2static.core.outcome import Outcome
from x2static.core.progress import doing
from x2static.core.rejection import rejection
from x2static.core.storage.run_record import RunRecord, plain
from x2static.core.vector_file import read_vectors
from x2static.core.vectors import WordVectors


def hub(config: HubConfig) -> Outcome:
    """Map each spoke; one that fails does not stop the others, but the command then fails."""
    _, hub_path = config.named(config.hub)
    spokes = [Spoke(config, *config.named(text)) for text in config.spokes]
    for spoke in spokes:
        spoke.claim()
    center = read_vectors(hub_path, limit=config.max_vocabulary or None, on_error=config.on_error)
    check_finite(center.matrix, str(hub_path))
    rows, failures = {}, {}
    for spoke in spokes:
        name = spoke.name
        try:
            rows[name] = _spoke(spoke, center)
        except WorkbenchError as error:
            if len(config.spokes) == 1:
                raise
            failures[name] = str(error)
            warn(f"{name}: failed; the last line says why")
    if failures:
        shown = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise WorkbenchError(f"{len(failures)} of {len(config.spokes)} languages failed: {shown}")
    lines = [_stated(row) for row in rows.values()]
    return Outcome("\n".join([*lines, f"{hub_path}: the hub, as it was"]), {"spokes": rows})


def _spoke(spoke: Spoke, center: WordVectors) -> dict[str, Any]:
    """Map one language and write it; returns what is known of the result."""
    config = spoke.config
    record = RunRecord("align hub", config, spoke.inputs)
    if done := spoke.done(record):
        return done
    spoke.outputs.check()
    vectors = spoke.read()
    check_same_width(vectors, center, (spoke.path, config.named(config.hub)[1]))
    problem, coverage = _problem(spoke, vectors, center)
    row, mapped, same = _judged(spoke, problem, coverage)
    if why := rejection({"result": row}):
        warn(f"{spoke.name}: {why}")
    record.notes = {"result": row}
    with spoke.outputs.together() as batch:
        write_mapped(vectors, mapped, spoke.output, config.output_format, batch.stage)
        write_map(SavedMap(mapped, same, plain(row)), spoke.map_path, batch.stage)
        batch.record(record, spoke.output)
    return row


def _problem(
    spoke: Spoke, vectors: WordVectors, center: WordVectors
) -> tuple[Problem, KnownPairs | None]:
    """What is to be learned, and how much of the dictionary both vocabularies know."""
    config = spoke.config
    pairs, coverage = seed_pairs(config.seeds, vectors, center, spoke.lexicon)
    path = spoke.validation
    problem = Problem(
        vectors.matrix,
        center.matrix,
        config.settings(),
        pairs,
        None if path is None else read_held_out(path, vectors, center, pairs),
        rounds=config.rounds,
        seed=config.seed,
        agreement_runs=AGREEMENT_RUNS if config.learns else 0,
    )
    return problem, coverage


def _judged(
    spoke: Spoke, problem: Problem, coverage: KnownPairs | None
) -> tuple[dict[str, Any], LanguageMap, LanguageMap]:
    """What is known of the result, the spoke's map, and the map that changes nothing."""
    config, name = spoke.config, spoke.name
    learner = HubLearner(config, name, problem)
    if remark := learner.doubt():
        warn(f"{name}: {remark}")
    doing(f"learning the map of {name}")
    found = learner.learn()
    if found.diagnosis.has_failed and config.seeds != "lexicon":
        warn(f"{name}: the result is not to be trusted: {found.diagnosis}")
    doing(f"scoring held-out pairs of {name}")
    verdict = learner.judge(found)
    is_aligned = config.choice == "aligned" or verdict is None or verdict.for_map
    if verdict is not None and verdict.aligned.doubt:
        warn(f"{name}: {verdict.aligned.doubt}")
    row = {
        "output": str(spoke.output),
        "words": len(problem.source),
        "aligned": is_aligned,
        "method": config.method_in_use,
        **(asdict(coverage) if coverage else {}),
        "final_pairs": len(found.pairs.source),
        **vars(found.diagnosis),
        **(verdict.notes() if verdict else {}),
        **found.notes,
    }
    same = unchanged(problem.width)
    return row, found.source if is_aligned else same, same


def _stated(row: dict[str, Any]) -> str:
    known = ""
    if "lexicon_pairs" in row:
        known = str(KnownPairs(*(row[field.name] for field in fields(KnownPairs)))) + ", "
    stated = (
        f"{row['output']}: {row['words']:,} words, {known}learned from {row['final_pairs']:,}, "
        f"mutual-neighbour rate {100 * row['mutual_rate']:.1f} %, "
        f"found again {100 * row['found_again']:.1f} %"
    )
    if "held_back" in row:
        aligned, before = (Precision(**row[key]) for key in ("held_back", "held_back_unaligned"))
        stated += (
            f", CSLS P@1 {aligned.csls_shown} on {aligned.words:,} held-out words, "
            f"unaligned {before.csls_shown}"
        )
    why = rejection({"result": row})
    return f"{stated}; {why}" if why else stated

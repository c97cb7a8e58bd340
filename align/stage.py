"""The command ``align``: read two languages, learn, decide, write."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from align.checkpoint import CheckpointFile
from align.config import AlignConfig
from align.induced import write_induced
from align.learning import learn_maps
from align.output import write_mapped
from align.saved_map import SavedMap, write_map
from align.seeds import check_same_width, direction_remark, lexicon_rows, seed_pairs
from align.validation import Precision, precision_at_one
from align.vecmap.alignment import Alignment, LanguageMap
from align.vecmap.arrays import AlignmentError
from align.vecmap.normalization import Normalization, blocks, check_finite
from align.vecmap.pairs import PairRows
from align.vecmap.self_learning import Iteration
from x2static.core.device import pick_device
from x2static.core.errors import Interrupted
from x2static.core.files import refuse_existing
from x2static.core.interrupts import StopSignals
from x2static.core.lexicon import read_lexicon
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.run_record import RunRecord, plain, record_path
from x2static.core.vector_file import read_vectors

_log = logging.getLogger(__name__)
_PLACES = ("source", "target", "output_source", "output_target", "save_map", "induce")
_NOT_IN_KEY = (*_PLACES, "lexicon", "validation", "resume", "overwrite", "threads", "choice")


def align(config: AlignConfig) -> Outcome:
    """Learn the maps, write both languages in the shared space, say how good it is."""
    outputs = [config.output_source, config.output_target, config.save_map, config.induce]
    for path in outputs:
        if path is not None:
            refuse_existing(path, overwrite=config.overwrite)
    languages = Languages(config)
    inputs = [config.source, config.target, config.lexicon, config.validation]
    record = RunRecord("align", config, [path for path in inputs if path is not None])
    keeper = CheckpointFile(_checkpoint_path(config), languages.key(), resume=config.resume)
    with StopSignals():
        found = _learn(config, languages, keeper)
    verdict = languages.judge(found)
    source, target = (found.source, found.target) if verdict["aligned"] else _identities(found)
    write_mapped(languages.source, source, config.output_source, config.output_format)
    write_mapped(languages.target, target, config.output_target, config.output_format)
    notes = {"preset": config.preset, "method": config.method, **verdict}
    if config.save_map is not None:
        write_map(SavedMap(source, target, plain(notes)), config.save_map)
    if config.induce is not None:
        notes["induced_pairs"] = write_induced(
            config.induce, languages.source, languages.target, source, target, config.cutoff
        )
    record.counts = {**languages.counts(), **_history(found)}
    record.notes = {"result": notes}
    for path in (config.output_source, config.output_target):
        record.write(record_path(path))
    keeper.remove()
    return Outcome(_text(config, languages, notes), plain({**languages.counts(), **notes}))


class Languages:
    """Both sides and their pairs, read and checked."""

    def __init__(self, config: AlignConfig) -> None:
        """Read the files and find the pairs in them."""
        self._config = config
        limit = config.max_vocabulary or None
        self.source = read_vectors(config.source, limit=limit, on_error=config.on_error)
        self.target = read_vectors(config.target, limit=limit, on_error=config.on_error)
        check_finite(self.source.matrix, str(config.source))
        check_finite(self.target.matrix, str(config.target))
        check_same_width(self.source, self.target, (config.source, config.target))
        self.pairs = seed_pairs(config.seeds, self.source, self.target, config.lexicon)
        self.held_back = self._held_back(config.validation)
        if config.lexicon is not None:
            remark = direction_remark(config.lexicon, self.source, self.target)
            if remark:
                _log.warning("%s: %s", config.lexicon, remark)

    def _held_back(self, path: Path | None) -> PairRows | None:
        """Validation pairs; pairs that are also learned from are left out."""
        if path is None:
            return None
        rows = lexicon_rows(read_lexicon(path), self.source, self.target, str(path))
        if self.pairs is None or self._config.seeds != "lexicon":
            return rows
        is_new = ~np.isin(rows.source, self.pairs.source)
        if not is_new.any():
            raise AlignmentError(
                f"{path}: every word of it is in --lexicon, too: nothing is held back"
            )
        if not is_new.all():
            _log.warning(
                "%s: %d pairs whose source is in --lexicon left out", path, (~is_new).sum()
            )
        return PairRows(rows.source[is_new], rows.target[is_new])

    def counts(self) -> dict[str, int]:
        """Sizes for the record."""
        pairs = 0 if self.pairs is None else len(self.pairs.source)
        return {
            "source_words": len(self.source), "target_words": len(self.target),
            "width": self.source.width, "pairs": pairs,
        }  # fmt: skip

    def key(self) -> str:
        """A digest of all that decides the result: a checkpoint of another run is not used."""
        if not self._config.self_learning:
            return ""  # such a run keeps no checkpoint
        settings = {
            name: value
            for name, value in plain(vars(self._config)).items()
            if name not in _NOT_IN_KEY
        }
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for vectors in (self.source, self.target):
            digest.update(str(vectors.matrix.shape).encode())
            for block in blocks(vectors.matrix):
                digest.update(np.ascontiguousarray(block).data)
        for rows in self.pairs or ():
            digest.update(rows.tobytes())
        return digest.hexdigest()

    def judge(self, found: Alignment) -> dict[str, Any]:
        """What the result is worth: signs without a dictionary, and the held-back pairs."""
        verdict: dict[str, Any] = {
            "aligned": True,
            "mutual_rate": found.diagnosis.mutual_rate,
            "found_again": found.diagnosis.found_again,
            "mean_cosine": found.diagnosis.mean_cosine,
            "lift": found.diagnosis.lift,
            "failed": self.is_doubtful(found),
            "attempts": found.attempts,
            "final_pairs": len(found.pairs.source),
            **found.notes,
        }
        if found.history:
            verdict["iterations"] = len(found.history)
            verdict["objective"] = found.history[-1].objective
        if self.held_back is not None:
            aligned = self._score(found.source, found.target)
            verdict["validation"] = aligned._asdict()
            if self._config.choice == "auto":
                unaligned = self._score(*_identities(found))
                verdict["validation_unaligned"] = unaligned._asdict()
                verdict["aligned"] = aligned.csls >= unaligned.csls
        return verdict

    def is_doubtful(self, found: Alignment) -> bool:
        """Whether a run without a dictionary shows the signs of failure.

        Vectors of small corpora show them with a good dictionary, too, and then mean little.
        """
        return found.diagnosis.has_failed and self._config.seeds != "lexicon"

    def _score(self, source: LanguageMap, target: LanguageMap) -> Precision:
        if self.held_back is None:
            raise ValueError("nothing is held back")
        x, z = source.apply(self.source.matrix), target.apply(self.target.matrix)
        return precision_at_one(x, z, self.held_back)


def _learn(config: AlignConfig, languages: Languages, keeper: CheckpointFile) -> Alignment:
    """Learn with progress; Ctrl-C leaves the checkpoint and says how to go on."""
    device = "cpu" if config.device == "cpu" else pick_device(config.device).type
    with Progress("align", None, "iterations") as progress:

        def report(turn: Iteration) -> None:
            progress.advance(1, f"keep {turn.keep:.1f}, objective {100 * turn.objective:.4f}")

        try:
            found = learn_maps(
                config.method, languages.source.matrix, languages.target.matrix,
                config.settings(), languages.pairs, rounds=config.rounds, seed=config.seed,
                restarts=config.restarts, accept_failure=config.accept_failure, device=device,
                threads=config.threads or None, keeper=keeper, report=report, say=progress.say,
            )  # fmt: skip
        except KeyboardInterrupt as stop:
            kept = "run it again with --resume" if keeper.path.exists() else "nothing was kept"
            raise Interrupted(f"align stopped; {kept}") from stop
    if languages.is_doubtful(found):
        _log.warning("the result is not to be trusted: %s", found.diagnosis)
    return found


def _identities(found: Alignment) -> tuple[LanguageMap, LanguageMap]:
    """Maps that leave both languages as they are."""
    width = len(found.source.matrix)
    nothing = Normalization((), np.zeros((0, width), np.float32))
    unchanged = LanguageMap(nothing, np.eye(width, dtype=np.float32))
    return unchanged, unchanged


def _checkpoint_path(config: AlignConfig) -> Path:
    return config.output_source.with_name(f"{config.output_source.name}.checkpoint.safetensors")


def _history(found: Alignment) -> dict[str, Any]:
    turns = [[t.number, t.keep, round(t.objective, 8), round(t.seconds, 3)] for t in found.history]
    return {"iterations": turns} if turns else {}


def _text(config: AlignConfig, languages: Languages, notes: dict[str, Any]) -> str:
    lines = [f"{config.output_source}: {len(languages.source):,} words in the shared space"]
    lines.append(f"{config.output_target}: {len(languages.target):,} words")
    learned = f"learned from {notes['final_pairs']:,} pairs ({config.preset})"
    if "iterations" in notes:
        learned += f" after {notes['iterations']} iterations, objective {notes['objective']:.4f}"
    lines.append(learned)
    lines.append(
        f"mutual-neighbour rate {notes['mutual_rate']:.3f}, found again by half of the pairs "
        f"{notes['found_again']:.3f}, mean cosine {notes['mean_cosine']:.3f}, "
        f"lift {notes['lift']:.3f}"
    )
    for name, label in (("validation", "held-back pairs"), ("validation_unaligned", "unaligned")):
        if name in notes:
            score = notes[name]
            lines.append(
                f"{label}: P@1 {score['nearest']:.4f} nearest, {score['csls']:.4f} CSLS "
                f"({score['words']} words)"
            )
    if not notes["aligned"]:
        lines.append("the vectors score better as they are: written unaligned")
    return "\n".join(lines)

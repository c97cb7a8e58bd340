"""The command ``align``: read two languages, learn, decide, write."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from align.checkpoint import CheckpointFile
from align.config import AlignConfig
from align.finished import finished_before
from align.held_back import HeldBack, read_held_back
from align.induced import write_induced
from align.learning import learn_maps
from align.output import write_mapped
from align.saved_map import SavedMap, write_map
from align.seeds import check_same_width, few_pairs, seed_pairs
from align.validation import WORDS, Precision
from align.vecmap.alignment import Alignment, LanguageMap, unchanged
from align.vecmap.diagnosis import LEAST_AGREEMENT, LEAST_FOUND_AGAIN, LEAST_LIFT, Diagnosis
from align.vecmap.normalization import blocks, check_finite
from align.vecmap.pairs import PairRows
from align.vecmap.self_learning import Iteration
from x2static.core.device import pick_device
from x2static.core.errors import Interrupted
from x2static.core.interrupts import StopSignals
from x2static.core.outcome import Outcome
from x2static.core.outputs import Outputs
from x2static.core.progress import Progress
from x2static.core.rejection import rejection
from x2static.core.run_record import RunRecord, plain
from x2static.core.setting import deciding
from x2static.core.vector_file import read_vectors

_log = logging.getLogger(__name__)
_AFTER_LEARNING = ("choice", "induce_cutoff")  # a checkpoint does not depend on these
_CSLS = 10  # neighbours for --induce beside a preset that learns without CSLS
_FEW = 100
_LEAST_HELD_BACK, _LEAST_OF_FEW = 0.1, 0.25


def align(config: AlignConfig) -> Outcome:
    """Learn the maps, write both languages in the shared space, say how good it is."""
    inputs = [config.source, config.target, config.lexicon, config.validation]
    outputs = Outputs("align", inputs=inputs, overwrite=config.overwrite)
    outputs.protect(_checkpoint_path(config))
    record = RunRecord("align", config, [path for path in inputs if path is not None])
    past = finished_before(config, outputs, record)
    if past is not None:
        _checkpoint_path(config).unlink(missing_ok=True)
        return Outcome(f"{config.output_source}: done before, nothing to do", past)
    languages = Languages(config)
    keeper = CheckpointFile(_checkpoint_path(config), languages.key(), resume=config.resume)
    with StopSignals():
        found = _learn(config, languages, keeper)
    verdict = languages.judge(found)
    source, target = (found.source, found.target) if verdict["aligned"] else _identities(found)
    notes = {"preset": config.preset, "method": config.method, **verdict}
    record.counts = {**languages.counts(), **_history(found)}
    with outputs.together() as batch:
        form = config.output_format
        write_mapped(languages.source, source, config.output_source, form, batch.stage)
        write_mapped(languages.target, target, config.output_target, form, batch.stage)
        if config.save_map is not None:
            write_map(SavedMap(source, target, plain(notes)), config.save_map, batch.stage)
        if config.induce is not None:
            notes["induced_pairs"] = write_induced(
                config.induce, languages.source, languages.target, source, target,
                config.induce_cutoff, config.csls or _CSLS, batch.stage,
            )  # fmt: skip
        record.notes = {"result": notes}
        for path in (config.output_source, config.output_target):
            batch.record(record, path)
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
        self.pairs, self.coverage = seed_pairs(
            config.seeds, self.source, self.target, config.lexicon
        )
        self.held_back = self._held_back(config.validation)

    def _held_back(self, path: Path | None) -> PairRows | None:
        """Validation pairs; pairs of words that are also learned from are left out."""
        if path is None:
            return None
        return read_held_back(path, self.source, self.target, self.pairs)

    def counts(self) -> dict[str, int]:
        """Sizes for the record."""
        pairs = 0 if self.pairs is None else len(self.pairs.source)
        counts = {
            "source_words": len(self.source), "target_words": len(self.target),
            "width": self.source.width, "pairs": pairs,
        }  # fmt: skip
        return counts | (asdict(self.coverage) if self.coverage else {})

    def key(self) -> str:
        """A digest of all that decides the result: a checkpoint of another run is not used."""
        if not self._config.self_learning:
            return ""  # such a run keeps no checkpoint
        settings = deciding(AlignConfig, plain(vars(self._config)))
        for name in _AFTER_LEARNING:
            del settings[name]
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
            "agreement": found.diagnosis.agreement,
            "judged_by": self.judged_by(found),
            "failed": self.doubt(found) is not None,
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
            verdict["validation_interval_95"] = aligned.intervals()
            if aligned.doubt:
                _log.warning("%s: %s", self._config.validation, aligned.doubt)
            if self._config.choice == "auto":
                unaligned = self._score(*_identities(found))
                verdict["validation_unaligned"] = unaligned._asdict()
                verdict["validation_unaligned_interval_95"] = unaligned.intervals()
                verdict["aligned"] = aligned.csls >= unaligned.csls
                if not verdict["aligned"]:
                    _log.warning("%s", rejection({"result": verdict}))
        return verdict

    def doubt(self, found: Alignment) -> str | None:
        """Why a result is not to be trusted; None where nothing speaks against it.

        The signs that need no dictionary are asked where there is none, or hardly one: vectors of
        small corpora show them with a good dictionary, too, and then mean little. `tuned` knows
        better, for it has held pairs back; those of a few frequent words are the easiest.
        """
        judged_by = self.judged_by(found)
        if judged_by == "held-back pairs":
            held_back: float = found.notes["tuning"]["held_back"]
            wanted = _LEAST_OF_FEW if self._has_few else _LEAST_HELD_BACK
            stated = f"CSLS P@1 {100 * held_back:.2f} on held-back pairs"
            return stated if held_back < wanted else None
        is_doubted = judged_by == "signs" and found.diagnosis.has_failed
        return str(found.diagnosis) if is_doubted else None

    def judged_by(self, found: Alignment) -> str | None:
        """What a result is trusted or doubted by; None: a dictionary of some size is trusted."""
        tuning = found.notes.get("tuning", {})
        if self._config.seeds == "lexicon" and tuning.get("held_back") is not None:
            return "held-back pairs"
        return "signs" if self.lacks_a_dictionary else None

    @property
    def lacks_a_dictionary(self) -> bool:
        """Whether there is no dictionary, or hardly one, to judge a result by."""
        config = self._config
        learns_by_itself = config.self_learning or config.method == "tuned"
        return config.seeds != "lexicon" or (learns_by_itself and self._has_few)

    @property
    def _has_few(self) -> bool:
        least = max(_FEW, self.source.width)
        return self.pairs is not None and len(self.pairs.source) < least

    def few_pairs(self) -> str | None:
        """A warning where the pairs leave most of a whole matrix to chance."""
        config = self._config
        is_whole = config.mapping == "orthogonal" or config.method == "rcsls"
        if self.pairs is None or config.self_learning or not is_whole:
            return None
        return few_pairs(self.pairs, self.source.width)

    def _score(self, source: LanguageMap, target: LanguageMap) -> Precision:
        if self.held_back is None:
            raise ValueError("nothing is held back")
        words = (WORDS, WORDS)  # only their rows are mapped
        held = HeldBack(self.source.matrix, self.target.matrix, self.held_back, words)
        return held.precision(source, target)


def _learn(config: AlignConfig, languages: Languages, keeper: CheckpointFile) -> Alignment:
    """Learn with progress; Ctrl-C leaves the checkpoint and says how to go on."""
    device = "cpu" if config.device == "cpu" else pick_device(config.device).type
    if remark := languages.few_pairs():
        _log.warning("%s", remark)
    with Progress("align", None, "iterations") as progress:

        def report(turn: Iteration) -> None:
            progress.advance(1, f"keep {turn.keep:.1f}, objective {100 * turn.objective:.4f}")

        try:
            found = learn_maps(
                config.method, languages.source.matrix, languages.target.matrix,
                config.settings(), languages.pairs, rounds=config.rounds, seed=config.seed,
                restarts=config.restarts, accept_failure=config.accept_failure,
                agreement_runs=config.agreement_runs if languages.lacks_a_dictionary else 0,
                device=device,
                threads=config.threads or None, keeper=keeper, report=report, say=progress.say,
            )  # fmt: skip
        except KeyboardInterrupt as stop:
            kept = "run it again with --resume" if keeper.path.exists() else "nothing was kept"
            raise Interrupted(f"align stopped; {kept}") from stop
    if doubt := languages.doubt(found):
        _log.warning("the result is not to be trusted: %s", doubt)
    return found


def _identities(found: Alignment) -> tuple[LanguageMap, LanguageMap]:
    """Maps that leave both languages as they are."""
    same = unchanged(len(found.source.matrix))
    return same, same


def _checkpoint_path(config: AlignConfig) -> Path:
    return config.output_source.with_name(f"{config.output_source.name}.checkpoint.safetensors")


def _history(found: Alignment) -> dict[str, Any]:
    turns = [[t.number, t.keep, round(t.objective, 8), round(t.seconds, 3)] for t in found.history]
    return {"iterations": turns} if turns else {}


def basis_of_trust(notes: dict[str, Any]) -> str:
    """What a result without a dictionary is trusted or doubted by, each sign beside its limit."""
    signs = [("lift", LEAST_LIFT), ("found_again", LEAST_FOUND_AGAIN)]
    if notes["agreement"] is not None:
        signs.append(("agreement", LEAST_AGREEMENT))
    stated = [
        f"{name.replace('_', ' ')} {100 * notes[name]:.1f} % (at least {100 * least:g} %)"
        for name, least in signs
    ]
    if notes["agreement"] is None:
        stated.append("no other run was asked")
    return f"{'not trusted' if notes['failed'] else 'trusted'} by these signs: {', '.join(stated)}"


def _text(config: AlignConfig, languages: Languages, notes: dict[str, Any]) -> str:
    lines = [f"{config.output_source}: {len(languages.source):,} words in the shared space"]
    lines.append(f"{config.output_target}: {len(languages.target):,} words")
    if languages.coverage is not None:
        lines.append(f"{config.lexicon}: {languages.coverage}")
    learned = f"learned from {notes['final_pairs']:,} pairs ({config.preset})"
    if "iterations" in notes:
        learned += f" after {notes['iterations']} iterations, objective {notes['objective']:.4f}"
    lines.append(learned)
    lines.append(str(Diagnosis(*(notes[field.name] for field in fields(Diagnosis)))))
    if notes["judged_by"] == "signs":
        lines.append(basis_of_trust(notes))
    for name, label in (("validation", "held-back pairs"), ("validation_unaligned", "unaligned")):
        if name in notes:
            lines.append(f"{label}: {Precision(**notes[name])}")
    if not notes["aligned"]:
        lines.append(f"{rejection({'result': notes})}: the map learned is not used")
    return "\n".join(lines)

"""Both sides of an alignment and their pairs, read and checked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

import numpy as np

from align.config import AlignConfig
from align.judging.validation import read_held_out
from align.problem import Problem
from align.seeds import FirstPairs, check_same_width, pairs_from, seed_pairs
from align.vecmap.normalization import blocks, check_finite
from x2static.core.lexicons.from_bitext import learned
from x2static.core.setting import deciding
from x2static.core.storage.run_record import plain
from x2static.core.vector_file import read_vectors

_AFTER_LEARNING = ("choice", "induce_cutoff")  # a checkpoint does not depend on these


class Languages:
    """What the files of a run hold."""

    def __init__(self, config: AlignConfig) -> None:
        """Read the files and find the pairs in them."""
        self._config = config
        limit = config.max_vocabulary or None
        self.source = read_vectors(config.source, limit=limit, on_error=config.on_error)
        self.target = read_vectors(config.target, limit=limit, on_error=config.on_error)
        check_finite(self.source.matrix, str(config.source))
        check_finite(self.target.matrix, str(config.target))
        check_same_width(self.source, self.target, (config.source, config.target))
        self.pairs, self.coverage = self._first_pairs()
        path = config.validation
        held_out = None
        if path is not None:
            held_out = read_held_out(path, self.source, self.target, self.pairs)
        self.problem = Problem(
            self.source.matrix, self.target.matrix, config.settings(), self.pairs, held_out,
            rounds=config.rounds, seed=config.seed, restarts=config.restarts,
            accept_failure=config.accept_failure, agreement_runs=config.agreement_runs,
            guessed=config.seeds_in_use != "lexicon",
        )  # fmt: skip

    def _first_pairs(self) -> FirstPairs:
        config = self._config
        if config.bitext:
            lexicon = learned([config.bitext]).lexicon
            return pairs_from(lexicon, self.source, self.target, f"--bitext {config.bitext}")
        return seed_pairs(
            config.seeds_in_use,
            self.source,
            self.target,
            config.lexicon,
            may_be_none=config.seeds == "auto",
        )

    def counts(self) -> dict[str, int]:
        """Sizes for the record."""
        pairs = 0 if self.pairs is None else len(self.pairs.source)
        counts = {
            "source_words": len(self.source),
            "target_words": len(self.target),
            "width": self.source.width,
            "pairs": pairs,
        }
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

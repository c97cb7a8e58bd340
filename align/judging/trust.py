"""What the result of ``align`` is trusted or doubted by."""

from __future__ import annotations

from align.config import AlignConfig
from align.methods.table import METHODS
from align.problem import Problem
from align.seeds import few_pairs
from align.vecmap.alignment import Alignment

HELD_OUT = "held-back pairs"  # as --json has always had it
_FEW = 100
_LEAST_HELD_OUT, _LEAST_OF_FEW = 0.1, 0.25


class Trust:
    """Asks what can be asked of a result.

    The signs that need no dictionary are asked where there is none, or hardly one: vectors of
    small corpora show them with a good dictionary, too, and then mean little. A method that holds
    pairs out knows better; those of a few frequent words are the easiest.
    """

    def __init__(self, config: AlignConfig, problem: Problem) -> None:
        """Look at what the run learns from."""
        self._config, self._problem = config, problem
        self._method = METHODS[config.method]

    def doubt(self, found: Alignment) -> str | None:
        """Why a result is not to be trusted; None where nothing speaks against it."""
        judged_by = self.judged_by(found)
        if judged_by == HELD_OUT:
            score: float = found.notes["tuning"]["held_back"]
            wanted = _LEAST_OF_FEW if self._has_few else _LEAST_HELD_OUT
            stated = f"CSLS P@1 {100 * score:.2f} on held-out pairs"
            return stated if score < wanted else None
        is_doubted = judged_by == "signs" and found.diagnosis.has_failed
        return str(found.diagnosis) if is_doubted else None

    def judged_by(self, found: Alignment) -> str | None:
        """What a result is trusted or doubted by; None: a dictionary of some size is trusted."""
        holds_out = self._config.seeds_in_use == "lexicon" and self._method.holds_pairs_out
        if holds_out and found.notes["tuning"]["held_back"] is not None:
            return HELD_OUT
        return "signs" if self.lacks_a_dictionary else None

    @property
    def lacks_a_dictionary(self) -> bool:
        """Whether there is no dictionary, or hardly one, to judge a result by."""
        config = self._config
        learns_by_itself = config.self_learning or self._method.adds_pairs
        return config.seeds_in_use != "lexicon" or (learns_by_itself and self._has_few)

    def few_pairs(self) -> str | None:
        """A warning where the pairs leave most of a whole matrix to chance."""
        problem = self._problem
        is_whole = self._method.fits_whole_matrix(problem.settings)
        if problem.pairs is None or self._config.self_learning or not is_whole:
            return None
        return few_pairs(problem.pairs, problem.width)

    @property
    def _has_few(self) -> bool:
        pairs, least = self._problem.pairs, max(_FEW, self._problem.width)
        return pairs is not None and len(pairs.source) < least

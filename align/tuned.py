"""Multi-step map with as much whitening as the pairs can bear, judged on pairs held back from it.

Whitening by (X'X)^(-1/2) lifts the directions that the pairs hardly span, and with them the noise
of vectors from a small corpus. A ridge under the eigenvalues (regularised canonical correlation,
Vinod 1976) puts an end to that: (X'X + r t I)^(-1/2), t the mean eigenvalue. How large r should be,
how strong the re-weighting, whether mutual neighbours help, and whether contrastive polishing from
there, depends on the vectors: it is decided on folds of the dictionary, then all pairs are learned
from. The folds hold back words of its rarer half: those that a user will look up are rarer still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np

from align.bootstrap import bootstrap
from align.contrast import Contrast, contrast_turns
from align.held_back import NEAR, HeldBack, places, split_rare
from align.validation import WORDS, Precision, mean_precision
from align.vecmap.alignment import Alignment, LanguageMap, Sides, align_matrices
from align.vecmap.arrays import AlignmentError, FloatMatrix
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows, check_pairs
from align.vecmap.presets import VecMapSettings
from x2static.core.normalize import unit

RIDGES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
REWEIGHTS = (0.25, 0.5)
_PLAIN = (0.0, 0.5)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Tuning:
    """What the held-back pairs decided.

    Attributes:
        ridge: of the whitening.
        reweight: exponent of the re-weighting, both sides.
        bootstrapped: whether mutual neighbours are added to the dictionary.
        polished: whether both maps are then polished contrastively.
        held_back: CSLS P@1 on the held-back pairs with these choices; None where the dictionary
            was too small to hold any back.
        plain: the same of the published multi-step map, None where it cannot be learned.
    """

    ridge: float
    reweight: float
    bootstrapped: bool
    polished: bool = False
    held_back: float | None = None
    plain: float | None = None

    def applied(self, settings: VecMapSettings) -> VecMapSettings:
        """The settings with these choices."""
        return replace(
            settings, mapping="multistep", whiten=True, ridge=self.ridge,
            source_reweight=self.reweight, target_reweight=self.reweight,
        )  # fmt: skip


def tuned(
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    pairs: PairRows,
    *,
    rounds: int,
    say: Say,
    threads: int | None = None,
    device: str = "cpu",
) -> Alignment:
    """Decide on held-back pairs, then learn from all of them.

    Args:
        source: (N, D) rows of the source language.
        target: (M, D) rows of the target language.
        settings: normalisation, de-whitening and dimensions; cutoff and CSLS of the words that may
            be added.
        pairs: the dictionary.
        rounds: of adding mutual neighbours.
        say: told what was decided.
        threads: for the search on the CPU.
        device: where the search runs.
    """
    check_pairs(pairs, len(source), len(target))
    cutoff = settings.cutoff or max(len(source), len(target))

    def learn(choice: Tuning, learned: PairRows) -> Alignment:
        applied = choice.applied(settings)
        found = align_matrices(source, target, applied, learned)
        if choice.bootstrapped:
            found = bootstrap(
                source, target, applied, learned, found, rounds=rounds, cutoff=cutoff, say=_silent,
                threads=threads, device=device,
            )  # fmt: skip
        return polish(found, source, target, sides, cutoff) if choice.polished else found

    sides = Sides(source, target, settings)
    folds = [_Fold(sides, (source, target), *parts) for parts in split_rare(pairs)]
    choice = _choose(folds, learn, settings)
    say(_stated(choice))
    return replace(learn(choice, pairs), notes={"tuning": asdict(choice)})


def polish(
    found: Alignment, source: FloatMatrix, target: FloatMatrix, sides: Sides, cutoff: int
) -> Alignment:
    """Contrastive steps on both maps, from where an alignment stands.

    Args:
        found: the alignment; its pairs are learned from.
        source: (N, D) rows of the source language.
        target: (M, D) rows of the target language.
        sides: both, for the diagnosis.
        cutoff: most frequent words per side among which a word must pick its translation.
    """
    cutoff = min(cutoff, WORDS)
    maps, looked_at, chosen = (found.source, found.target), [], []
    for side, rows, paired in zip(maps, (source, target), found.pairs, strict=True):
        near = np.union1d(np.arange(min(cutoff, len(rows))), paired)
        looked_at.append(unit(side.apply(rows[near])))
        chosen.append(places(near, paired))
    turns = contrast_turns(looked_at[0], looked_at[1], PairRows(*chosen), cutoff, Contrast())
    mapped = [
        LanguageMap(side.normalization, (side.matrix.astype(np.float64) @ turn).astype(np.float32))
        for side, turn in zip(maps, turns, strict=True)
    ]
    return replace(found, source=mapped[0], target=mapped[1], diagnosis=sides.diagnosis(*mapped))


class _Fold:
    """One division of the dictionary, with the rows that scoring looks at."""

    def __init__(
        self,
        sides: Sides,
        matrices: tuple[FloatMatrix, FloatMatrix],
        learned: PairRows,
        tested: PairRows,
    ) -> None:
        self.learned = learned
        self._held = HeldBack(*matrices, tested, (NEAR, WORDS))
        self._normalized = tuple(
            normalization.apply(rows)
            for normalization, rows in zip(sides.normalizations, self._held.rows, strict=True)
        )
        self._pairs = sides.rows_of(learned)

    def precision(self, settings: VecMapSettings) -> float:
        """CSLS P@1 of the map that these settings learn."""
        maps = final_maps(*self._pairs, settings)
        x, z = (
            rows @ matrix.astype(np.float32)
            for rows, matrix in zip(self._normalized, maps, strict=True)
        )
        return self._held.precision_of_rows(x, z).csls

    def precision_of(self, found: Alignment) -> Precision:
        """P@1 of an alignment."""
        return self._held.precision(found.source, found.target)


def _choose(
    folds: list[_Fold],
    learn: Callable[[Tuning, PairRows], Alignment],
    settings: VecMapSettings,
) -> Tuning:
    """The best of the grid; ties go to the smaller ridge, which is nearer to the published map."""
    if not folds:
        return Tuning(1.0, 0.25, bootstrapped=True)
    scores: dict[tuple[float, float], float] = {}
    for ridge in RIDGES:
        for reweight in REWEIGHTS:
            applied = Tuning(ridge, reweight, bootstrapped=False).applied(settings)
            try:
                found = [fold.precision(applied) for fold in folds]
            except AlignmentError:  # too few pairs for a map without a ridge
                continue
            scores[ridge, reweight] = float(np.mean(found))
    if not scores:
        raise AlignmentError("no map can be learned from these pairs: give more, or others")
    best = max(scores, key=lambda choice: scores[choice])
    plain = scores.get(_PLAIN)
    chosen = Tuning(*best, bootstrapped=False, held_back=scores[best], plain=plain)

    def tried(choice: Tuning) -> Precision:
        return mean_precision([fold.precision_of(learn(choice, fold.learned)) for fold in folds])

    # More pairs bear more whitening: the published map may be the better start for them.
    before = None
    for start in dict.fromkeys([best, _PLAIN] if plain is not None else [best]):
        more = Tuning(*start, bootstrapped=True, plain=plain)
        score = tried(more)
        if score.csls > (chosen.held_back or 0.0):
            chosen, before = replace(more, held_back=score.csls), score
    before = before or tried(chosen)
    after = tried(replace(chosen, polished=True))
    # Such steps mostly lift plain cosine, which is what the vectors are often used with.
    if after.csls + after.nearest > before.csls + before.nearest:
        return replace(chosen, polished=True, held_back=after.csls)
    return chosen


def _stated(choice: Tuning) -> str:
    added = "with" if choice.bootstrapped else "without"
    added += " mutual pairs" + (", polished" if choice.polished else "")
    stated = f"tuned: ridge {choice.ridge:g}, re-weighting {choice.reweight:g}, {added}"
    if choice.held_back is None:
        return f"{stated} (too few pairs to hold any back)"
    plain = "none" if choice.plain is None else f"{choice.plain:.4f}"
    return f"{stated}: CSLS P@1 {choice.held_back:.4f} on held-back pairs, published map {plain}"


def _silent(_: str) -> None:
    """What the trial runs say is of no interest."""

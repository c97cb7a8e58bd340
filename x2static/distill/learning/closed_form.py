"""The context objective in closed form, blended with the mean of a word's own states.

X2Static asks which word belongs to a context c; the score is c . u. If the contexts of each word
are a cloud around its mean m_w with one common spread S, the best scores of that form are known
without any training (Fisher 1936): u_w = S^-1 (m_w - m). One pass over the corpus gives the means
and S; nothing depends on step sizes, sampling or the order of sentences.

The own states say what a word is, the contexts what surrounds it. The blend is
    v_w = g unit(a_w + b a'_w) + h sqrt(n_w / (n_w + 5)) unit(u_w)
with a and a' the mean own states of the chosen and of a lower layer (unit length), for a word seen
n times: few contexts say little. Unless it is set, g is twice what `balance` measures on the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.normalize import unit
from x2static.distill.learning.balance import MOST_WORDS, Balance, frequent_enough, measure_balance
from x2static.distill.learning.learners import Learner
from x2static.distill.learning.row_map import (
    Matrix,
    RowMap,
    remove_common_component,
    solve_contexts,
    some_rows,
)
from x2static.distill.readings.plan import Pool
from x2static.distill.readings.readings import ContextKind, Readings

if TYPE_CHECKING:
    import torch

OWN_TO_CONTEXT = 2.0  # where both foretell the other half equally well
_SHRINK = 5.0


@dataclass(frozen=True)
class Blend:
    """How the parts are put together.

    Attributes:
        own_weight: g, length of the own half; 0: contexts only; None: twice the measured balance.
        context_weight: h, length of the context half; 0: own states only.
        lower_weight: b, weight of the lower layer's own states; 0: that layer is not read.
        mean_share: what the mean of all own states may make up of their mean square length.
        ridge: what S gets on its diagonal, in mean variances.
        kind: the pieces that make a context.
        specials: whether control tokens belong to it.
    """

    own_weight: float | None
    context_weight: float
    lower_weight: float
    mean_share: float
    ridge: float
    kind: ContextKind
    specials: bool


class ClosedFormLearner(Learner):
    """Sums of own states and contexts per word, and the spread of all contexts."""

    needs_own = True

    def __init__(self, blend: Blend, sums: Mapping[str, torch.Tensor]) -> None:
        """Go on from saved sums (see `fresh_sums`)."""
        self._blend, self._sums = blend, dict(sums)
        self.balance: Balance | None = None

    def learn(self, pool: Pool, readings: Readings, _rng: np.random.Generator, /) -> None:
        """Add the targets of a pool."""
        import torch

        sums = self._sums
        words = torch.from_numpy(pool.words).to(sums["seen"].device)
        sums["seen"] += torch.bincount(words, minlength=len(sums["seen"]))
        for layer in range(len(readings.own)):
            if f"own{layer}" in sums:  # readings kept for other runs may have more than is wanted
                sums[f"own{layer}"].index_add_(0, words, readings.own_means(pool, layer))
        context, usable = readings.contexts(pool, self._blend.kind, specials=self._blend.specials)
        context, met = context[usable], words[usable]
        if "half_seen" in sums:
            odd = torch.from_numpy(pool.sentences[pool.sentence_of] % 2 == 1).to(words.device)
            self._add_half(words, odd, readings.own_means(pool), "own", "seen")
            self._add_half(met, odd[usable], context, "context", "met")
        sums["context"].index_add_(0, met, context)
        sums["met"] += torch.bincount(met, minlength=len(sums["met"]))
        sums["spread"] += (context.T @ context).double()

    def _add_half(
        self, words: torch.Tensor, odd: torch.Tensor, rows: torch.Tensor, name: str, number: str
    ) -> None:
        """Add what stands in sentences of odd number, for the frequent words alone."""
        import torch

        size = len(self._sums["half_seen"])
        chosen = torch.nonzero(odd & (words < size))[:, 0]
        self._sums[f"half_{name}"].index_add_(0, words[chosen], rows[chosen])
        self._sums[f"half_{number}"] += torch.bincount(words[chosen], minlength=size)

    def state(self) -> dict[str, torch.Tensor]:
        """All sums."""
        return self._sums

    def matrix(self, first: int | None = None) -> Matrix:
        """(V, D) the blend as it stands, or that of the first words."""
        size, width = self._sums["context"].shape
        return self._blended(np.empty((size if first is None else first, width), np.float32))

    def finish(self) -> Matrix:
        """(V, D) the blend, written over the sums: the learner is spent."""
        return self._blended(self._sums["context"].cpu().numpy())

    def _blended(self, out: Matrix) -> Matrix:
        blend, sums = self._blend, self._arrays()
        met = sums["met"]
        contexts = solve_contexts(sums["context"], met, sums["spread"], blend.ridge)
        trust = np.sqrt(met / (met + _SHRINK)).astype(np.float32)[:, None]
        own = self._own(sums)
        weight = self._own_weight(sums, own, contexts)
        for part in some_rows(len(out)):
            rows = np.float32(blend.context_weight) * trust[part] * unit(contexts.rows(part))
            if own:
                states = own[0].rows(part)
                if len(own) > 1:
                    states = unit(states + np.float32(blend.lower_weight) * own[1].rows(part))
                rows += np.float32(weight) * states
            out[part] = rows
        return out

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: tensor.cpu().numpy() for name, tensor in self._sums.items()}

    def _own(self, sums: Mapping[str, NDArray[Any]]) -> list[RowMap]:
        wanted = self._blend.own_weight != 0
        layers = [f"own{n}" for n in range(2) if f"own{n}" in sums and wanted]
        return [
            remove_common_component(sums[name], sums["seen"], self._blend.mean_share)
            for name in layers
        ]

    def _own_weight(
        self, sums: Mapping[str, NDArray[Any]], own: list[RowMap], contexts: RowMap
    ) -> float:
        if self._blend.own_weight is not None:
            return self._blend.own_weight
        self.balance = balance_of(sums, own[0], contexts)
        return OWN_TO_CONTEXT * self.balance.ratio


def balance_of(sums: Mapping[str, NDArray[Any]], own: RowMap, contexts: RowMap) -> Balance:
    """The balance of the frequent words, their even sentences against their odd ones."""
    size = len(sums["half_seen"])
    other = {name: sums[f"half_{name}"] for name in ("seen", "met", "context")}
    seen, met = sums["seen"][:size] - other["seen"], sums["met"][:size] - other["met"]
    rows = frequent_enough(met, other["met"])
    half = replace(own, sums=sums["own0"][:size] - sums["half_own"], number=seen)
    here = replace(contexts, sums=contexts.sums[:size] - other["context"], number=met)
    there = replace(contexts, sums=other["context"], number=other["met"])
    return measure_balance(half.rows()[rows], unit(here.rows()[rows]), unit(there.rows()[rows]))


def fresh_sums(
    size: int, width: int, layers: int, device: torch.device, *, with_halves: bool = False
) -> dict[str, torch.Tensor]:
    """Sums before the first pool, for one or two layers of own states.

    ``with_halves`` adds those that `balance_of` needs, of the most frequent words alone.
    """
    import torch

    own = {f"own{n}": torch.zeros(size, width, device=device) for n in range(layers)}
    if with_halves:
        head = min(size, MOST_WORDS)
        own |= {
            "half_own": torch.zeros(head, width, device=device),
            "half_seen": torch.zeros(head, dtype=torch.int64, device=device),
            "half_context": torch.zeros(head, width, device=device),
            "half_met": torch.zeros(head, dtype=torch.int64, device=device),
        }
    return own | {
        "seen": torch.zeros(size, dtype=torch.int64, device=device),
        "context": torch.zeros(size, width, device=device),
        "met": torch.zeros(size, dtype=torch.int64, device=device),
        "spread": torch.zeros(width, width, dtype=torch.float64, device=device),
    }

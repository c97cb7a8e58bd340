"""How often each pair of languages is drawn, given how many sentence pairs there are of each.

Counts and shares are symmetric matrices over the languages with an empty diagonal; shares sum to 1,
and each unordered pair stands in them twice. Every method keeps a pair without data at 0.

* ``sinkhorn`` (Patra et al. 2023, eq. 2): among all shares whose marginals are the tempered ones,
  those of least Kullback-Leibler divergence from the data. They are diag(u) Q diag(u).
* ``m2m`` (Fan et al. 2021; eq. 1 there): those that maximise Tr(P Q), a linear programme. It leaves
  most pairs at 0, and serves comparison.
* ``temperature``: count to the power 1/T.
* ``english``: the same among the pairs with one language, the hub, alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError, require

Shares = NDArray[np.float64]
SamplingName = Literal["sinkhorn", "m2m", "temperature", "english"]
SAMPLINGS: tuple[SamplingName, ...] = get_args(SamplingName)
_ROUNDS = 5000
_CLOSE = 1e-9
_STILL = 1e-15
_MET = 1e-4


@dataclass(frozen=True)
class PairShares:
    """What a method makes of the counts.

    Attributes:
        shares: (L, L) symmetric, sums to 1.
        wanted: (L,) marginals asked for, or None where a method asks for none.
    """

    shares: Shares
    wanted: Shares | None = None

    @property
    def marginals(self) -> Shares:
        """(L,) the share of each language's side of the pairs."""
        found: Shares = self.shares.sum(axis=1)
        return found

    @property
    def misses(self) -> float:
        """Largest distance of a marginal from the one asked for."""
        if self.wanted is None:
            return 0.0
        return float(np.abs(self.marginals - self.wanted).max())

    @property
    def meets_marginals(self) -> bool:
        """Whether the marginals are those asked for."""
        return self.misses <= _MET

    def used(self, counts: NDArray[np.int64]) -> float:
        """The share of the sentence pairs that are ever drawn."""
        return float(counts[self.shares > 0].sum() / counts.sum())

    def density(self, counts: NDArray[np.int64]) -> float:
        """The share of the language pairs with data that are ever drawn."""
        return float((self.shares > 0).sum() / (counts > 0).sum())


def sample_pairs(
    counts: NDArray[np.int64], method: SamplingName, temperature: float = 1.0, hub: int = 0
) -> PairShares:
    """The shares that a method gives.

    Args:
        counts: (L, L) sentence pairs of each two languages, symmetric.
        method: its name.
        temperature: flattens what is sampled by size; 1 is by size, larger is flatter.
        hub: the language of ``english``.

    Raises:
        ConfigError: no pair at all, or a temperature below 1.
    """
    if not temperature >= 1 or not np.isfinite(temperature):
        raise ConfigError(f"the sampling temperature must be at least 1, got {temperature}")
    if not counts.any():
        raise ConfigError("no two languages have a sentence pair in common")
    data = counts / counts.sum()
    if method == "temperature":
        return PairShares(_tempered(data, temperature))
    if method == "english":
        own = np.zeros_like(data)
        own[hub], own[:, hub] = data[hub], data[:, hub]
        if not own.any():
            raise ConfigError("no language has a sentence pair with the hub")
        return PairShares(_tempered(own, temperature))
    wanted = _tempered(data.sum(axis=1), temperature)
    shares = _scaled(data, wanted) if method == "sinkhorn" else _linear(data, wanted)
    return PairShares(shares, wanted)


def _tempered(shares: Shares, temperature: float) -> Shares:
    """Shares to the power 1/T, summing to 1; 0 stays 0."""
    powers = np.zeros_like(shares)
    np.power(shares, 1 / temperature, out=powers, where=shares > 0)
    result: Shares = powers / powers.sum()
    return result


def _scaled(data: Shares, wanted: Shares) -> Shares:
    """diag(u) Q diag(u) with the wanted marginals, or as near as the pairs with data allow.

    The matrix is symmetric, so one vector scales both sides; its square root keeps the iteration
    from swinging between them. Where no shares have these marginals, as with pairs of English
    alone, the iteration stands still at shares that miss them.
    """
    shares = data
    for _ in range(_ROUNDS):
        reached = shares.sum(axis=1)
        if np.abs(reached - wanted).max() < _CLOSE:
            break
        step = np.zeros_like(wanted)
        np.divide(wanted, reached, out=step, where=reached > 0)
        root = np.sqrt(step)
        scaled = root[:, None] * shares * root
        scaled /= scaled.sum()
        if np.abs(scaled - shares).max() < _STILL:
            break
        shares = scaled
    return shares


def _linear(data: Shares, wanted: Shares) -> Shares:
    """The shares of maximal Tr(P Q) with the wanted marginals; slack is taken where none exist."""
    optimize = require("scipy.optimize", "bitext", "m2m sampling")
    sparse = require("scipy.sparse", "bitext", "m2m sampling")
    first, second = np.nonzero(np.triu(data))
    size, edges = len(wanted), np.arange(len(first))
    # One variable per unordered pair; half its weight lies at either language's row. The marginals
    # may be missed at a price above any gain, so that the programme always has a solution.
    rows, columns = np.concatenate([first, second]), np.concatenate([edges, edges])
    incidence = sparse.csr_matrix((np.full(len(rows), 0.5), (rows, columns)), (size, len(edges)))
    slack = sparse.identity(size, format="csr")
    system = sparse.hstack([incidence, slack, -slack], format="csr")
    cost = np.concatenate([-data[first, second], np.full(2 * size, 10.0)])
    answer = optimize.linprog(cost, A_eq=system, b_eq=wanted, bounds=(0, None), method="highs")
    shares = np.zeros_like(data)
    shares[first, second] = np.maximum(answer.x[: len(edges)], 0) / 2
    shares += shares.T
    result: Shares = shares / shares.sum()
    return result

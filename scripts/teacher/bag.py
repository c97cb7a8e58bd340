"""The first stage: a vector for each piece, so that the mean of an item's pieces is its meaning.

An item moves to the English vector of what it translates, away from those of the other items of
the batch; items of one English sentence move to each other; and the two halves of a sentence's
pieces move to each other, which is all that text without translation can teach here. A piece's
length becomes its weight in the mean.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from scripts.teacher.items import Items

WIDTH = 254  # of 256: two directions are left for what blocks need
SHARES = {
    "dict": 0.27,
    "bible": 0.30,
    "tico-19": 0.11,
    "mozilla-www": 0.09,
    "gnome-user-docs": 0.09,
    "libreoffice-help": 0.14,
}
POWER, _MONO_POWER = 0.5, 0.3
_CONTRAST, _HALVES_CONTRAST = 0.05, 0.1
_WARMUP = 50


@dataclass(frozen=True)
class BagSettings:
    """How the pieces' vectors are learned.

    Attributes:
        batch: items of an update.
        rate: the largest step of Adam; it falls to 0 linearly.
        siblings: weight of moving translations to each other.
        halves: weight of moving halves of sentences to each other.
        seed: of every draw.
    """

    batch: int = 2048
    rate: float = 3e-3
    siblings: float = 0.5
    halves: float = 0.3
    seed: int = 1


def reduced_targets(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """(N, WIDTH) unit vectors: the mean taken off, turned to the directions that vary most."""
    centred = vectors.astype(np.float32)
    centred -= centred.mean(0)
    _, turn = np.linalg.eigh(centred.T @ centred)
    return unit(centred @ turn[:, ::-1][:, :WIDTH])


def unit(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1."""
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)


def starting_pieces(items: Items, targets: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(V, WIDTH) the mean English vector of the items that hold a piece."""
    import scipy.sparse

    sums, counts = np.zeros((size, targets.shape[1]), np.float32), np.zeros(size)
    for kind in SHARES:
        for rows in items.groups[kind].values():
            rows = rows[:20_000]
            pieces, lengths = items.bag(rows)
            weight = len(rows) ** -0.5
            at = (pieces, np.repeat(np.arange(len(rows)), lengths))
            values = np.full(len(pieces), weight, np.float32)
            sums += (
                scipy.sparse.csr_matrix((values, at), (size, len(rows)))
                @ targets[items.targets[rows]]
            )
            counts += np.bincount(pieces, minlength=size) * weight
    return np.asarray(0.3 * sums / np.maximum(counts, 1e-3)[:, None], np.float32)


class Siblings:
    """Finds, for an English sentence, an item that translates it."""

    def __init__(self, items: Items, kind: str) -> None:
        """Sort the items of a kind by their vectors."""
        rows = np.concatenate(list(items.groups[kind].values()))
        self._rows = rows[np.argsort(items.targets[rows], kind="stable")]
        found, self._begins = np.unique(items.targets[self._rows], return_index=True)
        self._ends = np.append(self._begins[1:], len(rows))
        self._place = {int(target): place for place, target in enumerate(found)}

    def draw(self, rng: np.random.Generator, targets: NDArray[np.int32]) -> NDArray[np.int64]:
        """One item of each target, at random."""
        places = np.array([self._place[int(target)] for target in targets])
        begins, ends = self._begins[places], self._ends[places]
        return self._rows[begins + (rng.random(len(places)) * (ends - begins)).astype(np.int64)]


class Bag:
    """Learns the pieces' vectors."""

    def __init__(
        self,
        items: Items,
        targets: NDArray[np.float32],
        start: NDArray[np.float32],
        settings: BagSettings,
    ) -> None:
        """Begin at ``start``."""
        self.items, self.settings = items, settings
        self.rng = np.random.default_rng(settings.seed)
        self._targets = torch.from_numpy(targets)
        self.model = torch.nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(start.copy()), freeze=False, mode="mean"
        )
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings.rate, betas=(0.9, 0.99), fused=True
        )
        self._kinds = list(SHARES)
        self._shares = np.array(list(SHARES.values())) / sum(SHARES.values())
        self._siblings = {kind: Siblings(items, kind) for kind in SHARES if kind != "dict"}
        mono = items.groups["mono"]
        sizes = np.array([len(rows) for rows in mono.values()]) ** _MONO_POWER
        self._mono, self._mono_shares = list(mono.values()), sizes / sizes.sum()

    def vectors(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """(B, WIDTH) unit vectors of items."""
        return self._mean(*self.items.bag(rows))

    def _mean(self, pieces: NDArray[np.int64], lengths: NDArray[np.int64]) -> torch.Tensor:
        begins = torch.from_numpy(np.cumsum(lengths) - lengths)
        return F.normalize(self.model(torch.from_numpy(pieces), begins), dim=1)

    def update(self, step: int, progress: float) -> dict[str, float]:
        """One step; ``progress`` from 0 to 1 sets its size. Gives the losses."""
        rate = self.settings.rate * min(1, (step + 1) / _WARMUP) * max(0.02, 1 - progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        kind = self._kinds[self.rng.choice(len(self._kinds), p=self._shares)]
        rows = self.items.draw(self.rng, kind, self.settings.batch, POWER)
        numbers = torch.from_numpy(self.items.targets[rows].astype(np.int64))
        same = (numbers[:, None] == numbers[None]).fill_diagonal_(False)
        own = self.vectors(rows)
        loss = contrast(own, self._targets[numbers], _CONTRAST, same)
        losses = {kind: loss.item()}
        if step % 2 and kind != "dict":
            half = len(rows) // 2
            others = self._siblings[kind].draw(self.rng, self.items.targets[rows[:half]])
            other = self.vectors(others)
            near = contrast(own[:half], other, _CONTRAST, same[:half, :half])
            near = (near + contrast(other, own[:half], _CONTRAST, same[:half, :half])) / 2
            losses[f"siblings {kind}"] = near.item()
            loss = loss + self.settings.siblings * near
        if not step % 2:
            halves = self._halves()
            losses["halves"] = halves.item()
            loss = loss + self.settings.halves * halves
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return losses

    def _halves(self) -> torch.Tensor:
        """The loss of finding, among sentences of one language, the other half of a sentence."""
        language = self._mono[self.rng.choice(len(self._mono), p=self._mono_shares)]
        rows = self.rng.choice(language, self.settings.batch // 2)
        pieces, lengths = self.items.bag(rows)
        owner, first = np.repeat(np.arange(len(rows)), lengths), self.rng.random(len(pieces)) < 0.5
        one, two = (
            self._mean(pieces[chosen], np.bincount(owner[chosen], minlength=len(rows)))
            for chosen in (first, ~first)
        )
        return (contrast(one, two, _HALVES_CONTRAST) + contrast(two, one, _HALVES_CONTRAST)) / 2


def contrast(
    own: torch.Tensor, others: torch.Tensor, temperature: float, same: torch.Tensor | None = None
) -> torch.Tensor:
    """InfoNCE of rows that belong together; pairs that are ``same`` do not count."""
    with torch.autocast("cpu", torch.bfloat16):
        scores = own @ others.T
    scores = scores.float() / temperature
    if same is not None:
        scores = scores.masked_fill(same, -1e4)
    return F.cross_entropy(scores, torch.arange(len(own)))


def train_bag(bag: Bag, steps: int, place: Path, every: int = 500) -> NDArray[np.float32]:
    """Run to the end, from the last checkpoint if there is one; gives the pieces' vectors."""
    step = 0
    if place.exists():
        state: dict[str, Any] = torch.load(place, weights_only=False)
        bag.model.load_state_dict(state["model"])
        bag.optimizer.load_state_dict(state["optimizer"])
        bag.rng, step = state["rng"], state["step"]
    began, seen = time.monotonic(), {}
    while step < steps:
        for name, loss in bag.update(step, step / steps).items():
            seen.setdefault(name, []).append(loss)
        step += 1
        if step % 100 == 0:
            shown = {name: round(float(np.mean(values)), 2) for name, values in seen.items()}
            print(f"bag {step} {time.monotonic() - began:.0f} s {shown}", flush=True)
            seen = {}
        if step % every == 0 or step == steps:
            state = {
                "model": bag.model.state_dict(),
                "optimizer": bag.optimizer.state_dict(),
                "rng": bag.rng,
                "step": step,
            }
            torch.save(state, place.with_suffix(".tmp"))
            place.with_suffix(".tmp").rename(place)
    return np.asarray(bag.model.weight.detach().numpy())

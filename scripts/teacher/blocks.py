"""The second stage: transformer blocks over the pieces' vectors, begun as a weighted mean.

Sentences, with some pieces hidden, move to their English vectors at a middle block, while the last
block guesses the hidden pieces, of texts and of translated pairs.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from scripts.teacher.bag import POWER, SHARES, Siblings
from scripts.teacher.items import Items
from scripts.teacher.start import END, PAD, START, BlockSettings, directions

_LONGEST_SIDE = 60  # pieces of each side of a translated pair


_MASK_RATES = {"sentences": 0.15, "mono": 0.2, "pairs": 0.3}
_MONO_POWER, _CONTRAST, _WARMUP, _DECAY = 0.4, 0.05, 60, 0.01


class Blocks:
    """Learns the blocks."""

    def __init__(
        self,
        model: Any,
        items: Items,
        targets: NDArray[np.float32],
        mask_id: int,
        settings: BlockSettings,
    ) -> None:
        """Train ``model`` on items with (N, WIDTH) English vectors."""
        self.model, self.items, self.settings = model, items, settings
        self.rng = np.random.default_rng(settings.seed)
        self.size, self._mask_id = int(model.config.vocab_size), mask_id
        self._targets = torch.from_numpy(targets @ directions()[1])
        self._kinds = list(SHARES)
        self._shares = np.array(list(SHARES.values())) / sum(SHARES.values())
        self._pool = {
            kind: np.unique(np.concatenate([items.targets[rows] for rows in groups.values()]))
            for kind, groups in items.groups.items()
            if kind != "mono"
        }
        self._paired = [kind for kind in SHARES if kind != "dict"]
        self._siblings = {kind: Siblings(items, kind) for kind in self._paired}
        mono = list(items.groups["mono"].values())
        sizes = np.array([len(rows) for rows in mono]) ** _MONO_POWER
        self._mono, self._mono_shares = mono, sizes / sizes.sum()
        self._waiting: list[tuple[str, str, list[NDArray[np.int64]], NDArray[np.int32]]] = []
        self.tokens = 0
        tables = model.roberta.embeddings
        pieces = [tables.word_embeddings.weight, tables.position_embeddings.weight]
        known = {id(parameter) for parameter in pieces}
        rest = [p for p in model.parameters() if id(p) not in known]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": pieces, "base": settings.piece_rate, "weight_decay": 0.0},
                {"params": [p for p in rest if p.dim() > 1], "base": settings.rate,
                 "weight_decay": _DECAY},
                {"params": [p for p in rest if p.dim() < 2], "base": settings.rate,
                 "weight_decay": 0.0},
            ],
            lr=settings.rate, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip

    def update(self, step: int, progress: float) -> dict[str, float]:
        """One step; ``progress`` from 0 to 1 sets its size. Gives the losses."""
        while len(self._waiting) < 12:
            self._fill()
        factor = min(1, (step + 1) / _WARMUP) * max(0.02, 1 - progress)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        what, kind, rows, targets = self._waiting.pop()
        ids, mask = padded(rows)
        hidden, chosen = self._hide(ids, mask, 0.0 if kind == "dict" else _MASK_RATES[what])
        self.tokens += int(mask.sum())
        losses: dict[str, torch.Tensor] = {}
        with torch.autocast("cpu", torch.bfloat16):
            states = self.model.roberta(
                torch.from_numpy(hidden),
                attention_mask=torch.from_numpy(mask).long(),
                output_hidden_states=True,
            ).hidden_states
            if chosen.any():
                weight = self.settings.masked * (1 if what == "sentences" else 2)
                losses[f"masked {what}"] = weight * self._guess(states[-1], ids, chosen)
            if what == "sentences":
                losses[kind] = self._sentences(states[self.settings.middle], mask, kind, targets)
        self.optimizer.zero_grad()
        sum(losses.values(), start=torch.zeros(())).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {name: loss.item() for name, loss in losses.items()}

    def _guess(
        self, last: torch.Tensor, ids: NDArray[np.int64], chosen: NDArray[np.bool_]
    ) -> torch.Tensor:
        """Cross entropy of the hidden pieces among the right ones and random others."""
        head, labels = self.model.lm_head, torch.from_numpy(ids[chosen])
        found = head.layer_norm(F.gelu(head.dense(last[torch.from_numpy(chosen)])))
        others = torch.from_numpy(self.rng.integers(END + 3, self.size, self.settings.sampled))
        among = torch.unique(torch.cat([labels, others]))
        table = self.model.roberta.embeddings.word_embeddings.weight
        scores = F.linear(found, table[among], head.bias[among]).float()
        return F.cross_entropy(scores, torch.searchsorted(among, labels))

    def _sentences(
        self, states: torch.Tensor, mask: NDArray[np.bool_], kind: str, targets: NDArray[np.int32]
    ) -> torch.Tensor:
        """InfoNCE of the mean states (control tokens count) and the English vectors."""
        share = torch.from_numpy(mask).float().unsqueeze(2)
        own = F.normalize((states.float() * share).sum(1) / share.sum(1), dim=1)
        among, place = np.unique(targets, return_inverse=True)
        pool = self._pool[kind]
        others = self.rng.choice(pool, min(self.settings.negatives, len(pool)))
        rows = np.concatenate([among, np.setdiff1d(others, targets)]).astype(np.int64)
        scores = (own @ self._targets[torch.from_numpy(rows)].T).float() / _CONTRAST
        return F.cross_entropy(scores, torch.from_numpy(place))

    def _hide(
        self, ids: NDArray[np.int64], mask: NDArray[np.bool_], rate: float
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Pieces with some hidden (8 of 10 by the mask, 1 by a random piece), and which."""
        chosen = (self.rng.random(ids.shape) < rate) & mask & (ids > END + 1)
        how, hidden = self.rng.random(ids.shape), ids.copy()
        hidden[chosen & (how < 0.8)] = self._mask_id
        random = chosen & (how >= 0.9)
        hidden[random] = self.rng.integers(END + 3, self.size, int(random.sum()))
        return hidden, chosen

    def _fill(self) -> None:
        """Batches of similar length of one kind, or of text, or of pairs, put in random order."""
        size, way = self.settings.batch, self.rng.random()
        none = np.zeros(0, np.int32)
        if way < self.settings.pairs:
            self._waiting += [("pairs", "", rows, none) for rows in _cut(self._pairs(), size // 2)]
        elif way < self.settings.pairs + self.settings.mono:
            chosen = self.rng.choice(len(self._mono), 4 * size, p=self._mono_shares)
            rows = [_framed(self.items.pieces(self.rng.choice(self._mono[n]))) for n in chosen]
            self._waiting += [("mono", "", part, none) for part in _cut(rows, size)]
        else:
            kind = self._kinds[self.rng.choice(len(self._kinds), p=self._shares)]
            size = 2 * size if kind == "dict" else size
            chosen = self.items.draw(self.rng, kind, 4 * size, POWER)
            lengths = [len(self.items.pieces(row)) for row in chosen]
            chosen = chosen[np.argsort(lengths, kind="stable")]
            for begin in range(0, len(chosen), size):
                part = chosen[begin : begin + size]
                rows = [_framed(self.items.pieces(row)) for row in part]
                self._waiting.append(("sentences", kind, rows, self.items.targets[part]))
        self.rng.shuffle(self._waiting)  # type: ignore[arg-type]

    def _pairs(self) -> list[NDArray[np.int64]]:
        """Two translations of one sentence each, one after the other."""
        sizes = np.array([SHARES[kind] for kind in self._paired])
        kind = self._paired[self.rng.choice(len(sizes), p=sizes / sizes.sum())]
        first = self.items.draw(self.rng, kind, 2 * self.settings.batch, POWER)
        second = self._siblings[kind].draw(self.rng, self.items.targets[first])
        sides = [
            [self.items.pieces(row)[:_LONGEST_SIDE] for row in pair]
            for pair in zip(first, second, strict=True)
            if pair[0] != pair[1]
        ]
        frame = np.array([END, END])
        return [_framed(np.concatenate([one, frame, other])) for one, other in sides]


def padded(rows: list[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(B, T) ids and which of them count."""
    ids = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    mask = np.zeros(ids.shape, bool)
    for number, row in enumerate(rows):
        ids[number, : len(row)], mask[number, : len(row)] = row, True
    return ids, mask


def _framed(pieces: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[START], pieces, [END]])


def _cut(rows: list[NDArray[np.int64]], size: int) -> list[list[NDArray[np.int64]]]:
    """Full batches of rows of similar length."""
    rows = sorted(rows, key=len)
    return [rows[begin : begin + size] for begin in range(0, len(rows) - size + 1, size)]


def train_blocks(blocks: Blocks, steps: int, work: Path, every: int = 100) -> None:
    """Run to the end, from the last checkpoint if there is one."""
    place, step = work / "blocks.pt", 0
    if place.exists():
        state = torch.load(place, weights_only=False)
        blocks.model.load_state_dict(state["model"])
        blocks.optimizer.load_state_dict(state["optimizer"])
        blocks.rng, blocks._waiting = state["rng"], state["waiting"]
        step, blocks.tokens = state["step"], state["tokens"]
    began, seen = time.monotonic(), {}
    curve = (work / "curve.jsonl").open("a", encoding="utf-8", buffering=1)
    while step < steps:
        for name, loss in blocks.update(step, step / steps).items():
            seen.setdefault(name, []).append(loss)
        step += 1
        if step % 50 == 0:
            shown = {
                name: round(float(np.mean(values)), 3) for name, values in sorted(seen.items())
            }
            line = json.dumps({"step": step, "pieces": blocks.tokens, "loss": shown})
            curve.write(line + "\n")
            print(f"{time.monotonic() - began:.0f} s {line}", flush=True)
            seen = {}
        if step % every == 0 or step == steps:
            state = {
                "model": blocks.model.state_dict(),
                "optimizer": blocks.optimizer.state_dict(),
                "rng": blocks.rng,
                "waiting": blocks._waiting,
                "step": step,
                "tokens": blocks.tokens,
            }
            torch.save(state, place.with_suffix(".tmp"))
            place.with_suffix(".tmp").rename(place)
    curve.close()

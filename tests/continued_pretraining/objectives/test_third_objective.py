"""A further objective is one file and one line in the table: replaced pieces are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from continued_pretraining.objectives.objective import Objective
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.objectives.table import TABLE
from continued_pretraining.text.batch import MicroBatch
from continued_pretraining.text.plan import TextShare
from tests.continued_pretraining.test_runs import curve, flags, weights
from x2static.teacher.batches import spread


@dataclass(frozen=True)
class Replacement:
    """Puts a random piece in the place of every fifth."""

    random_ids: np.ndarray

    def hide(self, ids, _lengths, rng):
        replaced = rng.random(len(ids)) < 0.2
        seen = np.where(replaced, rng.choice(self.random_ids, len(ids)), ids)
        return seen, replaced


class ReplacedPieces(Objective):
    """Was this piece there in the text? A linear head says so of every piece."""

    name = "replaced"
    label = "replaced"
    weight = 0.5

    def __init__(self, parts: Parts) -> None:
        self.corruption = Replacement(parts.tokenizer.random_ids)
        self.head = nn.Linear(parts.model.width, 1).to(parts.model.device)
        nn.init.zeros_(self.head.weight)

    def count(self, share: TextShare) -> int:
        return share.num_pieces

    def loss_sum(
        self, share: TextShare, batch: MicroBatch, states: Tensor, prepared: object
    ) -> Tensor:
        places = torch.from_numpy(spread(batch.starts, batch.lengths))
        replaced = np.concatenate([share.guessed[member] for member in batch.members.tolist()])
        scores = self.head(states.flatten(0, 1)[places]).squeeze(1)
        gold = torch.from_numpy(replaced).to(scores.dtype)
        return nn.functional.binary_cross_entropy_with_logits(scores, gold, reduction="sum")


class LongMeans(Objective):
    """Large sentence means are a cost; it reads what the first objective reads, and has no head."""

    name = "means"
    label = "means"

    def count(self, share: TextShare) -> int:
        return len(share.original)

    def loss_sum(
        self, share: TextShare, batch: MicroBatch, states: Tensor, prepared: object
    ) -> Tensor:
        flat = states.flatten(0, 1)
        spans = zip(batch.starts.tolist(), batch.lengths.tolist(), strict=True)
        return torch.stack([flat[s : s + n].mean(0).square().mean() for s, n in spans]).sum()


@pytest.mark.parametrize("loss", [("--loss", "none"), ("--loss", "dcca", "--words", "context")])
def test_a_third_objective_needs_a_line_in_the_table(
    tmp_path: Path, data, model_folder, run_cli, monkeypatch, stopped_at, loss
):
    def arguments(name: str, *extra: object) -> list[str]:
        given = ("--steps", 3, "--validate-every", 3, "--choose", "last", *loss, *extra)
        return flags(data, model_folder, tmp_path / name, *given)

    assert run_cli(*arguments("plain"))[0] == 0
    monkeypatch.setitem(TABLE, "replaced-pieces", ReplacedPieces)
    monkeypatch.setitem(TABLE, "long-means", lambda parts: LongMeans())
    code, _, err = run_cli(*arguments("whole"))
    assert code == 0, err
    assert "replaced loss" in err  # validation
    rows = curve(tmp_path / "whole")
    losses = [row["replaced"] for row in rows if "replaced" in row]
    assert len(losses) == 3
    assert 0 < losses[-1] < losses[0]
    assert all(row["means"] > 0 for row in rows if "mlm" in row)
    assert rows[-1]["validation"]["replaced"] > 0
    head = load_file(tmp_path / "whole" / "replaced.safetensors")
    assert set(head) == {"weight", "bias"}
    assert head["weight"].abs().min() > 0  # all were 0, so it learned
    assert weights(tmp_path / "whole") != weights(tmp_path / "plain")
    # what the first objective sees is drawn as without the others
    first, alone = (next(r for r in curve(tmp_path / n) if "mlm" in r) for n in ("whole", "plain"))
    assert first["mlm"] == pytest.approx(alone["mlm"], rel=1e-5)

    with stopped_at(1):
        assert "stopped after 2 of 3" in run_cli(*arguments("parts"))[1]
    code, _, err = run_cli(*arguments("parts", "--resume"))
    assert code == 0, err
    for name in ("model.safetensors", "replaced.safetensors"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert curve(tmp_path / "parts") == rows

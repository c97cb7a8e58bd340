"""Checkpoints of a run: which are kept, and what a damaged one leads to."""

from __future__ import annotations

from pathlib import Path

import torch

from x2static.core.storage.checkpoint import CheckpointFolder


def save(folder: CheckpointFolder, step: int) -> None:
    folder.save({"step": step}, {"weight": torch.full((3,), float(step))})


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_the_two_newest_are_kept(tmp_path):
    folder = CheckpointFolder(tmp_path)
    for step in (1, 2, 3):
        save(folder, step)
    assert names(tmp_path) == ["00000002", "00000003"]
    found, complaints = folder.load()
    assert found is not None
    assert (found.position, complaints) == ({"step": 3}, [])
    assert found.tensors["weight"].tolist() == [3, 3, 3]


def test_a_damaged_one_makes_room_for_a_whole_one(tmp_path):
    folder = CheckpointFolder(tmp_path)
    save(folder, 1)
    save(folder, 2)
    state = tmp_path / "00000002" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-4] + bytes(4))
    resumed = CheckpointFolder(tmp_path)
    found, complaints = resumed.load()
    assert found is not None
    assert found.position == {"step": 1}
    assert len(complaints) == 1
    save(resumed, 2)
    assert [position["step"] for position in resumed.positions()] == [1, 2]
    assert "00000002" not in names(tmp_path)

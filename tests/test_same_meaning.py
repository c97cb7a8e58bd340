"""A setting that several commands have means the same in each of them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from x2static.commands import COMMANDS, load
from x2static.core.machine import device
from x2static.core.machine.device import DEVICE, device_type
from x2static.core.setting import RESUME, Field, fields_of, free
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


def having(name: str) -> dict[str, Field]:
    """The setting in each command that has it."""
    found = {
        command: field
        for command in COMMANDS
        for field in fields_of(load(COMMANDS[command].config))
        if field.name == name
    }
    assert len(found) > 5
    return found


@pytest.mark.parametrize(("name", "said", "default"), [("device", DEVICE, "auto"),
                                                       ("resume", RESUME, False)])  # fmt: skip
def test_it_says_the_same_and_has_the_same_default_everywhere(name, said, default) -> None:
    different = {
        command: (field.help, field.default)
        for command, field in having(name).items()
        if (field.help, field.default) != (said, default)
    }
    assert different == {}


def test_resuming_decides_nothing_of_a_result_and_comes_with_overwrite() -> None:
    assert {command for command, field in having("resume").items() if field.mark is not free} == (
        set()
    )
    assert set(having("resume")) <= set(having("overwrite"))


def test_the_kind_of_device_and_its_choices_are_the_same() -> None:
    assert len({str(field.type) for field in having("device").values()}) == 1


@pytest.mark.parametrize(
    ("driver", "cuda", "auto"), [(False, True, "cpu"), (True, False, "cpu"), (True, True, "cuda")]
)
def test_auto_takes_a_gpu_where_torch_sees_one(monkeypatch, driver, cuda, auto) -> None:
    import torch

    monkeypatch.setattr(device, "_is_driver", lambda _: driver)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert device_type("auto") == auto
    assert device_type("cpu") == "cpu"
    if cuda:
        assert device_type("cuda") == "cuda"


@pytest.fixture
def desk(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two languages and a dictionary; a text."""
    monkeypatch.chdir(tmp_path)
    for name, letter in (("de", "d"), ("en", "e")):
        words = [f"{letter}{i}" for i in range(60)]
        matrix = rng.standard_normal((60, 6)).astype(np.float32)
        write_vectors(WordVectors(words, matrix), Path(f"{name}.vec"), "word2vec")
    Path("de-en.txt").write_text("".join(f"d{i} e{i}\n" for i in range(60)))
    syllables = [a + b + c for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    lines = ["".join(word) for word in rng.choice(syllables, (400, 2)).tolist()]
    Path("en.txt").write_text("".join(f"{a} {b} {a}\n" for a, b in itertools.pairwise(lines)))
    return tmp_path


FAST = {
    "align": ("align --source de.vec --target en.vec --lexicon de-en.txt --preset supervised "
              "--output-source out --output-target out.en", "--normalize unit"),
    "align hub": ("align hub --hub en=en.vec --spokes de=de.vec --lexicons {}-en.txt "
                  "--method orthogonal --choice aligned --output out", "--seed 4"),
    "vocabulary": ("vocabulary --text en=en.txt --size 150 --largest 400 --no-compare --output "
                   "out", "--beta 0.5"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAST)
def test_resume_begins_does_nothing_when_done_and_refuses_another_run(
    name, desk, run_cli, refuses
) -> None:
    words, other = (text.split() for text in FAST[name])
    code, _, err = run_cli(*words, "--resume")  # nothing is there: it begins
    assert code == 0, err
    before = {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()}
    code, out, err = run_cli(*words, "--resume", "--json")
    assert code == 0, err
    json.loads(out)
    assert {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()} == before
    refuses("exists already", *words, *other, "--resume")
    refuses("exists already", *words)
    assert {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()} == before

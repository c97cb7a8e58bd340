"""Words asked for: composed where they have no vector, untouched where they have one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.teachers import WORDS
from x2static.core.vector_file import read_vectors
from x2static.distill import wanted
from x2static.distill.wanted import _fitted


@pytest.fixture(autouse=True)
def few_words_teach(monkeypatch):
    monkeypatch.setattr(wanted, "_FEWEST_TEACHERS", 10)


@pytest.fixture
def distill(run_cli, corpus, teacher_folder):
    def run(output, *extra):
        return run_cli(
            "distill", "--corpus", corpus, "--teacher", teacher_folder, "--output", output,
            "--device", "cpu", "--min-count", 2, *extra,
        )  # fmt: skip

    return run


def test_words_without_a_vector_are_composed_and_the_others_stay(distill, write_text, tmp_path):
    asked = write_text("asked.txt", f"{WORDS[0]}\nzebra\n\nzyx\nzebra\nNew York\n<s>\n</s>x\n")
    assert distill(tmp_path / "without")[0] == 0
    code, _, err = distill(tmp_path / "with", "--words", asked)
    assert code == 0, err
    before, after = (read_vectors(tmp_path / name) for name in ("without", "with"))
    size = len(before)
    assert list(after.words[:size]) == list(before.words)
    assert after.matrix[:size].tobytes() == before.matrix.tobytes()
    assert after.counts[:size].tolist() == before.counts.tolist()
    new = list(after.words[size:])
    assert set(new) <= {"zebra", "zyx", "<s>", "</s>x"}
    assert {"zebra", "zyx"} <= set(new)
    assert not after.counts[size:].any()
    assert np.isfinite(after.matrix).all()
    assert after.matrix[size:].any(axis=1).all()
    found = json.loads((tmp_path / "with" / "run.json").read_text())["words_asked_for"]
    assert found["known"] == 1
    assert found["composed"] == len(new)
    assert found["composed"] + found["unreadable"] == 4
    assert found["dropped"] == {"phrase": 1, "duplicate": 1}
    assert "words asked for: 1 have vectors of their own" in err


def test_the_same_words_give_the_same_bytes_and_others_another_run(distill, write_text, tmp_path):
    asked = write_text("asked.txt", "zebra\nzyx\n")
    for name in ("a", "b"):
        assert distill(tmp_path / name, "--words", asked)[0] == 0
    first, second = ((tmp_path / name / "vectors.safetensors").read_bytes() for name in "ab")
    assert first == second
    assert distill(tmp_path / "a", "--words", asked, "--resume")[0] == 0
    write_text("asked.txt", "zebra\n")
    code, _, err = distill(tmp_path / "a", "--words", asked, "--resume")
    assert code == 2
    assert "made by another run" in err


def test_nothing_to_compose_changes_nothing(distill, write_text, tmp_path):
    asked = write_text("asked.txt", "\n".join(WORDS) + "\n")
    assert distill(tmp_path / "without")[0] == 0
    assert distill(tmp_path / "with", "--words", asked)[0] == 0
    payloads = [(tmp_path / n / "vectors.safetensors").read_bytes() for n in ("with", "without")]
    assert payloads[0] == payloads[1]


def test_mistakes_are_one_line(distill, write_text, tmp_path, monkeypatch):
    for text, complaint in (
        ("New York\n", "no word there"),
        ("\n", "no word there"),
        ("\u3000\n", "no word there"),
        ("zebra\nz\0o\n", "asked.txt:2: word 'z\\x00o' contains a NUL"),
    ):
        code, _, err = distill(tmp_path / "v", "--words", write_text("asked.txt", text))
        assert (code, err.count("\n")) == (2, 1)
        assert complaint in err
    assert "asked.gone" in distill(tmp_path / "v", "--words", tmp_path / "asked.gone")[2]
    monkeypatch.setattr(wanted, "_FEWEST_TEACHERS", 50)
    code, _, err = distill(tmp_path / "v", "--words", write_text("asked.txt", "zebra\n"))
    assert code == 2
    assert "too few to learn where others lie" in err
    assert not (tmp_path / "v").exists()


def test_a_planted_map_is_found_and_its_spread_kept(rng):
    states = rng.standard_normal((400, 12)).astype(np.float32)
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    turn = np.linalg.qr(rng.standard_normal((12, 12)))[0]
    vectors = (7 + 3 * states @ turn).astype(np.float32)
    vectors += 0.01 * rng.standard_normal(vectors.shape).astype(np.float32)
    mapping, cosine = _fitted(states, vectors)
    assert cosine > 0.99
    new = rng.standard_normal((50, 12)).astype(np.float32)
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    np.testing.assert_allclose(mapping.apply(5 * new), 7 + 3 * new @ turn, atol=0.15)
    noise = (vectors + 3 * rng.standard_normal(vectors.shape)).astype(np.float32)
    shrunk, _ = _fitted(states, noise)
    spread = [
        np.linalg.norm(rows - rows.mean(axis=0), axis=1).mean()
        for rows in (shrunk.apply(states), noise)
    ]
    assert spread[0] == pytest.approx(spread[1], rel=0.02)

"""Where new embeddings start: each rule beside a slow transcription or a planted answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from tests.extend.conftest import NEW_WORDS, Command, arguments
from tests.teachers import TOKENIZERS
from x2static.core.errors import LexiconError
from x2static.core.text.lexicon import Lexicon
from x2static.core.vectors import WordVectors
from x2static.extend.calibration import Calibration
from x2static.extend.starts.aligned import aligned_start
from x2static.extend.starts.focus import focus_start, sparsemax
from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.plain import kind_of, overlap_start, random_start, script_start
from x2static.extend.starts.problem import StartProblem
from x2static.extend.starts.vocabulary import PieceVocabulary
from x2static.extend.starts.wechsel import piece_means, procrustes, unit, wechsel_start

Rng = np.random.Generator


def vocabulary(words: list[str]) -> PieceVocabulary:
    """Words as whole pieces, after four control tokens."""
    roles = {"bos": 0, "pad": 1, "eos": 2, "unk": 3}
    return PieceVocabulary(["", "", "", "", *(f"▁{word}" for word in words)], roles)


def splitter(own: PieceVocabulary) -> Callable[[list[str]], list[list[int]]]:
    return lambda words: [[own.index[f"▁{word}"]] for word in words]


def problem(
    old: list[str], new: list[str], rng: Rng, *, lexicon: Lexicon | None = None, width: int = 20
) -> tuple[StartProblem, np.ndarray]:
    """The n-th new word means the n-th old one; the new space is the old one turned."""
    known, added = vocabulary(old), vocabulary(new)
    matrix = rng.normal(size=(len(old), width)).astype(np.float32)
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0].astype(np.float32)
    made = StartProblem(
        known, added, lambda: iter(()), splitter(known), splitter(added),
        WordVectors(old, matrix), WordVectors(new, matrix[: len(new)] @ turn), lexicon, neighbors=3,
    )  # fmt: skip
    return made, turn


def test_rows_are_copies_means_and_draws(rng: Rng) -> None:
    table = rng.normal(size=(50, 4)).astype(np.float32)
    mixture = Mixture.unknown(2000, 50)
    mixture.mix_rows(np.array([1]), np.array([[7, 9]]), np.array([[1.0, 3.0]]))
    mixture.copy_rows({0: 5})
    rows = mixture.rows(table, rng)
    np.testing.assert_array_equal(rows[0], table[5])
    np.testing.assert_allclose(rows[1], 0.25 * table[7] + 0.75 * table[9], rtol=1e-6)
    np.testing.assert_allclose(rows[2:].mean(axis=0), table.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(rows[2:].std(axis=0), table.std(axis=0), rtol=0.1)
    bias = rng.normal(size=50).astype(np.float32)
    found = mixture.biases(bias)
    np.testing.assert_allclose(
        found[:3], [bias[5], 0.25 * bias[7] + 0.75 * bias[9], bias.mean()], rtol=1e-5
    )


def test_sparsemax_is_the_nearest_point_of_the_simplex(rng: Rng) -> None:
    scores = rng.normal(size=(5, 8))
    weights = sparsemax(scores)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights == 0).any()
    for row, found in zip(scores, weights, strict=True):
        low, high = row.min() - 1, row.max()
        for _ in range(80):  # the threshold by bisection
            middle = (low + high) / 2
            low, high = (middle, high) if np.maximum(row - middle, 0).sum() > 1 else (low, middle)
        np.testing.assert_allclose(found, np.maximum(row - low, 0), atol=1e-9)


def test_pieces_are_means_over_the_words_that_hold_them(rng: Rng) -> None:
    words = ["ab", "ac", "c"]
    pieces = {"ab": [0, 1], "ac": [0, 2], "c": [2]}
    vectors = WordVectors(words, rng.normal(size=(3, 4)).astype(np.float32), np.array([6, 3, 1]))
    ids, found = piece_means(vectors, vectors.matrix, lambda w: [pieces[x] for x in w], 5)
    rows = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1)[:, None]
    wanted = np.stack([6 * rows[0] + 3 * rows[1], rows[0], 3 * rows[1] + rows[2]])
    np.testing.assert_array_equal(ids, [0, 1, 2])
    np.testing.assert_allclose(found, unit(wanted), rtol=1e-5)


def test_wechsel_turns_the_space_by_the_dictionary(rng: Rng) -> None:
    old, new = [f"o{n}" for n in range(60)], [f"n{n}" for n in range(60)]
    lexicon = Lexicon.of(zip(old[:40], new[:40], strict=True))
    made, turn = problem(old, new, rng, lexicon=lexicon)
    assert made.known_words is not None
    assert made.new_words is not None
    np.testing.assert_allclose(
        procrustes(made.known_words, made.new_words, lexicon), turn.T, atol=1e-4
    )
    mixture = wechsel_start(made)
    np.testing.assert_array_equal(mixture.sources[4:, 0], np.arange(4, 64))
    assert (mixture.weights[4:, 0] > 0.9).all()
    with pytest.raises(LexiconError, match="none of 1 pairs"):
        procrustes(made.known_words, made.new_words, Lexicon.of([("x", "y")]))


def test_aligned_finds_translations_and_drops_a_false_friend(rng: Rng) -> None:
    old = ["gift", "chef", *(f"o{n}" for n in range(40))]
    new = ["chef", "gift", *(f"n{n}" for n in range(40))]  # what is spelled alike means another
    made, turn = problem(old, new, rng)
    assert made.new_words is not None
    mapped = WordVectors(new, made.new_words.matrix @ turn.T)
    from dataclasses import replace

    mixture = aligned_start(replace(made, new_words=mapped))
    np.testing.assert_array_equal(mixture.sources[4:, 0], np.arange(4, 46))
    assert mixture.notes["false_friends"] == 2
    agreeing = replace(made, new=made.old, new_words=made.known_words, split_new=made.split_old)
    mixture = aligned_start(agreeing)
    assert mixture.notes["false_friends"] == 0
    np.testing.assert_array_equal(mixture.weights[:, 0], np.ones(46))
    np.testing.assert_array_equal(mixture.sources[:, 0], np.arange(46))


def test_overlap_script_and_random_copy_what_they_say(rng: Rng) -> None:
    old = [*(f"w{n}x" for n in range(30)), *("слово" + chr(0x430 + n) for n in range(30))]
    made, _ = problem(old, ["w3x", "новый", "new"], rng)
    assert [row for row in range(7) if overlap_start(made).known[row]] == [0, 1, 2, 3, 4]
    assert random_start(made).known.sum() == 4
    script = script_start(made)
    like = script.likenesses[int(script.groups[5])]
    assert {made.old.pieces[number][1] for number in like} == {"с"}
    like = script.likenesses[int(script.groups[6])]
    assert {made.old.pieces[number][1] for number in like} == {"w"}
    assert kind_of("▁дom") == ("LATIN", True)
    assert kind_of("12") == ("no letters", False)


def test_focus_mixes_what_occurs_alike(rng: Rng) -> None:
    from dataclasses import replace

    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = ["".join(rng.choice(letters, size=7)) for _ in range(12)]  # that share no n-grams
    old, new = words[:6], words
    made, _ = problem(old, old, rng)
    added = vocabulary(new)
    lines = []
    for _ in range(800):  # the n-th new word stands where the n-th old one does
        topic = int(rng.integers(6))
        drawn = rng.choice([old[topic], new[6 + topic], old[topic]], size=8)
        lines.append([added.index[f"▁{word}"] for word in drawn])
    mixture = focus_start(replace(made, new=added, lines=lambda: iter(lines)))
    best = np.take_along_axis(mixture.sources, mixture.weights.argmax(1)[:, None], 1)[:, 0]
    np.testing.assert_array_equal(best[10:], np.arange(4, 10))


@pytest.mark.parametrize("kind", ["xlm-roberta", "roberta", "bert"])
def test_pieces_of_every_kind_of_tokenizer_are_spelled_alike(kind: str) -> None:
    tokenizer = TOKENIZERS[kind]()
    found = PieceVocabulary.of(tokenizer)
    assert "▁cat" in found.index
    assert found.pieces[tokenizer.mask_token_id] == ""
    assert found.shared_with(found) == {
        number: number
        for number, piece in enumerate(found.pieces)
        if piece or number in found.controls.values()
    }


def test_the_bias_makes_pieces_as_likely_as_they_come(base: Path, rng: Rng) -> None:
    model = transformers.AutoModelForMaskedLM.from_pretrained(base).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    size = model.config.vocab_size
    lines = [rng.choice([5, 6, 7, 8], p=[0.6, 0.2, 0.1, 0.1], size=12).tolist() for _ in range(300)]
    sample = Calibration(lines, tokenizer, size, 0.15, 0)
    before = sample.loss(model)
    after = sample.set_bias(model)
    assert after < before
    entropy = -sum(p * np.log(p) for p in (0.6, 0.2, 0.1, 0.1))
    assert after == pytest.approx(entropy, abs=0.15)
    with torch.no_grad():
        logits = model(torch.tensor([[0, 5, tokenizer.mask_token_id, 6, 2]])).logits[0, 2]
    assert int(logits.argmax()) == 5


@pytest.mark.parametrize("init", ["wechsel", "aligned", "focus", "script", "random"])
def test_every_start_runs_from_the_command(
    init: str, base: Path, text: Path, tmp_path: Path, run_cli: Command, rng: Rng
) -> None:
    from tests.continued_pretraining.conftest import write_vec

    more: list[object] = []
    if init in ("wechsel", "aligned"):
        write_vec(tmp_path / "en.vec", 8, 1)
        write_vec(tmp_path / "fi.vec", 8, 2, NEW_WORDS)
        (tmp_path / "d.txt").write_text("cat\tkissa\ndog\tkoira\nmouse\thiiri\nsat\tistui\n")
        more = [
            "--vectors",
            f"en={tmp_path / 'en.vec'}",
            f"fi={tmp_path / 'fi.vec'}",
            "--lexicon",
            tmp_path / "d.txt",
        ]
    command = arguments(base, text, tmp_path / "out", "--init", init, "--steps", 1, *more)
    code, out, err = run_cli(*command, "--json")
    assert code == 0, err
    import json

    counts = json.loads(out)["counts"]
    assert counts["mixed"] + counts["drawn"] == counts["pieces"] == 36
    assert ("loss_after_bias" in counts) == (init == "aligned")

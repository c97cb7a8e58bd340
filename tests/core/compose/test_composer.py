"""Composed vectors: fastText's numbering, the solver, files, and words that keep their own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from x2static.core.compose.composer import Composer
from x2static.core.compose.learn import fitting_rule, learn_composer
from x2static.core.compose.ngrams import NgramRule
from x2static.core.errors import VectorFormatError
from x2static.core.formats.safetensors_file import map_tensors, write_tensors
from x2static.core.normalize import unit
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

STEMS = ["haus", "baum", "licht", "wasser", "stein", "feuer", "wald", "berg"]
ENDS = ["", "e", "en", "er", "lich", "los", "chen", "ung", "isch", "bar"]


def planted(rng):
    """Words whose vectors are the sum of a stem's and an ending's, with a common mean."""
    stems, ends = (rng.standard_normal((n, 12)) for n in (len(STEMS), len(ENDS)))
    words = [stem + end for stem in STEMS for end in ENDS]
    matrix = (stems[:, None] * 2 + ends[None]).reshape(-1, 12) + 0.3
    return words, matrix.astype(np.float32)


@pytest.mark.parametrize("word", ["Haus", "Größe", "日本", "a", "नमस्ते", "don't", "x" * 60])
def test_sequences_are_numbered_as_by_fasttext(word):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    for shortest, longest in ((3, 6), (1, 3), (2, 2)):
        ours = NgramRule(shortest, longest, 5_000).of(word)
        assert sorted(ours) == sorted(fasttext.ft_ngram_hashes(word, shortest, longest, 5_000))
    assert NgramRule().of("") == []


def test_the_table_is_the_least_squares_solution(rng):
    words, matrix = planted(rng)
    rule = NgramRule(3, 4, 300)
    table = learn_composer(words, matrix, rule, ridge=0.5).table
    cut = np.zeros((len(words), 300))
    for row, word in enumerate(words):
        for bucket in rule.of(word):
            cut[row, bucket] += 1 / len(rule.of(word))
    mean = matrix.mean(axis=0)
    expected = np.linalg.solve(cut.T @ cut + 0.5 * np.eye(300), cut.T @ (matrix - mean)) + mean
    np.testing.assert_allclose(table, expected, atol=1e-3)
    composed = Composer(rule, table).compose(words)
    np.testing.assert_allclose(composed, cut @ table, atol=1e-4)


def test_a_word_that_was_held_out_lies_near_its_own_vector(rng):
    words, matrix = planted(rng)
    held = np.arange(7, 80, 9)
    kept = np.setdiff1d(np.arange(80), held)
    composer = learn_composer([words[row] for row in kept], matrix[kept])
    found = unit(composer.compose([words[row] for row in held]) - matrix.mean(axis=0))
    near = (found @ unit(matrix - matrix.mean(axis=0)).T).argmax(axis=1)
    same_stem = [STEMS[a // 10] == STEMS[b // 10] for a, b in zip(held, near, strict=True)]
    assert np.mean(same_stem) > 0.8


def test_a_word_of_its_own_vector_is_never_composed(rng):
    words, matrix = planted(rng)
    vectors = WordVectors(words, matrix, composer=learn_composer(words, matrix))
    for word, row in zip(words, matrix, strict=True):
        assert vectors.get(word).tobytes() == row.tobytes()
    assert vectors.get("hausbaum").shape == (12,)
    assert vectors.get("") is None
    assert "hausbaum" not in vectors
    assert WordVectors(words, matrix).get("hausbaum") is None
    assert vectors.head(3).get("hausbaum") is not None


def test_the_native_format_keeps_it_and_refuses_a_damaged_one(rng, tmp_path):
    words, matrix = planted(rng)
    vectors = WordVectors(words, matrix, composer=learn_composer(words, matrix))
    write_vectors(vectors, tmp_path / "de", "safetensors")
    found = read_vectors(tmp_path / "de")
    np.testing.assert_array_equal(found.matrix, matrix)
    assert found.composer.rule == vectors.composer.rule
    np.testing.assert_allclose(found.get("waldhaus"), vectors.get("waldhaus"), rtol=2e-3, atol=2e-3)
    place = tmp_path / "de" / "vectors.safetensors"
    tensors, metadata = map_tensors(place)
    held = {name: (np.array(value), value.dtype) for name, value in tensors.items()}
    for rule in ("3 6 7", "3 6", "6 3 20000", "0 6 20000", "x"):
        write_tensors(place, held, {**metadata, "composer_rule": rule})
        with pytest.raises(VectorFormatError, match="damaged: a composer"):
            read_vectors(tmp_path / "de")


def test_small_vocabularies_have_small_tables():
    assert [fitting_rule(n).buckets for n in (10, 10_000, 10**6)] == [20_000, 40_000, 100_000]


@pytest.fixture
def composed(rng, tmp_path, run_cli):
    words, matrix = planted(rng)
    write_vectors(WordVectors(words, matrix), tmp_path / "de.vec", "word2vec")
    code, out, err = run_cli("compose", tmp_path / "de.vec", "--output", tmp_path / "de")
    assert code == 0, err
    assert "80 words x 12, and a composer of 20,000 letter sequences" in out
    return tmp_path / "de", words, matrix


def test_neighbors_of_an_unseen_word(composed, run_cli):
    folder, _, _ = composed
    code, out, err = run_cli("neighbors", folder, "wasserlichen", "--top", "5", "--json")
    assert code == 0
    assert "composed, not learned: 'wasserlichen'" in err
    near = [one["word"] for one in json.loads(out)["words"][0]["neighbors"]]
    assert sum(word.startswith("wasser") for word in near) >= 3


def test_bli_covers_words_without_a_vector_and_leaves_the_others(composed, run_cli, tmp_path):
    folder, words, matrix = composed
    english = [f"w{n}" for n in range(80)]
    write_vectors(WordVectors(english, matrix), tmp_path / "en.vec", "word2vec")
    lines = [f"{words[n]} {english[n]}\n" for n in range(0, 80, 4)]
    (tmp_path / "test.txt").write_text("".join([*lines, "wasserlichen w35\n", "stein qqq\n"]))
    command = ("eval", "bli", "--source", folder, "--target", tmp_path / "en.vec", "--lexicon",
               tmp_path / "test.txt", "--index", "exact", "--json", "-")  # fmt: skip
    plain, both = (
        json.loads(run_cli(*command, *extra)[1])["rows"][0] for extra in ((), ("--compose",))
    )
    assert (plain["queries"], plain["coverage"]) == (20, pytest.approx(20 / 21))
    assert (both["queries"], both["coverage"]) == (21, 1.0)
    assert both["p@1"] >= 20 / 21  # the words that were covered before are found as before
    assert both["p@10"] == 1.0
    assert both["target_words"] == 81


def test_fasttext_files_compose_alike_and_keep_the_words(composed, run_cli, tmp_path):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    folder, words, matrix = composed
    output = tmp_path / "de.bin"
    code, _, err = run_cli("export", folder, "--format", "fasttext", "--output", output)
    assert code == 0, err
    found = fasttext.load_facebook_vectors(str(output))
    ours = read_vectors(folder)
    assert found.index_to_key == words
    np.testing.assert_allclose(found.vectors, matrix, atol=1e-4)
    for word in ("wasserlichen", "steinbar", "zzz"):
        np.testing.assert_allclose(found[word], ours.get(word), rtol=1e-3, atol=1e-4)


def test_a_fasttext_file_needs_a_composer(rng, refuses, tmp_path):
    words, matrix = planted(rng)
    write_vectors(WordVectors(words, matrix), tmp_path / "de.vec", "word2vec")
    refuses("have no composer: x2static compose", "export", tmp_path / "de.vec", "--format",
            "fasttext", "--output", tmp_path / "de.bin")  # fmt: skip
    assert not (tmp_path / "de.bin").exists()

"""One table of several languages: weights, shared words, and what other libraries make of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from x2static.core.errors import VectorFormatError
from x2static.core.formats.many_languages import SCALE, merged, sentence_rows, shares_of
from x2static.core.normalize import unit
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


def vectors_of(rng, words, counts=None):
    matrix = rng.standard_normal((len(words), 8)).astype(np.float32) + 0.5
    return WordVectors(words, matrix, None if counts is None else np.array(counts))


def test_a_row_is_weighed_by_rarity_and_lacks_what_all_share(rng):
    words = [f"w{n}" for n in range(200)]
    counts = np.sort(rng.integers(1, 5000, 200))[::-1].copy()
    vectors = vectors_of(rng, words, counts)
    rows, shares = sentence_rows(vectors), counts / counts.sum()
    plain = unit(vectors.matrix) * (SCALE / (SCALE + shares))[:, None]
    # Drawn sentences have the direction that is gone, found here by sampling.
    drawn = rng.choice(200, (20_000, 15), p=shares)
    gram = np.einsum("sd,se->de", *2 * (plain[drawn].mean(axis=1),))
    first = np.linalg.eigh(gram)[1][:, -1]
    expected = plain - np.outer(plain @ first, first)
    gone = np.linalg.svd(plain - rows)[2][0]
    assert abs(gone @ first) > 0.99
    np.testing.assert_allclose(rows, expected, atol=0.2 * np.abs(plain).max())
    assert np.linalg.matrix_rank(rows.astype(np.float64), tol=1e-4) == 7


def test_a_shared_word_is_the_mean_by_its_share_of_each_language(rng):
    de = vectors_of(rng, ["die", "und", "hand"], [50, 40, 10])
    en = vectors_of(rng, ["the", "hand", "die"], [900, 99, 1])
    both, num_shared = merged({"de": de, "en": en})
    assert num_shared == 2
    assert sorted(both.words) == ["die", "hand", "the", "und"]
    assert both.words[0] == "the"  # by the largest share in any language
    a, b = sentence_rows(de), sentence_rows(en)
    expected = (0.5 * a[0] + 0.001 * b[2]) / 0.501
    np.testing.assert_allclose(both["die"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(both["und"], a[1], rtol=1e-5)


def test_words_that_nobody_counted_are_rare(rng):
    assert shares_of(vectors_of(rng, ["a", "b"], [9, 0])).tolist() == pytest.approx(
        [18 / 19, 1 / 19]
    )
    assert shares_of(vectors_of(rng, ["a", "b"])).tolist() == pytest.approx([2 / 3, 1 / 3])


def test_widths_must_be_equal(rng):
    wide = WordVectors(["a"], np.ones((1, 9), np.float32))
    with pytest.raises(VectorFormatError, match="de 8, en 9"):
        merged({"de": vectors_of(rng, ["b"]), "en": wide})


@pytest.fixture
def folder(rng, tmp_path, run_cli):
    languages = {
        "de": vectors_of(rng, ["haus", "groß", "das", "e-mail"], [5, 4, 90, 1]),
        "ja": vectors_of(rng, ["家", "大きい", "大", "の"], [5, 4, 3, 90]),
    }
    named = []
    for code, vectors in languages.items():
        write_vectors(vectors, tmp_path / code, "safetensors")
        named.append(f"{code}={tmp_path / code}")
    output = tmp_path / "out"
    arguments = ("export", "--format", "static-embedding", "--languages", *named)
    code, out, err = run_cli(*arguments, "--output", output, "--json")
    assert code == 0, err
    assert json.loads(out)["languages"] == {"de": 4, "ja": 4}
    return output, languages


SENTENCES = ["Das Haus, groß!", "E-Mail", "大きい家の", "大家", "nichts davon"]
PARTS = [["das", "haus", "groß"], ["e-mail"], ["大きい", "家", "の"], ["大", "家"], []]


def expected_of(languages):
    rows = {}
    for vectors in languages.values():
        rows |= dict(zip(vectors.words, sentence_rows(vectors), strict=True))
    return np.stack([sum((rows[word] for word in words), np.zeros(8)) for words in PARTS])


def same_directions(found, expected):
    np.testing.assert_allclose(unit(np.asarray(found, np.float32)), unit(expected), atol=1e-5)


def test_sentence_transformers_reads_the_folder(folder):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    output, languages = folder
    model = sentence_transformers.SentenceTransformer(str(output), device="cpu")
    same_directions(model.encode(SENTENCES), expected_of(languages))


def test_model2vec_reads_the_folder(folder):
    model2vec = pytest.importorskip("model2vec")
    output, languages = folder
    model = model2vec.StaticModel.from_pretrained(str(output))
    same_directions(model.encode(SENTENCES), expected_of(languages))


def test_mistakes_are_one_line(rng, tmp_path, refuses):
    write_vectors(vectors_of(rng, ["a"]), tmp_path / "de", "safetensors")
    one = f"de={tmp_path / 'de'}"
    command = ("export", "--output", tmp_path / "out", "--format")
    refuses("'de' is named twice", *command, "static-embedding", "--languages", one, one)
    refuses("is not NAME=FILE", *command, "static-embedding", "--languages", "de")
    refuses("give --format static-embedding", *command, "glove", "--languages", one)
    refuses("give VECTORS, or --languages", *command, "glove")
    assert not (tmp_path / "out").exists()

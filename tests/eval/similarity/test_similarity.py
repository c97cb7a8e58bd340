import json
import math

import numpy as np
import pytest
from scipy import stats

from eval.lookup import Lookup, lowercased
from eval.similarity.config import SimilarityConfig
from eval.similarity.score import score_similarity
from eval.similarity.stage import similarity
from eval.similarity.word_pairs import WordPairs
from x2static.core.errors import ConfigError, DatasetError
from x2static.core.scores.intervals import correlation_interval, shown
from x2static.core.vectors import WordVectors


def vectors_of(**rows):
    return WordVectors(list(rows), np.array(list(rows.values()), dtype=np.float32))


def planar(**degrees):
    """Words on a circle: the cosine of two words is the cosine of the angle between them."""
    return vectors_of(
        **{w: (math.cos(math.radians(a)), math.sin(math.radians(a))) for w, a in degrees.items()}
    )


def pairs_of(*triples):
    first, second, scores = zip(*triples, strict=True)
    return WordPairs("toy", first, second, scores)


ANGLES = planar(a=0, b=30, c=60, d=90, e=150)
GOLD = pairs_of(("a", "b", 9), ("a", "c", 5), ("a", "d", 6), ("a", "e", 1))


def test_by_hand():
    (score,) = score_similarity(ANGLES, [GOLD])
    # cosines fall with the angle: ranks 4 3 2 1 against 4 2 3 1 -> 1 - 6 * 2 / (4 * 15)
    assert score.spearman == pytest.approx(0.8)
    cosine = np.cos(np.radians([30, 60, 90, 150]))
    assert score.pearson == pytest.approx(stats.pearsonr(cosine, [9, 5, 6, 1])[0], abs=1e-6)
    harmonic = 2 * score.spearman * score.pearson / (score.spearman + score.pearson)
    assert score.harmonic == pytest.approx(harmonic)
    assert (score.covered, score.coverage) == (4, 1)
    assert score.spearman_all == score.spearman


def test_unknown_words_and_back_off():
    gold = pairs_of(("a", "b", 9), ("a", "c", 5), ("a", "e", 1), ("a", "zzz", 8))
    (score,) = score_similarity(ANGLES, [gold])
    assert (score.pairs, score.covered, score.coverage) == (4, 3, 0.75)
    assert score.spearman == pytest.approx(1)
    # the mean of cos 30, 60, 150 is 0.1667: third place of four; gold gives it the second
    assert score.spearman_all == pytest.approx(0.8)
    filled = [*np.cos(np.radians([30, 60, 150])), np.cos(np.radians([30, 60, 150])).mean()]
    assert score.pearson_all == pytest.approx(stats.pearsonr(filled, [9, 5, 1, 8])[0], abs=1e-6)
    (low,) = score_similarity(ANGLES, [gold], back_off=-1)
    assert low.spearman_all == pytest.approx(stats.spearmanr([4, 3, 2, 1], [9, 5, 1, 8])[0])
    assert low.spearman == score.spearman


def test_length_and_common_rotation_do_not_matter():
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(12)]
    matrix = rng.normal(size=(12, 5)).astype(np.float32)
    gold = pairs_of(*((words[i], words[i + 1], float(rng.normal())) for i in range(11)))
    rotation, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    turned = matrix @ rotation * rng.uniform(0.1, 9, size=(12, 1))
    (plain,) = score_similarity(WordVectors(words, matrix), [gold])
    (moved,) = score_similarity(WordVectors(words, turned.astype(np.float32)), [gold])
    assert moved.pearson == pytest.approx(plain.pearson, abs=1e-5)
    assert moved.spearman == pytest.approx(plain.spearman)


def test_cross_lingual_looks_words_up_in_their_own_language():
    source, target = planar(a=0, x=45), planar(b=30, c=60, e=150, a=180)
    gold = pairs_of(("a", "b", 3), ("a", "c", 2), ("a", "a", 1), ("b", "c", 4))
    (score,) = score_similarity(source, [gold], target)
    assert score.covered == 3
    assert score.spearman == pytest.approx(1)


def test_spelling_order_auto():
    vectors = vectors_of(US=(1, 0), us=(0, 1), Paris=(1, 1), NATO=(1, 2), joule=(2, 1))
    look = Lookup(vectors, "auto", "mean")
    assert look.row("US") == 0
    assert look.row("us") == 1
    assert look.row("Us") == 1  # lower case before capitals
    assert look.row("paris") == 2
    assert look.row("nato") == 3
    assert look.row("Joule") == 4
    assert look.row("missing") == -1


def test_spelling_exact_and_lower():
    vectors = vectors_of(Us=(1, 0), us=(0, 1), Paris=(1, 1))
    exact = Lookup(vectors, "exact", "mean")
    assert (exact.row("US"), exact.row("paris"), exact.row("Paris")) == (-1, -1, 2)
    lower = Lookup(vectors, "lower", "mean")
    np.testing.assert_allclose(lower.vector("US"), [1, 0])  # the first casing stays
    np.testing.assert_allclose(lower.vector("PARIS"), [0.5**0.5, 0.5**0.5])


def test_lowercased_keeps_order_counts_and_the_first_casing():
    vectors = WordVectors(
        ["The", "the", "A"], np.eye(3, dtype=np.float32), np.array([5, 4, 1], dtype=np.int64)
    )
    small = lowercased(vectors)
    assert small.words == ["the", "a"]
    assert small.matrix.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert small.counts.tolist() == [5, 1]


def test_phrases():
    vectors = vectors_of(sea=(3, 0), lion=(0, 1), new_york=(1, 1), zero=(0, 0))
    mean = Lookup(vectors, "auto", "mean")
    np.testing.assert_allclose(mean.vector("sea lion"), [0.5**0.5, 0.5**0.5])  # unit parts
    np.testing.assert_allclose(mean.vector("New York"), [0.5**0.5, 0.5**0.5])
    assert mean.vector("sea serpent") is None
    assert mean.vector("") is None
    np.testing.assert_array_equal(mean.vector("zero"), [0, 0])
    skip = Lookup(vectors, "auto", "skip")
    assert skip.vector("sea lion") is None
    assert skip.vector("New York") is not None


def test_constant_or_tiny_cover_is_undefined_not_zero():
    one = pairs_of(("a", "b", 9), ("a", "zzz", 5))
    (score,) = score_similarity(ANGLES, [one])
    assert math.isnan(score.spearman)
    assert score.as_row()["spearman"] is None
    json.dumps(score.as_row(), allow_nan=False)


def test_widths_must_agree():
    with pytest.raises(ConfigError, match="widths 2 and 3"):
        score_similarity(ANGLES, [GOLD], vectors_of(b=(1, 2, 3)))


def write_vec(path, vectors):
    rows = [
        f"{w} " + " ".join(map(str, row))
        for w, row in zip(vectors.words, vectors.matrix.tolist(), strict=True)
    ]
    path.write_text(f"{len(vectors)} {vectors.width}\n" + "\n".join(rows) + "\n")
    return path


def write_set(path, pairs):
    rows = zip(pairs.first, pairs.second, pairs.scores, strict=True)
    path.write_text("".join(f"{a}\t{b}\t{score}\n" for a, b, score in rows))
    return path


def test_stage_rows_average_and_warning(tmp_path, capsys):
    vec = write_vec(tmp_path / "en.vec", ANGLES)
    known = write_set(tmp_path / "known.txt", GOLD)
    other = write_set(tmp_path / "other.txt", pairs_of(("x", "y", 1), ("y", "z", 2)))
    outcome = similarity(SimilarityConfig(vectors=vec, dataset=(known, other)))
    rows = outcome.data["rows"]
    assert [row["dataset"] for row in rows] == ["known", "other"]
    assert rows[0]["spearman"] == pytest.approx(0.8)
    assert rows[1]["spearman"] is None
    assert outcome.data["average"]["spearman"] == pytest.approx(0.8)
    assert outcome.data["average"]["coverage"] == 0.5
    assert "warning: other" in capsys.readouterr().err
    interval = correlation_interval(rows[0]["spearman"], rows[0]["covered"], ranks=True)
    assert rows[0]["interval_95"]["spearman"] == interval
    assert rows[1]["interval_95"]["spearman"] is None
    assert f"80.00 {shown(interval)}" in outcome.text
    assert outcome.data["warnings"][0].startswith("known: 4 covered pairs, fewer than 200")
    assert "average" in outcome.text


def test_stage_refuses_what_shares_nothing(tmp_path):
    vec = write_vec(tmp_path / "en.vec", ANGLES)
    other = write_set(tmp_path / "other.txt", pairs_of(("x", "y", 1), ("y", "z", 2)))
    with pytest.raises(DatasetError, match="no pair of other"):
        similarity(SimilarityConfig(vectors=vec, dataset=(other,)))


def test_stage_suggests_swapping(tmp_path):
    one = write_vec(tmp_path / "one.vec", planar(a=0, a2=10))
    two = write_vec(tmp_path / "two.vec", planar(b=30, c=60))
    gold = write_set(tmp_path / "gold.txt", pairs_of(("a", "b", 3), ("a2", "c", 2)))
    similarity(SimilarityConfig(vectors=one, target=two, dataset=(gold,)))
    with pytest.raises(DatasetError, match="swap --vectors and --target"):
        similarity(SimilarityConfig(vectors=two, target=one, dataset=(gold,)))


def test_stage_builds_cross_lingual_sets(tmp_path):
    one = write_vec(tmp_path / "one.vec", planar(a=0, b=30, c=60, d=170))
    two = write_vec(tmp_path / "two.vec", planar(A=5, B=35, C=65, D=175))
    here = write_set(tmp_path / "here.txt", pairs_of(("a", "b", 6), ("b", "c", 5), ("a", "d", 0)))
    there = write_set(tmp_path / "there.txt", pairs_of(("A", "B", 5), ("B", "C", 6), ("A", "D", 0)))
    options = {"vectors": one, "target": two, "dataset": (here,), "target_dataset": (there,)}
    (row,) = similarity(SimilarityConfig(case="exact", **options)).data["rows"]
    assert (row["dataset"], row["pairs"], row["covered"]) == ("here x there", 6, 6)
    assert row["spearman"] > 0.8
    for wrong, complaint in (
        ({"target": None}, "needs --target"),
        ({"dataset": (here,) * 2}, "pair"),
    ):
        with pytest.raises(ConfigError, match=complaint):
            SimilarityConfig(**(options | wrong))

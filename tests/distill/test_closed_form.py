"""The closed form and its blend against plain loops and hand arithmetic."""

from __future__ import annotations

import numpy as np
import torch

from tests.distill.conftest import write_corpus
from x2static.core.vector_file import read_vectors
from x2static.distill.closed_form import smooth, solve_contexts, tame

CPU = torch.device("cpu")


def sums_of(contexts, words, size):
    sums = np.zeros((size, contexts.shape[1]), dtype=np.float32)
    np.add.at(sums, words, contexts)
    return sums, np.bincount(words, minlength=size), (contexts.T @ contexts).astype(np.float64)


def test_directions_are_fishers_discriminants(rng):
    contexts = (rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5)) + 3).astype(np.float32)
    words = rng.integers(0, 7, 400)
    found = solve_contexts(*sums_of(contexts, words, 8), ridge=0.5).rows()
    covariance = np.cov(contexts.T.astype(np.float64), bias=True)
    covariance += 0.5 * np.trace(covariance) / 5 * np.eye(5)
    for word in range(7):
        offset = contexts[words == word].mean(0) - contexts.mean(0)
        np.testing.assert_allclose(found[word], np.linalg.solve(covariance, offset), atol=2e-4)
    assert not found[7].any()  # never met


def test_directions_are_the_best_linear_scores_of_two_clouds(rng):
    """Two words with one spread: the scores must separate them as well as the true parameters."""
    spread = rng.normal(size=(4, 4))
    words = np.repeat([0, 1], 20_000)
    centers = np.array([[0.0, 0, 0, 0], [1, -1, 0.5, 0]])
    contexts = (rng.normal(size=(40_000, 4)) @ spread + centers[words]).astype(np.float32)
    found = solve_contexts(*sums_of(contexts, words, 2), ridge=0.0).rows()
    optimal = np.linalg.solve(spread.T @ spread, centers[1] - centers[0])
    difference = found[1] - found[0]
    cosine = difference @ optimal / np.linalg.norm(difference) / np.linalg.norm(optimal)
    assert cosine > 0.999


def test_common_mean_is_capped_at_its_share(rng):
    rows = rng.normal(size=(500, 6)) + 50 * np.ones(6)
    seen = rng.integers(1, 9, 500)
    sums = (rows * seen[:, None]).astype(np.float32)
    tamed = tame(sums, seen, 0.1).rows()
    np.testing.assert_allclose(np.linalg.norm(tamed, axis=1), 1, rtol=1e-5)
    mean = tamed.mean(0)
    assert 0.05 < mean @ mean < 0.15
    assert np.linalg.norm(tame(sums, seen, 0.0).rows().mean(0)) < 0.1
    noise = (rng.normal(size=(500, 6)) * seen[:, None]).astype(np.float32)
    untouched = tame(noise, seen, 0.1).rows()
    assert np.isfinite(untouched).all()


def test_small_common_mean_stays_as_it_is(rng):
    rows = (rng.normal(size=(400, 6)) + 0.05).astype(np.float32)
    seen = np.ones(400, dtype=np.int64)
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(tame(rows, seen, 0.5).rows(), expected, atol=1e-5)


def test_rogue_dimension_is_scaled_back(rng):
    rows = rng.normal(size=(2000, 8)).astype(np.float32)
    rows[:, 3] *= 100
    tamed = tame(rows, np.ones(2000, dtype=np.int64), 0.1).rows()
    spread = tamed.std(0)
    assert spread[3] < 3.5 * np.median(spread)


def test_unseen_word_is_a_zero_row(rng):
    sums = rng.normal(size=(5, 4)).astype(np.float32)
    tamed = tame(sums, np.array([1, 2, 0, 1, 1]), 0.1).rows()
    assert not tamed[2].any()


def test_smoothing_equals_a_plain_loop(rng):
    matrix = rng.normal(size=(40, 6)).astype(np.float32)
    counts = np.sort(rng.integers(1, 30, 40))[::-1]
    rows = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    expected = []
    for row in range(40):
        others = [o for o in range(40) if o != row and counts[o] >= 10]
        near = sorted(others, key=lambda o: -rows[row] @ rows[o])[:10]
        share = np.array([max(rows[row] @ rows[o], 0) ** 2 for o in near])
        moved = rows[row] + 0.3 * (share / share.sum()) @ rows[near]
        expected.append(moved / np.linalg.norm(moved))
    np.testing.assert_allclose(smooth(matrix, counts, 0.3, CPU), expected, atol=1e-5)


def test_few_frequent_words_are_not_smoothed(rng):
    matrix = rng.normal(size=(20, 4)).astype(np.float32)
    counts = np.array([50] * 10 + [2] * 10)
    expected = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    np.testing.assert_allclose(smooth(matrix, counts, 0.5, CPU), expected, rtol=1e-5)


def test_whole_run_equals_the_formula(run_cli, tmp_path, teacher_folder):
    """The default preset against states read sentence by sentence with the library alone."""
    from tests.distill.test_stage import library_states

    corpus = write_corpus(tmp_path / "c.txt", 40)
    code, _, err = run_cli(
        "distill", "--corpus", corpus, "--teacher", teacher_folder, "--output", tmp_path / "v",
        "--layer", 3, "--min-count", 1, "--precision", "fp32", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    vectors = read_vectors(tmp_path / "v")
    upper, lower, contexts = {}, {}, {}
    for line in filter(None, corpus.read_text().split("\n")):
        sentence = line.split()
        states, owners = library_states(teacher_folder, sentence)
        pieces = [i for i, owner in enumerate(owners) if owner is not None]
        for word in range(len(sentence)):
            own = [i for i in pieces if owners[i] == word]
            rest = [i for i in pieces if owners[i] != word]
            upper.setdefault(sentence[word], []).append(states[3][own].mean(0))
            lower.setdefault(sentence[word], []).append(states[2][own].mean(0))
            contexts.setdefault(sentence[word], []).append(states[3][rest].mean(0))

    def tamed(seen):
        every = np.concatenate([seen[word] for word in vectors.words])
        common = every.mean(0)
        rows = np.array([np.mean(seen[word], axis=0) - common for word in vectors.words])
        spread = np.sqrt((rows**2).mean(0))
        scale = np.minimum(1, 3 * np.median(spread) / spread)
        rows, common = rows * scale, common * scale
        energy = (rows**2).sum(1).mean()
        rows = rows + min(1, np.sqrt(energy / 9 / (common @ common))) * common
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    own = tamed(upper) + 0.5 * tamed(lower)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    every = np.concatenate([contexts[word] for word in vectors.words])
    covariance = np.cov(every.T, bias=True)
    covariance += 3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    means = np.array([np.mean(contexts[word], axis=0) for word in vectors.words])
    directions = np.linalg.solve(covariance, (means - every.mean(0)).T).T
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    trust = np.sqrt([len(contexts[w]) / (len(contexts[w]) + 5) for w in vectors.words])
    blended = 5 * own + trust[:, None] * directions
    expected = smooth(blended.astype(np.float32), vectors.counts, 0.2, CPU)
    np.testing.assert_allclose(vectors.matrix, expected, atol=5e-4)


def test_finishing_holds_no_table_beside_the_sums(rng):
    import tracemalloc

    from x2static.distill.closed_form import Blend, ClosedFormLearner, fresh_sums

    size, width = 60_000, 32
    sums = fresh_sums(size, width, 2, CPU)
    for name in ("own0", "own1", "context"):
        sums[name] += torch.from_numpy(rng.normal(size=(size, width)))
    sums["seen"] += 20
    sums["met"] += 20
    blend = Blend(5.0, 1.0, 0.5, 0.1, 3.0, "exclude", specials=False)
    learner = ClosedFormLearner(blend, sums)
    expected = learner.matrix()
    np.testing.assert_array_equal(learner.matrix(100), expected[:100])
    tracemalloc.start()
    found = learner.finish()
    smooth(found, np.full(size, 9), 0.2, CPU)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(
        found, expected / np.linalg.norm(expected, axis=1)[:, None], atol=1e-5
    )
    assert peak < 4 * size * width  # not even one table: it is written over the sums

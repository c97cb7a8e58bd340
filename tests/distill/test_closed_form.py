"""The closed form and its blend against plain loops and hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.distill.conftest import write_corpus
from x2static.core.vector_file import read_vectors
from x2static.distill.learning.finishing import even_out, smooth
from x2static.distill.learning.row_map import remove_common_component, solve_contexts

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
    levelled = remove_common_component(sums, seen, 0.1).rows()
    np.testing.assert_allclose(np.linalg.norm(levelled, axis=1), 1, rtol=1e-5)
    mean = levelled.mean(0)
    assert 0.05 < mean @ mean < 0.15
    assert np.linalg.norm(remove_common_component(sums, seen, 0.0).rows().mean(0)) < 0.1
    noise = (rng.normal(size=(500, 6)) * seen[:, None]).astype(np.float32)
    untouched = remove_common_component(noise, seen, 0.1).rows()
    assert np.isfinite(untouched).all()


def test_small_common_mean_stays_as_it_is(rng):
    rows = (rng.normal(size=(400, 6)) + 0.05).astype(np.float32)
    seen = np.ones(400, dtype=np.int64)
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(remove_common_component(rows, seen, 0.5).rows(), expected, atol=1e-5)


def test_rogue_dimension_is_scaled_back(rng):
    rows = rng.normal(size=(2000, 8)).astype(np.float32)
    rows[:, 3] *= 100
    levelled = remove_common_component(rows, np.ones(2000, dtype=np.int64), 0.1).rows()
    spread = levelled.std(0)
    assert spread[3] < 3.5 * np.median(spread)


def test_unseen_word_is_a_zero_row(rng):
    sums = rng.normal(size=(5, 4)).astype(np.float32)
    levelled = remove_common_component(sums, np.array([1, 2, 0, 1, 1]), 0.1).rows()
    assert not levelled[2].any()


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


@pytest.mark.parametrize("preset", ["closed-form", "balanced"])
def test_whole_run_equals_the_formula(run_cli, tmp_path, teacher_folder, preset):
    """A preset against states read sentence by sentence with the library alone."""
    from tests.distill.test_stage import library_states

    corpus = write_corpus(tmp_path / "c.txt", 40)
    code, _, err = run_cli(
        "distill", "--corpus", corpus, "--teacher", teacher_folder, "--output", tmp_path / "v",
        "--layer", 3, "--min-count", 1, "--precision", "fp32", "--device", "cpu",
        "--preset", preset,
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

    def levelled(seen):
        every = np.concatenate([seen[word] for word in vectors.words])
        common = every.mean(0)
        rows = np.array([np.mean(seen[word], axis=0) - common for word in vectors.words])
        spread = np.sqrt((rows**2).mean(0))
        scale = np.minimum(1, 3 * np.median(spread) / spread)
        rows, common = rows * scale, common * scale
        energy = (rows**2).sum(1).mean()
        rows = rows + min(1, np.sqrt(energy / 9 / (common @ common))) * common
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    own = levelled(upper) + 0.5 * levelled(lower)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    every = np.concatenate([contexts[word] for word in vectors.words])
    covariance = np.cov(every.T, bias=True)
    covariance += 3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    means = np.array([np.mean(contexts[word], axis=0) for word in vectors.words])
    directions = np.linalg.solve(covariance, (means - every.mean(0)).T).T
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    trust = np.sqrt([len(contexts[w]) / (len(contexts[w]) + 5) for w in vectors.words])
    if preset == "closed-form":
        blended = 5 * own + trust[:, None] * directions
        expected = smooth(blended.astype(np.float32), vectors.counts, 0.2, CPU)
    else:  # so few words give no balance
        assert "too little text to measure" in err
        expected = plainly_evened(2 * own + trust[:, None] * directions, 0.25)
    np.testing.assert_allclose(vectors.matrix, expected, atol=5e-4)


def plainly_evened(rows, power):
    """Partial whitening by the singular vectors of the centred rows."""
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows - rows.mean(0)
    variance, directions = np.linalg.eigh(rows.T @ rows / len(rows))
    scale = (variance / variance.mean() + 1e-3) ** (-power / 2)
    rows = ((rows @ directions) * scale) @ directions.T
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("power", [0.3, 1.0])
def test_evening_out_equals_whitening_and_turns_nothing(rng, power):
    rows = (rng.normal(size=(300, 6)) * [3, 2, 1, 1, 0.7, 0.5] + 1).astype(np.float32)
    found = even_out(rows.copy(), power)
    np.testing.assert_allclose(found, plainly_evened(rows.astype(np.float64), power), atol=1e-4)
    before, after = (np.linalg.eigvalsh(np.cov(each.T)) for each in (even_out(rows, 0), found))
    assert after[-1] / after[0] < (before[-1] / before[0]) ** (1 - power / 2)


def test_a_row_of_zeros_stays_one_when_evened_out(rng):
    rows = rng.normal(size=(50, 4)).astype(np.float32)
    rows[7] = 0
    found = even_out(rows, 0.5)
    assert not found[7].any()
    np.testing.assert_allclose(np.linalg.norm(np.delete(found, 7, 0), axis=1), 1, rtol=1e-5)


def filled_learner(rng, size=500, width=12, **settings):
    """A learner that met each word often; own states and contexts know nothing of each other."""
    from x2static.distill.learning.closed_form import Blend, ClosedFormLearner, fresh_sums

    sums = fresh_sums(size, width, 2, CPU, with_halves=True)
    for name in ("own0", "own1", "context"):
        sums[name] += torch.from_numpy(rng.normal(size=(size, width)) * 40)
    for name in ("half_own", "half_context"):
        sums[name] += sums[name.replace("half_own", "own0").replace("half_", "")] / 2
    for name, number in (("seen", 40), ("met", 40), ("half_seen", 20), ("half_met", 20)):
        sums[name] += number
    sums["spread"] += sums["context"].T.double() @ sums["context"].double()
    blend = {"own_weight": 1.0, "context_weight": 1.0, "lower_weight": 0.5, "mean_share": 0.1,
             "ridge": 3.0, "kind": "exclude", "specials": False}  # fmt: skip
    return ClosedFormLearner(Blend(**{**blend, **settings}), sums)


def test_a_weight_of_nothing_leaves_the_other_part(rng):
    seed = int(rng.integers(1 << 30))

    def rows(**settings):
        learner = filled_learner(np.random.default_rng(seed), **settings)
        matrix = learner.matrix()
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True), learner

    contexts, learner = rows(own_weight=0.0)
    sums = {name: tensor.numpy() for name, tensor in learner.state().items()}
    alone = solve_contexts(sums["context"], sums["met"], sums["spread"], 3.0).rows()
    alone /= np.linalg.norm(alone, axis=1, keepdims=True)
    np.testing.assert_allclose(contexts, alone, atol=1e-5)
    own, _ = rows(context_weight=0.0, lower_weight=0.0)
    np.testing.assert_allclose(
        own, remove_common_component(sums["own0"], sums["seen"], 0.1).rows(), atol=1e-5
    )


def test_own_states_that_foretell_nothing_get_no_weight(rng):
    """Planted: contexts alike in both halves, own states unrelated to them."""
    learner = filled_learner(rng, own_weight=None)
    learner.matrix()
    assert learner.balance.words == 400  # all but the most frequent
    assert learner.balance.context > 0.99
    assert learner.balance.ratio < 0.1


def test_own_states_that_are_the_contexts_count_like_them(rng):
    learner = filled_learner(rng, own_weight=None, lower_weight=0.0, mean_share=0.0)
    sums = learner.state()
    sums["spread"].copy_(torch.eye(12) * 1e6)  # no direction of contexts is favoured
    sums["own0"].copy_(sums["context"])
    sums["half_own"].copy_(sums["half_context"])
    learner.matrix()
    assert learner.balance.ratio == pytest.approx(1, abs=0.02)


def test_finishing_holds_no_table_beside_the_sums(rng):
    import tracemalloc

    from x2static.distill.learning.closed_form import Blend, ClosedFormLearner, fresh_sums

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

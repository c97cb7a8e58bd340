"""Groups of languages: against scipy and scikit-learn, planted groups, chance."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from x2static.languages.cluster.agglomerative import cut, leaf_order, merges_of
from x2static.languages.cluster.choice import choose, curve, silhouette
from x2static.languages.cluster.layout import divergence, mds, place, tsne
from x2static.languages.cluster.stability import random_groups
from x2static.languages.measures.spaces import cosine_distances
from x2static.languages.represent.means import Means, write_means
from x2static.languages.statistics.agreement import adjusted_rand, agreement

CODES = ("de", "nl", "en", "fr", "es", "it", "fi", "et", "hu")


def some_distances(seed: int, size: int) -> np.ndarray:
    return cosine_distances(np.random.default_rng(seed).standard_normal((size, 5)))


@given(st.integers(0, 9999), st.integers(3, 12), st.sampled_from(["average", "complete", "single"]))
@settings(deadline=None, max_examples=40)
def test_merges_and_cuts_are_scipys(seed: int, size: int, how: Any) -> None:
    distances = some_distances(seed, size)
    merges = merges_of(distances, how)
    wanted = linkage(squareform(distances, checks=False), how)
    np.testing.assert_allclose([m.height for m in merges], wanted[:, 2])
    assert [m.size for m in merges] == wanted[:, 3].astype(int).tolist()
    for groups in range(1, size + 1):
        labels = cut(merges, size, groups)
        assert adjusted_rand(labels, fcluster(wanted, groups, "maxclust").tolist()) == 1
        assert len(set(labels)) == groups
    assert sorted(leaf_order(merges, size)) == list(range(size))


@given(st.integers(0, 9999))
@settings(deadline=None, max_examples=20)
def test_order_and_rotation_change_no_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, turn = rng.standard_normal((8, 4)), np.linalg.qr(rng.standard_normal((4, 4)))[0]
    order = rng.permutation(8)
    labels = cut(merges_of(cosine_distances(rows)), 8, 3)
    other = cut(merges_of(cosine_distances(5 * (rows @ turn)[order])), 8, 3)
    assert adjusted_rand([labels[row] for row in order], other) == 1


@given(st.integers(0, 9999), st.integers(2, 9))
@settings(deadline=None, max_examples=40)
def test_rand_and_silhouette_are_scikit_learns(seed: int, size: int) -> None:
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 3, size).tolist(), rng.integers(0, 3, size).tolist()
    assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second))
    distances = some_distances(seed, size)
    if 1 < len(set(first)) < size:
        wanted = silhouette_score(distances, first, metric="precomputed")
        assert silhouette(distances, first) == pytest.approx(wanted)


def test_agreement_by_chance_is_the_share_of_all_relabellings() -> None:
    first, second = [0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 1, 2]
    value = adjusted_rand(first, second)
    every = [adjusted_rand(first, some) for some in permutations(second)]
    exact = np.mean(np.array(every) >= value - 1e-12)
    found = agreement(first, second, 4000)
    assert found.value == value
    assert found.p == pytest.approx(exact, abs=0.03)
    assert agreement(["a", "a", "b", "b"] * 5, [1, 1, 2, 2] * 5, 999).p == 0.001


def planted(rng: np.random.Generator, groups: int, members: int) -> np.ndarray:
    centers = np.linalg.qr(rng.standard_normal((8, 8)))[0][:groups]
    return np.repeat(centers, members, axis=0) + 0.05 * rng.standard_normal((groups * members, 8))


def test_planted_groups_and_their_number_are_found(rng: np.random.Generator) -> None:
    rows = planted(rng, 4, 5)
    found = curve(rows, 8, "average")
    assert {by: choose(found, by) for by in ("silhouette", "gap", "eigengap")} == {
        "silhouette": 4,
        "gap": 4,
        "eigengap": 4,
    }
    labels = cut(merges_of(cosine_distances(rows)), 20, 4)
    assert adjusted_rand(labels, np.repeat(range(4), 5).tolist()) == 1


def test_scaling_gives_back_points_of_a_plane(rng: np.random.Generator) -> None:
    points = rng.standard_normal((7, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    found = mds(distances)
    np.testing.assert_allclose(np.linalg.norm(found[:, None] - found, axis=2), distances, atol=1e-9)
    assert place(distances, "mds").min() == 0
    assert place(distances, "mds").max() == 1


def test_tsne_is_as_good_as_scikit_learns(rng: np.random.Generator) -> None:
    from sklearn.manifold import TSNE

    distances = cosine_distances(planted(rng, 3, 8))
    other = TSNE(
        perplexity=7, metric="precomputed", method="exact", init="random", random_state=0
    ).fit_transform(distances)
    ours = divergence(tsne(distances, perplexity=7), distances, 7)
    assert ours <= divergence(other.astype(np.float64), distances, 7) + 0.05


def test_random_groups_have_the_sizes_asked_for() -> None:
    labels = random_groups([3, 2, 4], 9, seed=1)
    assert np.bincount(labels).tolist() == [3, 2, 4]
    assert labels != random_groups([3, 2, 4], 9, seed=2)


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    rows = planted(rng, 3, 3) + 10  # what all share is large
    parts = rows[None, :, None] + 0.01 * rng.standard_normal((1, 9, 8, 8))
    write_means(
        Means(
            CODES,
            ("4.cls",),
            parts.astype(np.float32),
            np.full((9, 8), 50),
            np.zeros((1, 9, 8), np.float32),
        ),
        tmp_path / "means",
    )
    return tmp_path / "means"


def test_cluster_writes_groups_and_a_page(folder: Path, tmp_path: Path, run_cli: Any) -> None:
    words = [
        "languages",
        "cluster",
        "--representations",
        folder,
        "--permutations",
        199,
        "--draws",
        9,
    ]
    code, _, errors = run_cli(*words, "--output", tmp_path / "out")
    assert code == 0, errors
    found = json.loads((tmp_path / "out" / "groups.json").read_text())
    groups = [set(group["languages"]) for group in found["groups"]]
    assert groups == [{"de", "nl", "en"}, {"fr", "es", "it"}, {"fi", "et", "hu"}]
    assert all(group["pivot"] in group["languages"] for group in found["groups"])
    assert [len(some["languages"]) for some in found["random"][0]] == [3, 3, 3]
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Indo-European" in page
    assert "nearest" not in errors
    again = run_cli(*words, "--output", tmp_path / "again")
    assert again[0] == 0
    first, second = (tmp_path / name / "groups.json" for name in ("out", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_the_pivot_is_the_member_of_the_largest_summed_cosine(
    folder: Path, tmp_path: Path, run_cli: Any
) -> None:
    from x2static.languages.represent.means import read_means

    words = ["languages", "cluster", "--representations", folder, "--permutations", 9, "--draws", 2]
    assert run_cli(*words, "--groups", 3, "--space", "raw", "--output", tmp_path / "out")[0] == 0
    group = json.loads((tmp_path / "out" / "groups.json").read_text())["groups"][0]
    means = read_means(folder)
    rows = means.of(0)[[means.languages.index(code) for code in group["languages"]]]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert group["pivot"] == group["languages"][int((unit @ unit.T).sum(axis=1).argmax())]

"""The map's projection, the choice of words, the axes."""

from __future__ import annotations

import numpy as np
import pytest

from x2static.report.draw.charts import bars, lines, short, ticks
from x2static.report.read.projection import project
from x2static.report.read.word_choice import content_words, is_content


def test_clusters_stay_apart_and_members_together(rng: np.random.Generator) -> None:
    centers = np.linalg.qr(rng.standard_normal((20, 4)))[0].T
    rows = np.repeat(centers, 20, axis=0) + 0.05 * rng.standard_normal((80, 20))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    points = project(rows)
    gaps = ((points[:, None] - points) ** 2).sum(axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert (gaps.argmin(axis=1) // 20 == np.arange(80) // 20).all()
    assert np.abs(points).max() == pytest.approx(1.0)
    assert np.array_equal(points, project(rows))


def test_the_projection_keeps_neighbours_better_than_the_two_main_directions(
    rng: np.random.Generator,
) -> None:
    rows = rng.standard_normal((120, 6)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def kept(points: np.ndarray) -> float:
        def near(gaps: np.ndarray) -> np.ndarray:
            np.fill_diagonal(gaps, np.inf)
            return np.argsort(gaps, axis=1)[:, :5]

        true = near(-(rows @ rows.T).astype(np.float64))
        shown = near(((points[:, None] - points) ** 2).sum(axis=2))
        return float(np.mean([np.isin(a, b).mean() for a, b in zip(true, shown, strict=True)]))

    main = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[0][:, :2]
    assert kept(project(rows)) > 1.5 * kept(main)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_or_equal_rows_have_places_too(count: int) -> None:
    points = project(np.ones((count, 5), dtype=np.float32) / np.float32(5**0.5))
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()


def test_content_words_pass_over_the_first_ranks_and_what_is_no_word() -> None:
    words = [f"the{'x' * n}" for n in range(200)] + [
        "12",
        "house",
        "of",
        "u.s.",
        "tree",
        "家族",
        "は",
    ]
    assert content_words(words, 500)[-3:] == ["house", "tree", "家族"]
    assert content_words(words, 3) == words[10:13]
    assert is_content("हिन्दी")
    assert not is_content("don't")


def test_ticks_are_round_numbers_inside() -> None:
    assert ticks(0, 10) == [0, 2.5, 5, 7.5, 10]
    assert ticks(-0.3, 0.31) == pytest.approx([-0.2, 0, 0.2])
    assert ticks(3, 3) == [3]
    assert [short(x) for x in (0, 0.25, 12_000, 5e-5, 2_000_000)] == [
        "0",
        "0.25",
        "12k",
        "5e-05",
        "2e+06",
    ]


def test_bars_are_as_long_as_their_numbers() -> None:
    drawn = bars([("before", 0.25), ("after", None), ("after", 1.5)])
    assert 'width="25.00%"' in drawn
    assert drawn.count("100.00%") == 1
    assert "nan" not in lines("t", [("train", "x", [(1, 2.0), (2, 2.0)]), ("held", "y", [])])

"""Distances between languages: published figures, hand arithmetic, invariances."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from x2static.core.errors import DatasetError
from x2static.languages.measures.glottolog import genetic, geographic, great_circle, lineage
from x2static.languages.measures.spaces import cosine_distances, overlap, spectral, varies
from x2static.languages.measures.typology import Features, compare, features_of
from x2static.languages.measures.words import lexical, normalised
from x2static.languages.tables.distances import Distances, read_distances, table_text


def test_geographic_distances_are_those_that_lang2vec_publishes() -> None:
    found = geographic(["frr", "da", "de"])
    assert found[0, 1] == pytest.approx(0.0028, abs=5e-5)
    assert found[0, 2] == pytest.approx(0.0359, abs=5e-5)
    assert found[1, 2] == pytest.approx(0.0361, abs=5e-5)


def test_phonological_distance_is_lang2vecs_up_to_its_rounding() -> None:
    features = features_of(["frr", "da"], "filled").beginning(("P_",))
    assert compare(features)[0][0, 1] == pytest.approx(0.0002, abs=2e-4)


def test_the_antipode_is_at_1_and_a_quarter_of_the_globe_at_half() -> None:
    found = great_circle(np.array([[0.0, 0.0], [0.0, 180.0], [90.0, 0.0]]))
    assert found[0] == pytest.approx([0, 1, 0.5])


def test_genetic_distance_by_hand() -> None:
    first, second = lineage("da"), lineage("frr")
    common = [a for a, b in zip(first, second, strict=False) if a == b]
    assert common[0] == "indo1319"
    # a root above all families: one step more than there are nodes above the language
    ways = [(len(one) - len(common)) / len(one) for one in (first, second)]
    assert genetic(["da", "frr"])[0, 1] == pytest.approx(sum(ways) / 2)
    assert genetic(["fi", "sw"])[0, 1] == 1  # nothing in common
    assert 0 < genetic(["fi", "hu"])[0, 1] < 1  # the two branches of a family are no strangers
    assert genetic(["eu", "eu"])[0, 1] == 0


def test_what_glottolog_calls_a_dialect_has_a_family_and_a_place() -> None:
    assert genetic(["hr", "sr"])[0, 1] < 0.2
    assert geographic(["hr", "sr"])[0, 1] < 0.05
    assert genetic(["hr", "de"])[0, 1] < 1


def slow(features: Features, metric: str) -> np.ndarray:
    size = len(features.values)
    found = np.full((size, size), np.nan)
    for i in range(size):
        for j in range(size):
            both = features.known[i] & features.known[j]
            u, v = features.values[i][both], features.values[j][both]
            if i == j or not both.any():
                found[i, j] = 0.0 if i == j else np.nan
                continue
            if metric == "jaccard":
                either = sum(a + b - a * b for a, b in zip(u, v, strict=True))
                found[i, j] = 1 - sum(u * v) / either if either else 0.0
                continue
            lengths = math.sqrt(sum(u * u)) * math.sqrt(sum(v * v))
            cosine = sum(u * v) / lengths if lengths else float(not u.any() and not v.any())
            cosine = max(-1.0, min(1.0, cosine))
            found[i, j] = 1 - cosine if metric == "cosine" else 2 * math.acos(cosine) / math.pi
    return found


@given(
    st.integers(0, 10_000),
    st.integers(2, 5),
    st.integers(1, 8),
    st.sampled_from(["angular", "cosine", "jaccard"]),
)
@settings(deadline=None, max_examples=60)
def test_feature_distances_are_those_of_a_slow_loop(
    seed: int, size: int, width: int, metric: str
) -> None:
    rng = np.random.default_rng(seed)
    known = rng.random((size, width)) < 0.7
    values = (rng.random((size, width)) < 0.5) * known * 1.0
    features = Features(tuple("abcdefgh"[:width]), values, known)
    found, shared = compare(features, metric)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, slow(features, metric), atol=1e-6)
    assert (shared == known.astype(int) @ known.T.astype(int)).all()
    assert (compare(features, metric, 100)[0][~np.eye(size, dtype=bool)] != 0).all()  # type: ignore[arg-type]


def test_too_few_shared_features_make_a_distance_unknown() -> None:
    features = Features(("a", "b"), np.array([[1.0, 0], [1, 1]]), np.ones((2, 2), bool))
    assert compare(features, least=2)[0][0, 1] == pytest.approx(0.5)
    assert np.isnan(compare(features, least=3)[0][0, 1])


def test_order_of_languages_changes_nothing() -> None:
    codes = ["de", "hi", "sw", "ja"]
    turned = codes[::-1]
    for measure in (genetic, geographic):
        np.testing.assert_allclose(measure(codes), measure(turned)[::-1, ::-1])


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
@settings(deadline=None, max_examples=80)
def test_edit_distance_is_that_of_the_recursion(first: str, second: str) -> None:
    def edits(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        swap = edits(a[1:], b[1:]) + (a[0] != b[0])
        return min(swap, edits(a[1:], b) + 1, edits(a, b[1:]) + 1)

    wanted = edits(first, second) / max(len(first), len(second), 1)
    assert normalised([first, "abab"], [second, ""])[0] == pytest.approx(wanted)


def test_lexical_distance_tells_kin_from_chance(rng: np.random.Generator) -> None:
    letters = list("abcdefghijklmnop")
    words = ["".join(rng.choice(letters, 6)) for _ in range(60)]
    kin = [word[:5] + "z" for word in words]
    others = ["".join(rng.choice(letters, 6)) for _ in range(60)]
    lists = {
        code: {f"m{place}": word for place, word in enumerate(some)}
        for code, some in {"de": words, "nl": kin, "fi": others, "ru": words}.items()
    }
    found, shared = lexical(lists)
    assert found[0, 1] < 0.3 < 0.9 < found[0, 2] <= 1
    assert np.isnan(found[0, 3])  # Cyrillic beside Latin letters
    assert shared[0, 1] == 60


def test_spectral_distance_knows_no_rotation_and_no_order(rng: np.random.Generator) -> None:
    space = rng.standard_normal((200, 6)) * [6, 5, 4, 3, 2, 1]
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    other = rng.standard_normal((200, 6))
    found = spectral({"a": space, "b": 3 * space[::-1] @ turn, "c": other})
    assert found[0, 1] == pytest.approx(0, abs=1e-9)
    assert found[0, 2] > 0.1


def test_rows_that_differ_by_rounding_alone_do_not_vary(rng: np.random.Generator) -> None:
    row = rng.standard_normal(8).astype(np.float32)
    assert not varies(np.stack([row, row + 1e-8, row]))
    assert varies(np.stack([row, row + 0.01, row]))


def test_piece_overlap_by_hand() -> None:
    # 1 - (min(1/2, 1/4) + min(1/2, 0)) = 3/4
    assert overlap([{1: 1, 2: 1}, {1: 1, 3: 3}])[0, 1] == pytest.approx(0.75)


def test_centred_distances_do_not_see_what_all_share(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((5, 8))
    found = cosine_distances(rows, centred=True)
    np.testing.assert_allclose(found, cosine_distances(rows + 100, centred=True), atol=1e-9)
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    np.testing.assert_allclose(found, cosine_distances(7 * rows @ turn, centred=True), atol=1e-9)


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    matrix = np.array([[0, 0.25, np.nan], [0.25, 0, 1], [np.nan, 1, 0]])
    counts = np.array([[3, 2, 0], [2, 3, 1], [0, 1, 3]])
    path = tmp_path / "d.tsv"
    path.write_text(
        table_text(Distances(("de", "en", "fr"), {"syntactic": matrix}, {"syntactic": counts}))
    )
    found = read_distances(path)
    assert found.languages == ("de", "en", "fr")
    np.testing.assert_allclose(found.kinds["syntactic"], matrix)
    assert found.shared["syntactic"][0, 1] == 2


def test_a_square_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text("\tde\ten\nde\t0\t0.5\nen\t0.5\t0\n")
    assert read_distances(path).kinds["mine"][0, 1] == 0.5


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "empty"),
        ("a\tb\n", ":1: neither a list"),
        ("first\tsecond\tx\nde\ten\n", ":2: 2 columns, 3 expected"),
        ("first\tsecond\tx\nde\ten\tfar\n", ":2: 'far' is no distance"),
        ("first\tsecond\tx\nde\ten\t1\nen\tde\t2\n", ":3: x: the pair has the distances 1 and 2"),
        ("\tde\ten\nde\t0\t1\nen\t0.5\t0\n", ":3: the pair has"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "d.tsv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=line):
        read_distances(path)

"""Exact match and F1 of answers, against figures worked out by hand."""

import pytest

from eval.qa.squad import is_exact, mlqa_tokens, overlap_f1, score_answer, squad_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Denver-Broncos!", ["denverbroncos"]),
        ("An apple, a day", ["apple", "day"]),
        ("der Hund", ["der", "hund"]),  # English articles alone
        ("theatre", ["theatre"]),
        ("136 次", ["136", "次"]),
        ("«308»", ["«308»"]),  # ASCII punctuation alone
        ("the", []),
        (" \u00a0two\u00a0words ", ["two", "words"]),
    ],
)
def test_squad_normalisation(text, expected):
    assert squad_tokens(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The «first» one", ["first", "one"]),
        ("de", "Der Hund des Nachbarn.", ["hund", "nachbarn"]),
        ("es", "Unos años de la guerra", ["años", "de", "guerra"]),
        ("vi", "những người của tôi", ["người", "tôi"]),
        ("hi", "एक कुत्ता।", ["एक", "कुत्ता"]),  # a danda is punctuation; no articles
        ("zh", "在 1990年,北京 NFL", ["在", "1990", "年", "北", "京", "nfl"]),
        ("ar", "الكتاب", ["كتاب"]),
    ],
)
def test_mlqa_normalisation_by_language(language, text, expected):
    assert mlqa_tokens(text, language) == expected


def test_f1_by_hand():
    # 2 of 3 found words and 2 of 4 gold words are shared: P 2/3, R 1/2, F1 4/7
    assert overlap_f1(["x", "b", "c"], ["a", "b", "c", "d"]) == pytest.approx(4 / 7)
    # a word counts as often as it stands on both sides: one of two and one of one
    assert overlap_f1(["b", "b"], ["b"]) == pytest.approx(2 / 3)
    assert overlap_f1([], ["a"]) == 0
    assert overlap_f1([], []) == 0  # as the official scripts have it
    assert is_exact([], [])


def test_the_kindest_gold_answer_counts_for_each_figure():
    golds = ["Santa Clara, California", "Levi's Stadium"]
    f1, exact = score_answer("in Santa Clara California", golds, squad_tokens)
    assert (f1, exact) == (pytest.approx(6 / 7), False)
    assert score_answer("the levis stadium", golds, squad_tokens) == (1.0, True)


def test_chinese_differs_between_the_two_rules():
    answer, golds = "公元前", ["公元"]
    assert score_answer(answer, golds, squad_tokens)[0] == 0  # one "word" each
    f1, _ = score_answer(answer, golds, lambda text: mlqa_tokens(text, "zh"))
    assert f1 == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))

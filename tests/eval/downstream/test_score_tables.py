"""Mean, spread and tables."""

import statistics

import pytest

from eval.downstream.score_tables import ScoreRow, as_data, as_markdown, as_text
from eval.downstream.spread import Spread, average
from x2static.core.scores.intervals import share_interval


def row(model, language, *values, name="xquad", zero_shot=True, **more):
    spreads = {"f1": Spread(values), **{metric: Spread(v) for metric, v in more.items()}}
    trained = None if zero_shot else 0
    return ScoreRow(model, name, language, trained, spreads, {"questions": 7})


def test_spread_is_that_of_a_sample():
    values = (0.5, 0.75, 0.6)
    spread = Spread(values)
    assert spread.mean == pytest.approx(statistics.mean(values))
    assert spread.deviation == pytest.approx(statistics.stdev(values))
    assert spread.shown() == "61.67 ±12.58"


def test_one_seed_has_no_spread():
    assert Spread((0.5,)).deviation is None
    assert Spread((0.5,)).shown() == "50.00"


def test_spread_of_an_average_is_over_seeds():
    # languages that go up and down together keep their spread, opposite ones cancel
    assert average([Spread((0.1, 0.3)), Spread((0.2, 0.4))]).values == pytest.approx((0.15, 0.35))
    assert average([Spread((0.1, 0.3)), Spread((0.3, 0.1))]).deviation == pytest.approx(0)


ROWS = [
    row("base", "en", 0.8, 0.9, zero_shot=False),
    row("base", "de", 0.6, 0.7),
    row("base", "zh", 0.1, 0.2),
    row("dcca", "en", 0.9, 0.9, zero_shot=False),
    row("dcca", "de", 0.7, 0.7),
    row("dcca", "zh", 0.3, 0.3),
]


def test_text_has_a_line_per_language():
    # in brackets the intervals of 7 questions
    assert as_text(ROWS).split("\n") == [
        "xquad                            base F1                     dcca F1",
        "en            85.00 ±7.07 [48.0, 97.2]    90.00 ±0.00 [53.0, 98.6]",
        "de            65.00 ±7.07 [30.8, 88.6]    70.00 ±0.00 [34.7, 91.1]",
        "zh            15.00 ±7.07 [2.8, 52.0]     30.00 ±0.00 [8.9, 65.3]",
        "average       55.00 ±7.07                 63.33 ±0.00",
        "zero-shot     40.00 ±7.07                 50.00 ±0.00",
        "transfer gap  45.00 ±0.00                 40.00 ±0.00",
    ]


def test_markdown_has_a_line_per_model():
    lines = as_markdown(ROWS).split("\n")
    assert lines[0] == "### xquad: F1 (mean ± standard deviation of 2)"
    assert lines[2] == "| model | en | de | zh | average | zero-shot | transfer gap |"
    assert lines[3] == "|---|---|---|---|---|---|---|"
    assert lines[4].startswith("| base | 85.00 ±7.07 | 65.00 ±7.07 | 15.00 ±7.07 | 55.00 ±7.07 |")
    assert lines[5].endswith("| 63.33 ±0.00 | 50.00 ±0.00 | 40.00 ±0.00 |")


def test_many_languages_are_broken_into_blocks():
    rows = [row("m", f"l{number}", 0.5) for number in range(25)]
    heads = [line for line in as_markdown(rows).split("\n") if line.startswith("| model")]
    assert [head.count("|") - 2 for head in heads] == [10, 10, 6]
    assert heads[-1].endswith("| average |")  # all are zero-shot: one average says it


def test_sets_and_metrics_have_tables_of_their_own():
    rows = [row("m", "de", 0.5, exact_match=(0.25,)), row("m", "de", 0.5, name="mlqa")]
    assert as_text(rows).split("\n\n") == [
        f"xquad{'m F1':>22}{'m EM':>22}\nde     50.00 [20.2, 79.8]    25.00 [6.6, 61.1]",
        f"mlqa{'m F1':>22}\nde    50.00 [20.2, 79.8]",
    ]
    assert as_markdown(rows).count("###") == 3


def test_the_f1_of_tags_has_no_interval_and_their_accuracy_is_of_words():
    spreads = {"accuracy": Spread((0.5,)), "f1": Spread((0.4,))}
    one = ScoreRow("m", "tags", "de", None, spreads, {"sentences": 30, "words": 400})
    assert one.intervals() == {"accuracy": share_interval(0.5, 400)}
    assert one.items == (30, "sentences")
    assert as_data([one])["rows"][0]["interval_95"] == one.intervals()
    assert row("m", "de", 0.5).items == (7, "questions")


def test_data():
    data = as_data(ROWS)
    assert data["rows"][1]["f1"]["values"] == [0.6, 0.7]
    assert data["rows"][1]["questions"] == 7
    assert not data["rows"][0]["zero_shot"]
    overs = [(one["model"], one["over"]) for one in data["averages"]]
    kinds = ("average", "zero-shot", "transfer gap")
    assert overs == [(model, over) for model in ("base", "dcca") for over in kinds]
    assert data["averages"][4]["f1"]["mean"] == pytest.approx(0.5)


def test_the_transfer_gap_is_taken_seed_by_seed():
    gap = as_data(ROWS)["averages"][2]["f1"]
    assert gap["values"] == pytest.approx([0.8 - 0.35, 0.9 - 0.45])
    assert gap["sd"] == pytest.approx(0)
    assert "transfer gap" not in as_text([row("m", "de", 0.5), row("m", "fr", 0.5)])

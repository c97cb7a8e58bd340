"""Windows over contexts: transformers' own tokenization as oracle, and what every cut must keep."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.qa.questions import Answer, Question, read_questions
from eval.qa.text_pieces import TextPieces
from eval.qa.windows import WindowMaker, WindowRule, window_owners, window_starts
from tests.eval.downstream_pieces import PAIRS, pair_tokenizer
from tests.teachers import unigram_tokenizer, wordpiece_tokenizer
from x2static.core.errors import ConfigError

DATA = Path(__file__).parents[2] / "data" / "downstream"
CONTEXT = (
    "the cat sat on the mat and a dog ran under the rug , the mouse slept" + " under the rug" * 9
)


def question(context, answer, text="the"):
    start = context.index(answer)
    return Question("1", text, context, (Answer(answer, start),), "test")


def windows_of(tokenizer, questions, max_pieces=40, max_question=64, stride=128):
    maker = WindowMaker(TextPieces(tokenizer), WindowRule(max_pieces, max_question, stride))
    contexts = maker.contexts(questions)
    return list(maker.windows(questions, contexts)), contexts


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", sorted(PAIRS))
def test_inputs_are_those_of_transformers(kind):
    tokenizer = pair_tokenizer(kind)
    asked = question(CONTEXT, "dog")
    windows, contexts = windows_of(tokenizer, [asked], max_pieces=24, stride=4)
    room = 24 - tokenizer.num_special_tokens_to_add(pair=True)
    room -= len(tokenizer(asked.text, add_special_tokens=False)["input_ids"])
    oracle = tokenizer(
        asked.text,
        CONTEXT,
        truncation="only_second",
        max_length=24,
        stride=room - 4,
        return_overflowing_tokens=True,
        return_token_type_ids=True,
    )
    assert len(windows) > 2
    assert [list(window.row.ids) for window in windows] == oracle["input_ids"]
    if kind == "bert":
        assert [list(window.row.types) for window in windows] == oracle["token_type_ids"]
    assert len(contexts) == 1


@pytest.mark.parametrize("kind", sorted(PAIRS))
@pytest.mark.parametrize("answer", ["cat", "the mat and", "slept", "dog ran", "mat and a", "lept"])
def test_gold_pieces_spell_the_answer_wherever_they_fit(kind, answer):
    asked = question(CONTEXT, answer)
    windows, contexts = windows_of(pair_tokenizer(kind), [asked], max_pieces=28, stride=3)
    pieces, seen = contexts[CONTEXT], 0
    for window in windows:
        first, last = window.row.gold - window.offset + window.first
        if window.row.gold[0] == 0:
            assert window.row.gold[1] == 0  # both ends point at the first control token
            continue
        seen += 1
        assert CONTEXT[pieces.begins[first] : pieces.ends[last]] == answer
        assert 0 <= first - window.first <= last - window.first < window.size
    assert 0 < seen < len(windows)


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_real_answers_lie_inside_their_gold_pieces(language, kind):
    questions = read_questions(DATA / f"xquad.{language}.json")
    windows, contexts = windows_of(pair_tokenizer(kind), questions, 3000, stride=3000)
    for window in windows:
        asked = questions[window.question]
        first, last = window.row.gold - window.offset
        pieces = contexts[asked.context]
        text = asked.context[pieces.begins[first] : pieces.ends[last]]
        assert asked.answers[0].text in text
        assert len(text) <= len(asked.answers[0].text) + 12  # an unknown word is one piece


@given(pieces=st.integers(1, 60), room=st.integers(1, 20), stride=st.integers(1, 25))
def test_windows_leave_no_gap_and_share_out_the_pieces(pieces, room, stride):
    starts = window_starts(pieces, room, stride)
    owners = window_owners(pieces, room, starts)
    covered = {p for first in starts for p in range(first, min(first + room, pieces))}
    assert covered == set(range(pieces))
    assert starts[-1] + room >= pieces
    assert all(first + room < pieces for first in starts[:-1])
    for piece, owner in enumerate(owners):
        scores = [  # the rule, written out
            min(piece - first, min(first + room, pieces) - 1 - piece)
            + 0.01 * (min(first + room, pieces) - first)
            if first <= piece < first + room
            else -np.inf
            for first in starts
        ]
        assert owner == int(np.argmax(scores))


def test_long_question_is_cut_and_leaves_room():
    tokenizer = pair_tokenizer("bert")
    asked = question(CONTEXT, "cat", text="the " * 50)
    windows, _ = windows_of(tokenizer, [asked], max_pieces=20, max_question=64)
    assert {len(window.row.ids) for window in windows[:-1]} == {20}
    assert windows[0].offset == 1 + 8 + 1  # half of the 17 free places
    with pytest.raises(ConfigError, match="--max-pieces 4: no room"):
        windows_of(tokenizer, [asked], max_pieces=4)


def test_text_that_spells_control_tokens_stays_text():
    tokenizer = pair_tokenizer("bert")
    context = "the [SEP] cat [MASK] sat"
    windows, contexts = windows_of(tokenizer, [question(context, "cat", text="[CLS] dog")])
    inner = windows[0].row.ids.tolist()
    assert inner.count(tokenizer.sep_token_id) == 2
    assert inner.count(tokenizer.cls_token_id) == 1
    assert tokenizer.mask_token_id not in inner
    assert not set(tokenizer.all_special_ids) - {tokenizer.unk_token_id} & set(
        contexts[context].ids.tolist()
    )


def test_control_tokens_are_neither_spelled_nor_smuggled_in():
    pieces = TextPieces(wordpiece_tokenizer())
    (spelled,) = pieces.encode(["[SEP]"])
    assert len(spelled.ids) > 1  # it is cut like any text, not one unknown piece
    tokenizer = unigram_tokenizer()  # has its control tokens among its pieces
    (smuggled,) = TextPieces(tokenizer).encode(["the <s> cat"])
    assert not set(smuggled.ids.tolist()) & {tokenizer.bos_token_id, tokenizer.eos_token_id}


def test_frame_of_a_tokenizer_that_knows_no_pairs():
    frame = TextPieces(wordpiece_tokenizer()).frame
    assert frame.parts == ((2,), (3,), (3,))


def test_empty_context_and_question_without_answer():
    tokenizer = pair_tokenizer("bert")
    empty = Question("1", "the cat", " ", (), "test")
    windows, _ = windows_of(tokenizer, [empty, question(CONTEXT, "cat")])
    assert windows[0].size == 0
    assert windows[0].row.gold.tolist() == [0, 0]
    assert [window.question for window in windows] == [0] + [1] * (len(windows) - 1)

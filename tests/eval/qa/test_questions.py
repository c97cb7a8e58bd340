"""Reading SQuAD's JSON: real pieces, and every way in which a file can be wrong."""

import gzip
import json
from pathlib import Path

import pytest

from eval.qa.questions import read_questions, scorable, trainable
from x2static.core.errors import DatasetError

DATA = Path(__file__).parents[2] / "data" / "downstream"


def squad(*entries, context="the cat sat on the mat"):
    paragraph = {"context": context, "qas": list(entries)}
    return json.dumps({"version": "1.1", "data": [{"paragraphs": [paragraph]}]})


def entry(answer="cat", start=4, number=1, **more):
    answers = [{"text": answer, "answer_start": start}]
    return {"id": str(number), "question": "who?", "answers": answers, **more}


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_real_questions_are_read_and_hold_their_answers(language):
    questions = read_questions(DATA / f"xquad.{language}.json")
    assert len(questions) == 3
    assert questions[0].answers[0].text == "308"
    assert trainable(questions, "raise") == (questions, 0)
    assert scorable(questions, Path()) == questions


def test_gzip_and_byte_order_mark(tmp_path):
    path = tmp_path / "q.json.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + squad(entry()).encode()))
    assert read_questions(path)[0].context == "the cat sat on the mat"
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(DatasetError, match="damaged gzip"):
        read_questions(path)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("no json", r"q\.json: not JSON"),
        ("[]", "no list 'data'"),
        ('{"data": 3}', "no list 'data'"),
        ('{"data": []}', "no question in it"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', r"paragraphs\[0\] has no 'context'"),
        (squad({"id": "1"}), r"data\[0\]\.paragraphs\[0\]\.qas\[0\] has no 'question'"),
        (squad(entry(start="4")), "has no 'answer_start' of type int"),
        (squad({"id": 1, "question": "?"}), "has no 'id' of type str"),
        (squad({"id": "1", "question": "?", "answers": 7}), "not SQuAD's JSON format"),
    ],
)
def test_other_formats_are_refused_in_one_line(write_text, text, pattern):
    with pytest.raises(DatasetError, match=pattern) as caught:
        read_questions(write_text("q.json", text))
    assert "\n" not in str(caught.value)


def test_missing_file_and_wrong_encoding(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.json: No such file"):
        read_questions(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(squad(entry()).replace("cat", "Käse").encode("latin-1"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        read_questions(tmp_path / "latin.json")


def test_answer_that_is_not_in_its_context(write_text):
    questions = read_questions(
        write_text("q.json", squad(entry(), entry("dog", 4, number=2), entry("cat", 5, number=3)))
    )
    with pytest.raises(
        DatasetError, match=r"qas\[1\] \(id 2\): answer 'dog' is not in its context"
    ):
        trainable(questions, "raise")
    assert trainable(questions, "skip") == (questions[:1], 2)
    with pytest.raises(DatasetError, match="no question with a usable answer"):
        trainable(questions[1:], "skip")


def test_negative_start_is_no_place(write_text):
    questions = read_questions(write_text("q.json", squad(entry("ma", -3))))
    with pytest.raises(DatasetError, match="at character -3"):
        trainable(questions, "raise")


def test_blinded_copy_is_named_as_such(write_text):
    path = write_text("q.json", squad(entry("", 0), entry("", 0, number=2)))
    with pytest.raises(DatasetError, match="all 2 answers are empty: a copy without labels"):
        scorable(read_questions(path), path)


def test_unanswerable_question_is_learned_from_but_not_scored(write_text):
    unanswerable = {"id": "2", "question": "?", "answers": [], "is_impossible": True}
    questions = read_questions(write_text("q.json", squad(entry(), unanswerable)))
    assert trainable(questions, "raise") == (questions, 0)
    assert scorable(questions, Path()) == questions[:1]


def test_tydiqa_ids_tell_the_language(write_text):
    path = write_text("q.json", squad(entry() | {"id": "swahili--12-3"}, entry()))
    assert [question.language for question in read_questions(path)] == ["sw", None]

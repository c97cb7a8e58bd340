"""Word pieces against the library's own tokenization of whole sentences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.teachers import WORDS, byte_tokenizer, unigram_tokenizer, wordpiece_tokenizer
from x2static.core.errors import TeacherError
from x2static.teacher import WordPieces

MAKERS = {"unigram": unigram_tokenizer, "wordpiece": wordpiece_tokenizer, "bytes": byte_tokenizer}
BUILT = {name: make() for name, make in MAKERS.items()}
word = st.one_of(st.sampled_from(WORDS), st.text("catdogxyz<é中", min_size=1, max_size=6))


@pytest.mark.parametrize("kind", MAKERS)
@given(sentence=st.lists(word, min_size=1, max_size=8))
def test_words_one_by_one_give_the_pieces_of_the_sentence(kind, sentence):
    tokenizer = BUILT[kind]
    expected = tokenizer(sentence, is_split_into_words=True)
    pieces = WordPieces(tokenizer, "test")
    table = pieces.encode(sentence)
    flat, begins = table.gather(np.arange(len(sentence), dtype=np.int32))
    assert [*pieces.prefix, *flat.tolist(), *pieces.suffix] == expected["input_ids"]
    owners = np.repeat(np.arange(len(sentence)), np.diff(begins)).tolist()
    assert owners == [i for i in expected.word_ids() if i is not None]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(
    "spelled", ["<s>", "</s>", "<mask>", "<pad>", "[CLS]", "[MASK]", "x<mask>y", "<s><s>"]
)
def test_text_that_spells_a_control_token_never_becomes_it(kind, spelled):
    tokenizer = BUILT[kind]
    ids = WordPieces(tokenizer, "test").encode([spelled, "cat"]).ids.tolist()
    control = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    assert ids
    assert control.isdisjoint(ids)


def test_the_caller_s_tokenizer_stays_as_it_was():
    tokenizer = unigram_tokenizer()
    before = tokenizer("the <mask> sat")["input_ids"]
    WordPieces(tokenizer, "test")
    assert tokenizer("the <mask> sat")["input_ids"] == before


def test_gather_repeats_and_orders_words():
    pieces = WordPieces(BUILT["unigram"], "test")
    table = pieces.encode(["cat", "treexy", "a"])
    flat, begins = table.gather(np.array([2, 1, 1], dtype=np.int32))
    lengths = table.lengths.tolist()
    assert np.diff(begins).tolist() == [lengths[2], lengths[1], lengths[1]]
    assert flat[begins[1] : begins[2]].tolist() == flat[begins[2] : begins[3]].tolist()


def test_slow_tokenizer_is_refused():
    with pytest.raises(TeacherError, match="no fast tokenizer"):
        WordPieces(object(), "some/folder")

"""Tagged sentences as inputs: no word is lost, first pieces speak."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eval.downstream.batches import IGNORED
from eval.downstream.pretrained import Reader
from eval.tagging.conll import TaggedSentence
from eval.tagging.rows import TagRows, find_tags
from tests.teachers import WORDS, unigram_tokenizer, wordpiece_tokenizer
from x2static.core.errors import ConfigError
from x2static.teacher import WordPieces
from x2static.teacher.speaker import Speaker

TAGS = ("A", "B", "C")
NUMBERS = {tag: number for number, tag in enumerate(TAGS)}


def maker(tokenizer, max_pieces=40):
    return TagRows(WordPieces(tokenizer, "test"), tokenizer.unk_token_id, max_pieces)


def sentence(*words):
    return TaggedSentence(words, tuple(TAGS[len(word) % 3] for word in words))


def test_ids_are_those_of_transformers():
    tokenizer = wordpiece_tokenizer()
    words = ["the", "tree", "slept", "on", "a", "house"]
    (row,) = maker(tokenizer).cut([sentence(*words)], NUMBERS)
    encoded = tokenizer(words, is_split_into_words=True)
    assert row.row.ids.tolist() == encoded["input_ids"]
    owners = encoded.word_ids()
    assert list(row.heads) == [owners.index(number) for number in range(len(words))]


@given(
    words=st.lists(st.sampled_from([*WORDS, "xyzzy", "\u00ad"]), min_size=1, max_size=25),
    max_pieces=st.integers(3, 20),
)
def test_every_word_has_one_gold_place(words, max_pieces):
    tokenizer = unigram_tokenizer()
    given_sentence = sentence(*words)
    rows = maker(tokenizer, max_pieces).cut([given_sentence], NUMBERS)
    golds = []
    for row in rows:
        assert len(row.row.ids) <= max_pieces
        assert row.first == len(golds)
        places = np.flatnonzero(row.row.gold != IGNORED).tolist()
        assert places == list(row.heads)
        golds += [TAGS[number] for number in row.row.gold[places]]
    assert tuple(golds) == given_sentence.tags


def test_word_without_pieces_is_read_as_unknown():
    tokenizer = wordpiece_tokenizer()
    (row,) = maker(tokenizer).cut([sentence("\u00ad", "cat")], NUMBERS)
    assert row.row.ids[1] == tokenizer.unk_token_id
    assert row.heads == (1, 2)


def test_unseen_gold_tag_counts_in_no_loss():
    (row,) = maker(wordpiece_tokenizer()).cut([TaggedSentence(("cat",), ("Z",))], NUMBERS)
    assert (row.row.gold == IGNORED).all()


def test_no_room():
    with pytest.raises(ConfigError, match="--max-pieces 2: no room"):
        maker(wordpiece_tokenizer(), 2)


@pytest.mark.parametrize("budget", [1, 30, 1000])
def test_tags_come_from_first_pieces(budget):
    """The fake head says the number of the piece modulo 3."""
    tokenizer = wordpiece_tokenizer()

    def head(input_ids, attention_mask, token_type_ids):
        return SimpleNamespace(logits=torch.eye(3)[input_ids % 3])

    speaker = Speaker("modulo", head, tokenizer)
    reader = Reader("modulo", head, torch.device("cpu"), 40, tokenizer.pad_token_id, 2, speaker)
    sentences = [sentence("the", "tree", "sat"), sentence("cat"), sentence(*["house", "red"] * 6)]
    rows = maker(tokenizer, 12).cut(sentences, NUMBERS)
    found = find_tags(reader, sentences, rows, TAGS, budget=budget, precision="fp32")

    def first_piece(word):
        return tokenizer(word, add_special_tokens=False)["input_ids"][0]

    assert found == [[TAGS[first_piece(w) % 3] for w in one.words] for one in sentences]

"""Reading tagged sentences."""

from pathlib import Path

import pytest

from eval.tagging.conll import TaggedSentence, read_tagged
from x2static.core.errors import DatasetError

DATA = Path(__file__).parents[2] / "data" / "downstream"


def test_conllu_without_contractions_and_empty_nodes():
    sentences = read_tagged(DATA / "fi_tdt.conllu")
    assert len(sentences) == 4
    assert sentences[2] == TaggedSentence(
        ("Varo", ",", "että", "et", "ylikypsennä", "mössöksi", "."),
        ("VERB", "PUNCT", "SCONJ", "AUX", "VERB", "NOUN", "PUNCT"),
    )
    assert "lisää" not in sentences[3].words
    assert len(sentences[3].words) == 10


def test_two_columns(write_text):
    text = "Ann\tB-PER\nran\tO\n\n\n#\tO\n-\tO\r\n"
    assert read_tagged(write_text("a.tsv", text)) == [
        TaggedSentence(("Ann", "ran"), ("B-PER", "O")),
        TaggedSentence(("#", "-"), ("O", "O")),
    ]


def test_first_and_last_of_several_columns(write_text):
    text = "-DOCSTART- -X- -X- O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n"
    assert read_tagged(write_text("conll2003.txt", text)) == [
        TaggedSentence(("EU", "rejects"), ("B-ORG", "O"))
    ]


def test_words_keep_their_inner_spaces_and_comments_go(write_text):
    text = "# text = a comment\n10 000\tNUM\n# no tab, but in a sentence"
    with pytest.raises(DatasetError):  # that last row is none
        read_tagged(write_text("a.tsv", text.replace(" no tab, but in a sentence", "")))
    assert read_tagged(write_text("b.tsv", text[:30])) == [TaggedSentence(("10 000",), ("NUM",))]


def test_wikiann_prefix_goes_only_when_every_word_has_it(write_text):
    every = write_text("a.tsv", "ang:Ann\tB-PER\nang::\tO\n")
    some = write_text("b.tsv", "re:Ann\tO\nran\tO\n")
    assert read_tagged(every)[0].words == ("Ann", ":")
    assert read_tagged(some)[0].words == ("re:Ann", "ran")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("word\n", r"a\.tsv:1: 'word' is not a word and its tag"),
        ("a\tX\n\n\tPUNCT\n", r"a\.tsv:3: .* is not a word and its tag"),
        ("a\tX\nb\t\n", r"a\.tsv:2: "),
        ("", "no tagged sentence"),
        ("# comment\n", "no tagged sentence"),
        ("1\tA\t_\tX\t_\t_\t0\t_\t_\t_\n2\tB\n", r"a\.tsv:2: 2 columns; CoNLL-U has 10"),
        ("A\tA\t_\tX\t_\t_\t0\t_\t_\t_\n", "'A' is no token number"),
    ],
)
def test_rows_of_another_format(write_text, text, pattern):
    with pytest.raises(DatasetError, match=pattern):
        read_tagged(write_text("a.tsv", text))


def test_missing_file(tmp_path):
    with pytest.raises(DatasetError, match="No such file"):
        read_tagged(tmp_path / "none.tsv")

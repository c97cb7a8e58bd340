import gzip

import pytest

from eval.similarity.word_pairs import WordPairs, cross_pairs, dataset_name, read_word_pairs
from x2static.core.errors import DatasetError

CAT = (("cat", "big dog"), ("dog", "sun"), (7.5, 1.0))


@pytest.mark.parametrize(
    "text",
    [
        "cat\tdog\t7.5\nbig dog\tsun\t1\n",
        "\ufeffcat\tdog\t7.5\r\n\r\nbig dog\tsun\t1\r\n",
        "id\tword1\tword2\tscore\tpos\n1\tcat\tdog\t7.5\tn\n2\tbig dog\tsun\t1\tn",
        "word1\tword2\tPOS\tSimLex999\tconc(w1)\ncat\tdog\tN\t7.5\t2\nbig dog\tsun\tN\t1.0\t3\n",
        "Word 1,Word 2,Human (mean)\ncat,dog,7.5\nbig dog,sun,1\n",
        '"cat","dog",7.5\n"big dog","sun",1.\n',
        "cat\tdog\tV\t7.5\tSYNONYMS\nbig dog\tsun\tV\t1\tNONE\n",
        "cat\tdog\t7.5\t10\t5\nbig dog\tsun\t1\t2\t3\n",
    ],
    ids=["tsv", "bom-crlf", "multi-simlex", "simlex", "wordsim-csv", "quoted", "simverb", "rw"],
)
def test_published_layouts(tmp_path, text):
    path = tmp_path / "set.txt"
    path.write_bytes(text.encode())
    pairs = read_word_pairs(path)
    assert (pairs.first, pairs.second, pairs.scores) == CAT
    assert len(pairs) == 2


def test_white_space_columns(tmp_path):
    path = tmp_path / "MEN.txt.gz"
    path.write_bytes(gzip.compress(b"sun sunlight 50.000\ncar  auto 49\n"))
    pairs = read_word_pairs(path)
    assert (pairs.name, pairs.first, pairs.scores) == ("MEN", ("sun", "car"), (50.0, 49.0))


@pytest.mark.parametrize("folder", [".", "../keys"])
def test_semeval_gold_file(tmp_path, folder):
    data = tmp_path / "data"
    data.mkdir()
    (data / folder).mkdir(exist_ok=True)
    (data / "en.test.data.txt").write_text("cat\tdog\nbig dog\tsun\n")
    (data / folder / "en.test.gold.txt").write_text("7.5\n1\n")
    pairs = read_word_pairs(data / "en.test.data.txt")
    assert (pairs.first, pairs.second, pairs.scores) == CAT
    assert pairs.name == "en.test"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("cat\tdog\t7\ncat\tsun\n", ":2: expected two words and a score"),
        ("cat\tdog\t7\ncat\tsun\tnan\n", ":2: expected"),
        ("cat\tdog\t7\ncat\tsun\t1_0\n", ":2: expected"),
        ("word1\tword2\tfoo\ncat\tdog\t1\n", ":1: neither"),
        ("word1\tword2\tscore\n", "a header but no pair"),
        ("cat dog\n", ":1: neither"),
        ('<?xml version="1.0"?>\n<Error/>\n', ":1: neither"),
    ],
)
def test_complaints_are_one_line_with_place(tmp_path, text, complaint):
    path = tmp_path / "set.txt"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        read_word_pairs(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gold_of_another_length(tmp_path):
    (tmp_path / "a.data.txt").write_text("cat\tdog\n")
    (tmp_path / "a.gold.txt").write_text("1\n2\n")
    with pytest.raises(DatasetError, match="2 scores for the 1 pairs"):
        read_word_pairs(tmp_path / "a.data.txt")


def test_unreadable_files(tmp_path):
    with pytest.raises(DatasetError, match="No such file"):
        read_word_pairs(tmp_path / "absent.txt")
    with pytest.raises(DatasetError, match="directory"):
        read_word_pairs(tmp_path)
    latin = tmp_path / "latin.txt"
    latin.write_bytes("cat\tdog\t1\nTür\tTor\t2\n".encode("latin-1"))
    with pytest.raises(DatasetError, match=r"latin.txt:2: byte 0xfc at 1 is not UTF-8"):
        read_word_pairs(latin)
    broken = tmp_path / "broken.txt.gz"
    broken.write_bytes(gzip.compress(b"cat\tdog\t1\n" * 100)[:-9])
    with pytest.raises(DatasetError, match="damaged gzip"):
        read_word_pairs(broken)


def test_short_names_carry_their_folder(tmp_path):
    assert dataset_name(tmp_path / "multisimlex" / "en.tsv") == "multisimlex/en"
    assert dataset_name(tmp_path / "EN-WS-353-ALL.txt") == "EN-WS-353-ALL"


def test_cross_pairs_by_hand():
    # the scale runs from 0 to 6, so scores may differ by 1.2
    en = WordPairs("en", ("arm", "roof", "sky"), ("leg", "wall", "sea"), (2, 0, 6), ("1", "2", "4"))
    fi = WordPairs(
        "fi", ("katto", "käsi", "tie"), ("seinä", "jalka", "x"), (1.3, 3, 1), ("2", "1", "3")
    )
    cross = cross_pairs(en, fi)
    assert (cross.first, cross.second) == (("arm", "leg"), ("jalka", "käsi"))
    assert cross.scores == (2.5, 2.5)
    assert cross.name == "en x fi"
    with pytest.raises(DatasetError, match="share no pair"):
        cross_pairs(en, WordPairs("xx", ("a",), ("b",), (1,), ("9",)))


def test_ids_come_from_their_column(tmp_path):
    path = tmp_path / "set.tsv"
    path.write_text("id\tword1\tword2\tscore\n7\ta\tb\t1\n3\tc\td\t2\n")
    assert read_word_pairs(path).ids == ("7", "3")
    path.write_text("a\tb\t1\nc\td\t2\n")
    assert read_word_pairs(path).ids == ("1", "2")

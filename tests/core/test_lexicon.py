import gzip
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from x2static.core.errors import LexiconError
from x2static.core.text.lexicon import Coverage, Lexicon, advise_direction, read_lexicon

DE_EN = (("der", "the"), ("von", "of"), ("von", "from"), ("Haus", "house"))
# Any word that vectors may hold: white space beyond ASCII is legal inside one.
WORD = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters=" \t\r\n\v\f\0"),
    min_size=1,
    max_size=8,
).filter(lambda word: not word.startswith("\ufeff"))
PAIRS = st.lists(st.tuples(WORD, WORD), min_size=1, max_size=30)


@pytest.mark.parametrize(
    "text",
    [
        "der the\nvon of\nvon from\nHaus house\n",
        "der\tthe\nvon\tof\nvon\tfrom\nHaus\thouse",
        "\ufeffder the\r\n\r\nvon of\r\nvon\tfrom\r\nHaus  house \r\n",
        "deu-000\teng-000\nder\tthe\nvon\tof\nvon\tfrom\nHaus\thouse\n",
        "der\tthe\t9\t0.5\nvon\tof\t8\t1\nvon\tfrom\t8\t1\nHaus\thouse\t3\t\n",
        "der the\nvon of\nder the\nvon from\nvon of\nHaus house\n",
    ],
    ids=["muse", "tab", "bom-crlf-mixed", "panlex-header", "panlex-columns", "duplicates"],
)
def test_layouts(tmp_path, text):
    path = tmp_path / "de-en.txt"
    path.write_bytes(text.encode())
    assert read_lexicon(path).pairs == DE_EN


def test_gzip(tmp_path):
    path = tmp_path / "de-en.txt.gz"
    path.write_bytes(gzip.compress("Tür door\n".encode()))
    assert read_lexicon(path).pairs == (("Tür", "door"),)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(pairs=PAIRS, separator=st.sampled_from([" ", "\t"]), end=st.sampled_from(["\n", "\r\n"]))
def test_round_trip_of_any_words(tmp_path_factory, pairs, separator, end):
    path = tmp_path_factory.mktemp("lexicon") / "any.txt"
    path.write_bytes("".join(f"{a}{separator}{b}{end}" for a, b in pairs).encode())
    lexicon = read_lexicon(path)
    assert lexicon.pairs == tuple(dict.fromkeys(pairs))
    assert lexicon.dropped == {"duplicate": len(pairs) - len(set(pairs)), "phrase": 0}


@settings(deadline=None, max_examples=150, derandomize=True)
@given(content=st.binary(max_size=60))
def test_any_bytes_give_pairs_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("lexicon") / "any.txt"
    path.write_bytes(content)
    complaint, lexicon = "", Lexicon(())
    try:
        lexicon = read_lexicon(path)
    except LexiconError as error:
        complaint = str(error)
    assert bool(complaint) != bool(len(lexicon))
    assert not complaint or (complaint.startswith(str(path)) and "\n" not in complaint)
    assert not any(set(word) & set(" \t\r\n\v\f") for pair in lexicon for word in pair)


def test_phrases_are_left_out_and_counted(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("New York\tNeu York\nTür\tdoor\n", encoding="utf-8")
    lexicon = read_lexicon(path)
    assert lexicon.pairs == (("Tür", "door"),)
    assert lexicon.dropped["phrase"] == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "it is empty"),
        (b"\n\r\n \t \n", "it is empty"),
        (b"a b\nc\n", ":2: expected two words, found 'c'"),
        (b"a b\nc d e\n", ":2: 3 words without a tab"),
        (b"a\tb\n\tc\n", ":2: expected two words"),
        (b"a\tb\nc\t\n", ":2: expected two words"),
        (b"a b\nc \xff\n", ":2: byte 0xff at 2 is not UTF-8"),
        (b"a b\tc d\n", "all 1 pairs are phrases"),
    ],
)
def test_complaints(tmp_path, content, complaint):
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    with pytest.raises(LexiconError) as caught:
        read_lexicon(path)
    assert complaint in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(LexiconError, match="No such file"):
        read_lexicon(tmp_path / "none.txt")


def test_lowercase_merges(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("Haus House\nhaus house\nHAUS building\n")
    lexicon = read_lexicon(path, lowercase=True)
    assert lexicon.pairs == (("haus", "house"), ("haus", "building"))
    assert lexicon.dropped["duplicate"] == 1


def test_translations_and_inverse():
    lexicon = Lexicon.of([*DE_EN, ("aus", "from")])
    assert lexicon.translations["von"] == ("of", "from")
    assert lexicon.inverse().translations["from"] == ("von", "aus")
    assert lexicon.inverse().inverse().pairs == lexicon.pairs
    assert lexicon.mapped(str.lower).translations["haus"] == ("house",)


def test_coverage_by_hand():
    lexicon = Lexicon.of(DE_EN)
    found = lexicon.coverage({"von", "Haus"}, {"from", "of", "the"})
    # der: unknown; von: both pairs known; Haus: source known, target not
    assert found == Coverage(queries=3, covered=1, source_known=2, pairs=4, covered_pairs=2)
    assert found.rate == pytest.approx(1 / 3)
    assert lexicon.within({"von", "Haus"}, {"from", "the"}).pairs == (("von", "from"),)
    assert Lexicon(()).coverage(set(), set()).rate == 0


@settings(deadline=None, max_examples=50, derandomize=True)
@given(pairs=PAIRS, size=st.integers(0, 12))
def test_split_never_parts_a_source_word(pairs, size):
    lexicon = Lexicon.of(pairs)
    first, rest = lexicon.split(size)
    assert not set(first.translations) & set(rest.translations)
    assert len(first.translations) == min(size, len(lexicon.translations))
    assert sorted([*first, *rest]) == sorted(lexicon)


def test_direction_advice():
    lexicon = Lexicon.of(DE_EN)
    german, english = {"der", "von", "Haus"}, {"the", "of", "from", "house"}
    assert advise_direction(lexicon, german, english) is None
    assert "0 of 4 pairs as it is and 4 the other way" in advise_direction(lexicon, english, german)


def zipped(path, **texts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("_", "."), text)
    return path


def test_a_zip_of_one_text_is_read(tmp_path):
    path = zipped(tmp_path / "panlex.zip", a_tsv="eng-000\tdeu-000\nhouse\tHaus\n", README_txt="x")
    assert list(read_lexicon(path)) == [("house", "Haus")]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a_tsv": "a b", "b_tsv": "c d"}, r"2 texts in this zip \(a\.tsv, b\.tsv\); unpack it"),
        ({"a_bin": "a b"}, r"0 texts in this zip"),
    ],
)
def test_a_zip_of_several_texts_is_refused(texts, message, tmp_path):
    with pytest.raises(LexiconError, match=message):
        read_lexicon(zipped(tmp_path / "x.zip", **texts))


def test_a_damaged_zip_is_one_line(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK not really")
    with pytest.raises(LexiconError, match=r"x\.zip: damaged zip file"):
        read_lexicon(tmp_path / "x.zip")

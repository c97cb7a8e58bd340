"""Text to piece ids: cut as asked, cached by content, never a control token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from continued_pretraining.objectives.masking import MaskRule
from continued_pretraining.text.corpus import Sequences, TokenizedText, tokenize
from continued_pretraining.text.tokenizer import LineTokenizer, train_tokenizer
from tests.teachers import unigram_tokenizer, wordpiece_tokenizer
from x2static.core.errors import ConfigError, CorpusError, TeacherError
from x2static.core.text.sources import doubts_about, find_sources, language_of


@pytest.fixture(scope="module")
def tokenizer() -> LineTokenizer:
    return LineTokenizer(unigram_tokenizer(), "test")


def test_lines_become_their_pieces(tmp_path, tokenizer):
    path = tmp_path / "en.txt"
    path.write_text("the cat\n\n  sat on a mat  \n", encoding="utf-8")
    text = tokenize("en", [path], tokenizer, tmp_path / "cache", "1")
    first = tokenizer.hugging_face("the cat", add_special_tokens=False)["input_ids"]
    second = tokenizer.hugging_face("sat on a mat", add_special_tokens=False)["input_ids"]
    assert text.ids.tolist() == [*first, *second]
    assert text.lines.tolist() == [0, len(first), len(first) + len(second)]


def test_text_that_spells_a_control_token_is_none(tmp_path, tokenizer):
    path = tmp_path / "en.txt"
    path.write_text("the </s> cat <mask>\n<pad><s>\n", encoding="utf-8")
    text = tokenize("en", [path], tokenizer, tmp_path / "cache", "1")
    assert not set(text.ids.tolist()) & set(tokenizer.control_ids.tolist())
    assert text.lines[-1] == len(text.ids)
    letters = tokenizer.hugging_face.convert_ids_to_tokens(text.ids.tolist())
    assert "<" in "".join(letters)  # it is spelled, not left out


def test_a_text_is_tokenized_once(tmp_path, tokenizer, monkeypatch):
    path = tmp_path / "en.txt"
    path.write_text("the cat\n", encoding="utf-8")
    tokenize("en", [path], tokenizer, tmp_path / "cache", "1")
    monkeypatch.setattr(LineTokenizer, "encode", None)
    tokenize("en", [path], tokenizer, tmp_path / "cache", "1")
    with pytest.raises(TypeError):
        tokenize("en", [path], tokenizer, tmp_path / "cache", "2")


def test_empty_text_is_one_clear_line(tmp_path, tokenizer):
    path = tmp_path / "en.txt"
    path.write_text("\n \n", encoding="utf-8")
    with pytest.raises(CorpusError, match="no text in it; leave en out"):
        tokenize("en", [path], tokenizer, tmp_path / "cache", "1")
    assert not list((tmp_path / "cache").iterdir())


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=12), longest=st.integers(2, 9))
def test_sequences_hold_every_piece_once(lengths, longest):
    lines = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    text = TokenizedText(np.arange(lines[-1], dtype=np.uint16), lines)
    for unit in ("blocks", "lines"):
        cut = Sequences(text, unit, longest)
        parts = [cut[item] for item in range(len(cut))]
        assert np.concatenate(parts).tolist() == list(range(lines[-1]))
        assert max(map(len, parts)) <= longest
        if unit == "blocks":
            assert {len(part) for part in parts[:-1]} <= {longest}
        else:
            assert min(map(len, parts)) >= 1
            assert len(parts) == sum(-(-size // longest) for size in lengths)
            assert {int(part[0]) for part in parts} >= set(lines[:-1].tolist())


def test_mask_rule_hides_the_right_share():
    rule = MaskRule(0.15, 4, np.arange(10, 50))
    ids = np.full(40_000, 7)
    seen, guessed = rule.hide(ids, np.array([40_000]), np.random.default_rng(0))
    assert guessed.mean() == pytest.approx(0.15, abs=0.01)
    assert (seen[~guessed] == 7).all()
    fates = seen[guessed]
    assert (fates == 4).mean() == pytest.approx(0.8, abs=0.02)
    assert (fates == 7).mean() == pytest.approx(0.1, abs=0.02)
    assert set(fates[(fates != 4) & (fates != 7)].tolist()) <= set(range(10, 50))
    assert (ids == 7).all()


def test_every_sequence_has_a_guess():
    rule = MaskRule(1e-9, 4, np.arange(10, 50))
    lengths = np.array([2, 1, 5, 1])
    for seed in range(5):
        _, guessed = rule.hide(np.full(9, 7), lengths, np.random.default_rng(seed))
        assert [int(part.sum()) for part in np.split(guessed, [2, 3, 8])] == [1, 1, 1, 1]


def test_word_beginnings():
    tokenizer = LineTokenizer(unigram_tokenizer(), "test")
    pieces = tokenizer.hugging_face.get_vocab()
    begins = tokenizer.begins_word
    assert begins[pieces["▁the"]]
    assert begins[-1]
    assert not begins[pieces["at"]]
    continued = LineTokenizer(wordpiece_tokenizer(), "test")
    assert continued.begins_word[continued.hugging_face.get_vocab()["cat"]]
    assert not continued.begins_word[continued.hugging_face.get_vocab()["##c"]]


def test_a_trained_tokenizer_serves_all_languages(tmp_path):
    for name, text in (("de", "der Hund läuft\n" * 50), ("hi", "कुत्ता दौड़ता है\n" * 50)):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    sources = find_sources([str(tmp_path / "*.txt")], "--text")
    found = train_tokenizer(sources, 60, 64, {"de": 0.5, "hi": 0.5})
    for text in ("der Hund", "कुत्ता"):
        ids = found.encode([text])[0]
        assert found.hugging_face.unk_token_id not in ids
        assert found.hugging_face.decode(ids) == text
    assert found.mask_id == found.size - 1


def test_a_tokenizer_without_mask_is_refused():
    bare = unigram_tokenizer()
    bare.mask_token = None
    with pytest.raises(TeacherError, match="no mask token"):
        LineTokenizer(bare, "bare")


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("de.txt", "de"),
        ("wiki/de.txt.gz", "de"),
        ("cc100.en.txt.xz", "en"),
        ("eu.vec", "eu"),
        ("aligned-fr.vec.gz", "fr"),
        ("zh_Hans.txt", "zh_Hans"),
        ("vectors/pt", "pt"),
        ("cc.en.300.vec", "en"),
        ("Klingon.txt", "Klingon"),
    ],
)
def test_language_is_read_off_the_name(name, language):
    assert language_of(Path(name)) == language


@pytest.mark.parametrize(
    ("names", "doubtful"),
    [
        (["de.raw.txt", "en.raw.txt"], True),
        (["en.raw.txt"], False),
        (["ceb.raw.vec", "de.raw.vec"], True),
        (["de.txt", "more.de.txt"], False),
        (["bbc.de.txt", "cnn.de.txt"], False),
        (["de-en.en", "fr-en.en"], False),
        (["de-en.en", "de-en.de"], False),
        (["Klingon.txt", "Vulcan.txt"], False),
    ],
)
def test_files_that_may_be_of_several_languages_are_doubted(names, doubtful):
    found: dict[str, list[Path]] = {}
    for name in names:
        found.setdefault(language_of(Path(name)), []).append(Path(name))
    assert bool(doubts_about(found, "--text")) == doubtful


def test_sources_by_path_pattern_and_name(tmp_path):
    for name in ("de.txt", "en.txt", "more.en.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    found = find_sources([str(tmp_path / "*.txt"), f"xx={tmp_path / 'de.txt'}"], "--text")
    assert {language: [path.name for path in paths] for language, paths in found.items()} == {
        "de": ["de.txt"],
        "en": ["en.txt", "more.en.txt"],
        "xx": ["de.txt"],
    }
    for missing in ("nothing/*.txt", "fr.txt", "fr=fr.txt"):
        with pytest.raises(ConfigError, match="--text .*no "):
            find_sources([missing], "--text")

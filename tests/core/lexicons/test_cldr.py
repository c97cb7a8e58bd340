"""Seed dictionaries in the box."""

from __future__ import annotations

from pathlib import Path

import pytest

from x2static.core.errors import LexiconError
from x2static.core.lexicons.cldr import cldr_languages, cldr_lexicon, names_cldr
from x2static.core.text.lexicon import read_lexicon


def test_any_two_languages_have_a_dictionary():
    assert len(cldr_languages()) == 101
    found = dict(cldr_lexicon("cldr:de-en"))
    assert found["hund"] == "dog"
    assert len(found) > 400
    assert ("アコーディオン", "akkordeon") in cldr_lexicon("cldr:ja-de").pairs
    for code in cldr_languages()[1:]:
        pairs = cldr_lexicon(f"cldr:en-{code}").pairs
        assert len(pairs) >= 100, code
        assert not any(" " in word or word == other for word, other in pairs)
    assert len(cldr_lexicon("cldr:nb-en")) > 300


def test_a_name_is_no_file(tmp_path):
    assert names_cldr(Path("cldr:de-en"))
    assert names_cldr(Path("cldr"))
    assert not names_cldr(None)
    assert not names_cldr(tmp_path / "cldr.txt")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("cldr", "say between which languages"),
        ("cldr:de", "say between which languages"),
        ("cldr:de-", "say between which languages"),
        ("cldr:de-xx", "no words of 'xx' among its 101 languages"),
        ("cldr:de-de", "are one language"),
        ("cldr:no-nb", "are one language"),
    ],
)
def test_other_names_are_refused(name, complaint):
    with pytest.raises(LexiconError, match=complaint):
        cldr_lexicon(name)


def test_commas_of_muse_are_taken_off_and_counted(write_text):
    path = write_text("m.txt", "Haus, house\nHaus house\nBaum tree,\n, comma\n")
    lexicon = read_lexicon(path)
    assert lexicon.pairs == (("Haus", "house"), ("Baum", "tree"), (",", "comma"))
    assert lexicon.commas == 2
    assert lexicon.dropped["duplicate"] == 1


def test_align_learns_from_the_box(rng, run_cli, tmp_path):
    from tests.align.planted import plant
    from x2static.core.vector_file import write_vectors
    from x2static.core.vectors import WordVectors

    pairs = list(dict(cldr_lexicon("cldr:de-en")).items())
    first = {target: (source, target) for source, target in reversed(pairs)}
    pairs = list(first.values())
    world = plant(rng, size=len(pairs), width=12, noise=0.1)
    target = [""] * len(pairs)
    for row, place in enumerate(world.translation):
        target[place] = pairs[row][1]
    sides = {"de": ([a for a, _ in pairs], world.source), "en": (target, world.target)}
    for code, (words, matrix) in sides.items():
        write_vectors(WordVectors(words, matrix), tmp_path / f"{code}.vec", "word2vec")
    arguments = ["align", "--preset", "supervised", "--lexicon", "cldr:de-en"]
    for flag, name in (
        ("source", "de.vec"),
        ("target", "en.vec"),
        ("output-source", "a"),
        ("output-target", "b"),
    ):
        arguments += [f"--{flag}", tmp_path / name]
    code, out, err = run_cli(*arguments)
    assert code == 0, err
    assert "cldr:de-en: " in out

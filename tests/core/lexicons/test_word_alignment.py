"""Links against a slow and obvious model 1; dictionaries from planted translations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from x2static.core.errors import DatasetError, LexiconError
from x2static.core.lexicons import from_bitext, word_alignment
from x2static.core.lexicons.from_bitext import lexicon_of, read_bitext, words_of
from x2static.core.lexicons.word_alignment import linked_words


def slow_model(source, target, iterations, diagonal, empty_share):
    """P(target word | source word), by dictionaries and loops."""
    kinds = sorted({(a, b) for x, y in zip(source, target, strict=True) for a in x for b in y})
    table, empty = dict.fromkeys(kinds, 1 / len(kinds)), 1 / len(kinds)
    for _ in range(iterations):
        counts = dict.fromkeys(kinds, 0.0)
        for x, y in zip(source, target, strict=True):
            for j, b in enumerate(y):
                prior = [
                    np.exp(-diagonal * abs((i + 0.5) / len(x) - (j + 0.5) / len(y)))
                    for i in range(len(x))
                ]
                weights = [
                    (1 - empty_share) * p / sum(prior) * table[a, b]
                    for a, p in zip(x, prior, strict=True)
                ]
                whole = sum(weights) + empty_share * empty
                for a, weight in zip(x, weights, strict=True):
                    counts[a, b] += weight / whole
        for a in {a for a, _ in kinds}:
            sums = sum(count for (one, _), count in counts.items() if one == a)
            for kind in kinds:
                if kind[0] == a:
                    table[kind] = counts[kind] / sums
        empty = float(np.mean(list(table.values())))
    return table


def test_links_equal_the_slow_model(rng):
    source = [rng.integers(0, 9, size) for size in rng.integers(2, 7, 30)]
    target = [rng.integers(0, 8, size) for size in rng.integers(2, 7, 30)]
    links = linked_words(source, target)
    expected = slow_model(source, target, word_alignment._ITERATIONS, 4.0, 0.08)
    backward = slow_model(target, source, word_alignment._ITERATIONS, 4.0, 0.08)
    assert len(links.source) == len(expected)
    for a, b, there, back in zip(*links[:4], strict=True):
        assert there == pytest.approx(expected[a, b], rel=1e-3, abs=1e-6)
        assert back == pytest.approx(backward[b, a], rel=1e-3, abs=1e-6)


def planted(rng, sentences=400, words=60):
    """Word n translates as t(n); frequent words in most sentences, order a little shuffled."""
    shares = 1 / np.arange(1, words + 1)
    for _ in range(sentences):
        size = rng.integers(4, 12)
        chosen = rng.choice(words, size, p=shares / shares.sum())
        moved = chosen[np.argsort(np.arange(size) + rng.normal(0, 0.7, size))]
        yield " ".join(f"s{n}" for n in chosen), " ".join(f"t{n}" for n in moved)


def test_planted_translations_are_found(rng):
    found = lexicon_of(planted(rng), 0.2, 2.0, "here")
    right = [source[1:] == target[1:] for source, target in found.lexicon]
    assert sum(right) >= 50
    assert np.mean(right) > 0.9
    assert all(right[:30])  # the surest come first


def test_what_teaches_nothing_is_left_out_and_counted(rng):
    pairs = [*planted(rng, 50), ("!!", "t1"), ("same s1", "same s1"), ("w " * 101, "t1")]
    pairs.append(pairs[0])
    found = lexicon_of(pairs, 0.2, 1.0, "here")
    assert found.used == found.sentences - 4
    assert found.dropped == {
        "without words": 1,
        "the same in both languages": 1,
        "longer than 100 words": 1,
        "repeated": 1,
    }
    with pytest.raises(LexiconError, match=r"here: no sentence pair to learn from \(1 without"):
        lexicon_of([("?", "t1")], 0.2, 1.0, "here")


def test_memory_has_an_end(rng, monkeypatch):
    monkeypatch.setattr(from_bitext, "MOST_LINKS", 2_000)
    found = lexicon_of(planted(rng), 0.2, 1.0, "here")
    assert 0 < found.used < 60
    assert found.dropped["beyond what memory is meant for"] == 400 - found.used


def test_words_are_what_is_left_without_punctuation():
    assert words_of("«Die E-Mail» kam, usw. … हिन्दी में!") == [
        "die",
        "e-mail",
        "kam",
        "usw",
        "हिन्दी",
        "में",
    ]


def test_sentence_pairs_in_all_three_forms(write_text, tmp_path):
    write_text("p.tsv", "ein Haus\ta house\n")
    write_text("a.de", "ein Haus\nzwei\n")
    write_text("b.en", "a house\ntwo\n")
    (tmp_path / "bible").mkdir()
    for code, text in (("de", "1\tein Haus\n2\tzwei\n"), ("en", "2\ttwo\n3\tthree\n")):
        write_text(f"bible/{code}.tsv", text)
    pair = ("de", "en")
    assert list(read_bitext(tmp_path / "p.tsv", pair)) == [("ein Haus", "a house")]
    both = tmp_path / f"a.de,{tmp_path / 'b.en'}"
    assert list(read_bitext(both, pair)) == [("ein Haus", "a house"), ("zwei", "two")]
    assert list(read_bitext(tmp_path / "bible" / "{}.tsv", pair)) == [("zwei", "two")]
    with pytest.raises(DatasetError, match="3 files; give two aligned ones"):
        list(read_bitext(tmp_path / "a,b,c", pair))


def test_the_command_writes_pairs_surest_first(rng, run_cli, write_text, tmp_path):
    text = "".join(f"{a}\t{b}\n" for a, b in planted(rng, 200))
    path = write_text("pairs.tsv", text)
    output = tmp_path / "de-en.txt"
    arguments = ("lexicon", "--bitext", f"de-en={path}", "--output", output)
    code, out, err = run_cli(*arguments, "--json")
    data = json.loads(out)
    assert code == 0, err
    lines = output.read_text().splitlines()
    assert len(lines) == data["pairs"] > 30
    assert lines[0].split("\t")[0][1:] == lines[0].split("\t")[1][1:]
    record = json.loads((tmp_path / "de-en.txt.run.json").read_text())
    assert record["counts"]["used"] == data["used"] <= 200
    first = output.read_bytes()
    assert run_cli(*arguments, "--overwrite")[0] == 0
    assert output.read_bytes() == first

"""``x2static bitext``: counts against a plain join, samples to read, planted faults found."""

from __future__ import annotations

import itertools
import json
import lzma
from pathlib import Path

import numpy as np
import pytest

SOURCES = {
    "bible": {"en": range(60), "de": range(10, 60), "fr": range(0, 40, 2)},
    "manual": {"en": range(5), "de": range(3, 8), "sw": range(4)},
}


def sentence(language: str, key: int) -> str:
    return f"{language} sentence number {key} of some length"


def tsv(language: str, keys: range) -> str:
    return "".join(f"{key:04d}\t{sentence(language, key)}\n" for key in keys)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for source, languages in SOURCES.items():
        (tmp_path / source).mkdir()
        for language, keys in languages.items():
            packed = lzma.compress(tsv(language, keys).encode())
            (tmp_path / source / f"{language}.tsv.xz").write_bytes(packed)
    return tmp_path


def test_counts_are_those_of_a_plain_join(texts: Path, run_cli) -> None:
    code, out, err = run_cli("bitext", "count", texts / "*/*.tsv.xz", "--json")
    assert code == 0, err
    data = json.loads(out)
    expected = {}
    for first, second in itertools.combinations(data["languages"], 2):
        owners = [own for own in SOURCES.values() if {first, second} <= {*own}]
        number = sum(len(set(own[first]) & set(own[second])) for own in owners)
        if number:
            expected[f"{first}-{second}"] = number
    assert {row["pair"]: row["sentences"] for row in data["pairs"]} == expected
    assert sum(row["shares"]["sinkhorn"] for row in data["pairs"]) == pytest.approx(1)
    assert data["pairs"][0]["sources"] == {"bible": 50, "manual": 2}


def test_the_table_shows_the_matrix_and_each_sampling(texts: Path, run_cli) -> None:
    code, out, err = run_cli("bitext", "count", texts / "*/*.tsv.xz", "--temperature", 5)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[1].split() == ["de", "en", "fr", "sw"]
    assert lines[2].split() == ["de", ".", "2", "2", "1"]
    assert "de-en" in out
    assert [line.split()[0] for line in lines[-4:]] == ["sinkhorn", "m2m", "temperature", "english"]


def test_a_star_of_english_pairs_is_said_not_filled(tmp_path: Path, run_cli) -> None:
    for place, language in enumerate(("de", "fr", "sw"), 1):
        (tmp_path / language).mkdir()
        for code in (language, "en"):
            (tmp_path / language / f"{code}.tsv").write_text(tsv(code, range(9 * place)))
    code, out, err = run_cli("bitext", "count", tmp_path / "*/*.tsv", "--temperature", 5)
    assert code == 0, err
    line = next(line for line in out.splitlines() if line.startswith("  sinkhorn"))
    assert "no shares have the marginals asked for" in line


def test_samples_are_pairs_of_the_two_languages(texts: Path, run_cli) -> None:
    command = [
        "bitext",
        "sample",
        texts / "*/*.tsv.xz",
        "--pair",
        "de-en",
        "--number",
        12,
        "--json",
    ]
    code, out, err = run_cli(*command)
    assert code == 0, err
    data = json.loads(out)
    assert data["sentences"] == 52
    assert len({(row["source"], row["key"]) for row in data["rows"]}) == 12
    for row in data["rows"]:
        assert row["de"] == sentence("de", int(row["key"]))
        assert row["en"] == sentence("en", int(row["key"]))
    assert run_cli(*command)[1] == out
    assert run_cli(*command, "--seed", 1)[1] != out


def test_every_pair_has_the_same_chance(texts: Path, run_cli) -> None:
    drawn: list[str] = []
    command = ["bitext", "sample", texts / "bible/*", "--pair", "en-fr", "--number", 5, "--json"]
    for seed in range(40):
        rows = json.loads(run_cli(*command, "--seed", seed)[1])["rows"]
        drawn += [row["key"] for row in rows]
    counts = np.unique(drawn, return_counts=True)[1]
    assert len(counts) == 20  # each of the 20 pairs is drawn 10 times on average
    assert counts.max() <= 22


def test_planted_faults_are_found(tmp_path: Path, run_cli) -> None:
    german = {key: sentence("de", key) for key in range(40)}
    german[7] = sentence("en", 7)  # not translated
    german[9] = "kurz"
    lines = "".join(f"{key:04d}\t{text}\n" for key, text in german.items())
    (tmp_path / "de.tsv").write_text(lines)
    (tmp_path / "en.tsv").write_text(tsv("en", range(40)))
    code, out, err = run_cli("bitext", "check", tmp_path / "*.tsv", "--json")
    assert code == 0, err
    (row,) = json.loads(out)["rows"]
    assert (row["identical"], row["out_of_proportion"], row["sentences"]) == (1, 1, 40)
    assert [example["key"] for example in row["examples"]] == ["0007", "0009"]
    assert "kurz" in run_cli("bitext", "check", tmp_path / "*.tsv")[1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["count", "{}/nowhere*"], "nowhere.*no such file"),
        (["count", "{}/bible/en.tsv.xz"], "no other language beside it"),
        (["count", "{}/*/*.tsv.xz", "--hub", "ja"], "--hub ja: not among the languages"),
        (["count", "{}/*/*.tsv.xz", "--temperature", "0.5"], "--temperature must be at least 1"),
        (["sample", "{}/*/*.tsv.xz", "--pair", "de"], "--pair takes two languages"),
        (["sample", "{}/*/*.tsv.xz", "--pair", "de-de"], "--pair takes two languages"),
        (["sample", "{}/*/*.tsv.xz", "--pair", "de-xx"], "unknown code 'xx'"),
        (["sample", "{}/*/*.tsv.xz", "--pair", "fr-sw"], "no source has a key in both"),
        (["check", "{}/*/*.tsv.xz", "--factor", "0.5"], "--factor must be at least 1"),
    ],
)
def test_mistakes_are_one_line(texts: Path, refuses, arguments: list[str], why: str) -> None:
    refuses(why, "bitext", *(word.replace("{}", str(texts)) for word in arguments))


def test_a_source_given_twice_is_refused(texts: Path, refuses) -> None:
    (texts / "bible" / "de.tsv").write_text("0001\ta\n")
    refuses("is the same source and language", "bitext", "count", texts / "bible/*")


def test_aligned_files_are_looked_at_like_keyed_ones(tmp_path: Path, run_cli) -> None:
    for language in ("de", "en"):
        lines = (sentence(language, key) for key in range(30))
        (tmp_path / f"a.{language}").write_text("\n".join(lines) + "\n")
    entry = f"de-en={tmp_path}/a.de,{tmp_path}/a.en"
    code, out, err = run_cli("bitext", "count", entry, "--json")
    assert code == 0, err
    assert json.loads(out)["pairs"][0]["sentences"] == 30
    rows = json.loads(run_cli("bitext", "sample", entry, "--pair", "de-en", "--json")[1])["rows"]
    assert len(rows) == 10
    assert all(row["de"].split()[3] == row["en"].split()[3] for row in rows)
    assert run_cli("bitext", "check", entry)[0] == 0

"""The commands from file to file: journeys, saved maps, and one line for every mistake."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from align.saved_map import read_map
from tests.align.planted import precision
from x2static.core.normalize import unit
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors


def scored(tmp_path, planted):
    source, target = (read_vectors(tmp_path / name) for name in ("out.de", "out.en"))
    return precision(source.matrix, target.matrix, planted.translation)


QUICK = {"patience": 4, "keep_initial": 0.4}


def test_record_validation_and_induced_dictionary(world, run_cli, flags, tmp_path):
    more = {
        "lexicon": tmp_path / "train.txt", "validation": tmp_path / "test.txt",
        "choice": "auto", "induce": tmp_path / "induced.txt",
    }  # fmt: skip
    code, out, _ = run_cli("align", *flags(**more), "--json")
    data = json.loads(out)
    assert code == 0
    assert data["aligned"] is True
    assert data["validation"]["csls"] >= 0.99 > data["validation_unaligned"]["csls"]
    pairs = [line.split("\t")[:2] for line in (tmp_path / "induced.txt").read_text().splitlines()]
    assert len(pairs) == data["induced_pairs"] > 390
    record = json.loads((tmp_path / "out.de" / "run.json").read_text())
    assert record["result"]["validation"]["words"] == 200
    assert record["settings"]["preset"] == "tuned"


def test_languages_that_already_agree_stay_unaligned(rng, run_cli, flags, tmp_path):
    matrix = rng.standard_normal((60, 12)).astype(np.float32)
    words = [f"w{i}" for i in range(60)]
    for name in ("de.vec", "en.vec"):
        write_vectors(WordVectors(words, matrix), tmp_path / name, "word2vec")
    rows = [f"w{i} w{(i * 7) % 60}\n" for i in range(30)]  # a dictionary of nonsense
    (tmp_path / "bad.txt").write_text("".join(rows))
    (tmp_path / "test.txt").write_text("".join(f"w{i} w{i}\n" for i in range(30, 60)))
    more = {"lexicon": tmp_path / "bad.txt", "validation": tmp_path / "test.txt", "choice": "auto"}
    code, out, err = run_cli("align", *flags(**more))
    assert code == 0
    shown = "P@1 100.00 [88.6, 100.0] nearest, 100.00 [88.6, 100.0] CSLS (30 words)"
    assert f"unaligned: {shown}" in out
    assert "written unaligned" in out
    assert "warning: alignment rejected (held-out CSLS P@1 " in err
    assert "30 held-out words, fewer than 200" in err
    result = json.loads((tmp_path / "out.de" / "run.json").read_text())["result"]
    assert result["aligned"] is False
    assert result["validation_unaligned_interval_95"]["csls"] == pytest.approx(
        [0.8865, 1], abs=1e-4
    )
    np.testing.assert_array_equal(read_vectors(tmp_path / "out.de").matrix, matrix)


def test_saved_map_gives_the_same_vectors_and_takes_new_words(world, run_cli, flags, tmp_path):
    saved = tmp_path / "de-en.map"
    lexicon = tmp_path / "train.txt"
    assert run_cli("align", *flags(lexicon=lexicon, save_map=saved))[0] == 0
    for side, name in (("source", "de.vec"), ("target", "en.vec")):
        again = tmp_path / f"again-{side}.vec"
        arguments = ("--map", saved, "--vectors", tmp_path / name, "--output", again)
        assert run_cli("align", "apply", *arguments, "--side", side)[0] == 0
        first = read_vectors(tmp_path / ("out.de" if side == "source" else "out.en"))
        np.testing.assert_allclose(read_vectors(again).matrix, first.matrix, atol=1e-5)
    new = WordVectors(["new"], world.source[7:8] * 3)
    write_vectors(new, tmp_path / "new.vec", "word2vec")
    output = tmp_path / "new.out"
    arguments = ("--map", saved, "--vectors", tmp_path / "new.vec", "--output", output)
    assert run_cli("align", "apply", *arguments)[0] == 0
    np.testing.assert_allclose(
        read_vectors(output).matrix[0], read_vectors(tmp_path / "out.de").matrix[7], atol=1e-5
    )
    assert read_map(saved).notes["preset"] == "tuned"


@pytest.mark.parametrize("method", ["tuned", "orthogonal", "bootstrap", "rcsls"])
def test_hub_leaves_the_hub_untouched(world, run_cli, tmp_path, method):
    before = (tmp_path / "en.vec").read_bytes()
    (tmp_path / "lex").mkdir()
    (tmp_path / "lex" / "de-en.txt").write_text((tmp_path / "train.txt").read_text())
    output = tmp_path / "hub"
    arguments = (
        "--hub", f"en={tmp_path / 'en.vec'}", "--spokes", f"de={tmp_path / 'de.vec'}",
        "--lexicons", tmp_path / "lex" / "{}-en.txt", "--output", output, "--method", method,
    )  # fmt: skip
    code, _, err = run_cli("align", "hub", *arguments)
    assert code == 0, err
    assert all(line.startswith("de: ") for line in err.splitlines() if "round" in line)
    assert ("de: round 1" in err) == (method == "bootstrap")
    assert (tmp_path / "en.vec").read_bytes() == before
    spoke, center = read_vectors(output / "de"), read_vectors(tmp_path / "en.vec")
    assert precision(spoke.matrix, center.matrix, world.translation) >= 0.99
    if method == "tuned":  # how much of the mean it gets is decided on held-out pairs
        return
    # It lies where the hub's own unit vectors lie, mean included.
    middle, own = unit(spoke.matrix).mean(axis=0), unit(center.matrix).mean(axis=0)
    assert np.linalg.norm(middle - own) < 0.3 * np.linalg.norm(own)


@pytest.fixture
def hub_flags(tmp_path):
    def make(**more):
        given = {
            "hub": f"en={tmp_path / 'en.vec'}", "spokes": f"de={tmp_path / 'de.vec'}",
            "lexicons": tmp_path / "train.txt", "output": tmp_path / "hub", **more,
        }  # fmt: skip
        words = []
        for key, value in given.items():
            words += ["--" + key.replace("_", "-"), *([value] if value is not True else [])]
        return ["align", "hub", *words]

    return make


@pytest.fixture
def nonsense(rng, tmp_path):
    """Two languages that agree already, and a dictionary that says otherwise."""
    matrix = rng.standard_normal((60, 12)).astype(np.float32)
    words = [f"w{i}" for i in range(60)]
    for name in ("de.vec", "en.vec"):
        write_vectors(WordVectors(words, matrix), tmp_path / name, "word2vec")
    wrong = [f"w{i} w{(i * 7 + 3) % 60}\n" for i in range(50)]
    (tmp_path / "wrong.txt").write_text("".join(wrong))
    # Half of it is right, so that parts held out from it can tell what the rest does.
    half = [f"w{i} w{i}\n" if i % 2 else wrong[i] for i in range(50)]
    (tmp_path / "half.txt").write_text("".join(half))
    (tmp_path / "valid.txt").write_text("".join(f"w{i} w{i}\n" for i in range(50, 60)))
    return matrix


@pytest.mark.parametrize(
    "more",
    [{"lexicons": "half.txt"}, {"lexicons": "wrong.txt", "validation": "valid.txt"}],
    ids=["folds", "file"],
)
@pytest.mark.parametrize("method", ["orthogonal", "rcsls"])
def test_hub_leaves_a_spoke_that_agrees_already(
    nonsense, run_cli, hub_flags, tmp_path, method, more
):
    more = {name: tmp_path / value for name, value in more.items()}
    code, out, err = run_cli(*hub_flags(method=method, **more))
    assert code == 0, err
    assert "written unaligned" in out
    np.testing.assert_array_equal(read_vectors(tmp_path / "hub" / "de").matrix, nonsense)
    saved = read_map(tmp_path / "hub" / "de.map.safetensors")
    np.testing.assert_array_equal(saved.source.apply(nonsense), nonsense)
    assert saved.notes["aligned"] is False
    held_back, before = saved.notes["held_back"], saved.notes["held_back_unaligned"]
    assert before["csls"] > held_back["csls"]
    low, high = saved.notes["held_back_unaligned_interval_95"]["csls"]
    assert low < before["csls"] < high or before["csls"] == high == 1
    shown = f"{100 * held_back['csls']:.2f} mapped, {100 * before['csls']:.2f} as they are"
    why = f"de: alignment rejected (held-out CSLS P@1 {shown}): written unaligned"
    assert why in err
    assert f"held-out words, unaligned {100 * before['csls']:.2f} [" in out
    assert f"de: {held_back['words']} held-out words, fewer than 200" in err
    code, out, _ = run_cli(*hub_flags(method=method, choice="aligned", overwrite=True, **more))
    assert code == 0
    assert "written unaligned" not in out
    assert not np.allclose(read_vectors(tmp_path / "hub" / "de").matrix, nonsense, atol=0.1)


def test_hub_says_and_records_what_tuning_found(world, run_cli, hub_flags, tmp_path):
    code, out, err = run_cli(*hub_flags())
    assert code == 0, err
    assert next(line for line in err.splitlines() if "tuned:" in line).startswith("de: tuned: ")
    assert re.search(r"CSLS P@1 (9\d|100)\.\d\d \[9\d\.\d, \d+\.\d\] on 200 held-out words", out)
    record = json.loads((tmp_path / "hub" / "de" / "run.json").read_text())
    result = record["result"]
    assert (result["aligned"], result["method"]) == (True, "tuned")
    tuning = result["tuning"]
    assert tuning["prior"] == "rotation"
    assert tuning["held_back"]["csls"] >= 0.9 > tuning["unaligned"]["csls"]
    assert tuning["held_back"] == result["held_back"]


def test_hub_says_how_much_of_the_dictionary_it_knows(world, run_cli, hub_flags, tmp_path):
    lexicon = tmp_path / "phrases.txt"
    known = (tmp_path / "train.txt").read_text().splitlines()[:8]
    text = "".join(line.replace(" ", "\t") + "\n" for line in known)
    lexicon.write_text(text + "q1 q2\tw1\nnie\tnever\n")
    given = hub_flags(lexicons=lexicon, method="orthogonal", resume=True)
    said = ""
    for _ in range(2):  # the second time from the record
        code, out, err = run_cli(*given)
        said += err
        assert code == 0, err
        assert "words, 8 of 9 pairs have both words in the vectors; 1 phrase left out" in out
        assert "learned from 8, mutual-neighbour rate" in out
    assert "de: 8 pairs leave much of a map of 12 dimensions to chance" in said
    record = json.loads((tmp_path / "hub" / "de" / "run.json").read_text())
    expected = {"pairs": 8, "lexicon_pairs": 9, "dropped_phrases": 1}
    assert expected.items() <= record["result"].items()
    code, _, err = run_cli(*hub_flags(lexicons=lexicon, overwrite=True))
    assert code == 0
    assert "to chance" not in err  # tuned leans on what it has


def test_hub_without_a_dictionary_bootstraps(world, run_cli, hub_flags, tmp_path):
    given = hub_flags(seeds="identical", fast=True, lexicons="", json=True)
    code, out, err = run_cli(*given)
    assert code == 0, err
    row = json.loads(out)["spokes"]["de"]
    assert (row["method"], row["aligned"]) == ("bootstrap", True)
    assert row["agreement"] > 0.9
    assert "held_back" not in row


def test_hub_resumes_only_with_the_same_way_of_choosing(world, run_cli, hub_flags, tmp_path):
    (tmp_path / "other.txt").write_text((tmp_path / "test.txt").read_text())
    first = {"method": "orthogonal", "resume": True}
    assert run_cli(*hub_flags(**first))[0] == 0
    assert run_cli(*hub_flags(**first))[0] == 0
    for more in ({"choice": "aligned"}, {"validation": tmp_path / "test.txt"}):
        code, _, err = run_cli(*hub_flags(**first, **more))
        assert code == 2
        assert "exists already" in err
    validated = {**first, "validation": tmp_path / "test.txt"}
    assert run_cli(*hub_flags(**validated, overwrite=True))[0] == 0
    assert run_cli(*hub_flags(**validated))[0] == 0
    (tmp_path / "test.txt").write_text((tmp_path / "test.txt").read_text()[:600])
    assert run_cli(*hub_flags(**validated))[0] == 2  # the same name, another file


def test_hub_wants_a_validation_file_for_each_language(world, refuses, hub_flags, tmp_path):
    spokes = ("--spokes", f"de={tmp_path / 'de.vec'}", f"fr={tmp_path / 'de.vec'}")
    given = hub_flags(lexicons=tmp_path / "{}.txt", validation=tmp_path / "test.txt")
    at = given.index("--spokes")
    refuses("--validation: give a pattern", *given[:at], *spokes, *given[at + 2 :])
    refuses("nothing is held out", *hub_flags(validation=tmp_path / "train.txt"))


def test_hub_names_every_language_that_fails(world, run_cli, tmp_path):
    (tmp_path / "de-en.txt").write_text((tmp_path / "train.txt").read_text())
    arguments = (
        "--hub", f"en={tmp_path / 'en.vec'}", "--spokes", f"de={tmp_path / 'de.vec'}",
        f"fr={tmp_path / 'de.vec'}", "--lexicons", tmp_path / "{}-en.txt", "--output",
        tmp_path / "hub",
    )  # fmt: skip
    code, _, err = run_cli("align", "hub", *arguments)
    assert code == 2
    assert "1 of 2 languages failed: fr:" in err
    assert err.count("fr-en.txt") == 1
    assert (tmp_path / "hub" / "de").exists()


def test_one_language_that_fails_is_named_once(world, refuses, tmp_path):
    (tmp_path / "fr-en.txt").write_text("kein Paar\n")
    refuses(
        f"^error: {tmp_path}/fr-en.txt: none of 1 pairs is in both vocabularies",
        "align", "hub", "--hub", f"en={tmp_path / 'en.vec'}", "--spokes",
        f"fr={tmp_path / 'de.vec'}", "--lexicons", tmp_path / "{}-en.txt", "--output",
        tmp_path / "hub",
    )  # fmt: skip


def test_hub_goes_on_where_it_stopped(world, run_cli, tmp_path):
    (tmp_path / "de-en.txt").write_text((tmp_path / "train.txt").read_text())
    output = tmp_path / "hub"

    def run(*more):
        return run_cli(
            "align", "hub", "--hub", f"en={tmp_path / 'en.vec'}", "--spokes",
            f"de={tmp_path / 'de.vec'}", f"fr={tmp_path / 'de.vec'}", "--lexicons",
            tmp_path / "{}-en.txt", "--output", output, "--json", *more,
        )  # fmt: skip

    assert run()[0] == 2
    made = (output / "de" / "vectors.safetensors").stat().st_mtime_ns
    (tmp_path / "fr-en.txt").write_text((tmp_path / "train.txt").read_text())
    code, out, err = run("--resume")
    assert code == 0, err
    assert set(json.loads(out)["spokes"]) == {"de", "fr"}
    assert (output / "de" / "vectors.safetensors").stat().st_mtime_ns == made
    (output / "fr.map.safetensors").unlink()  # without its map a spoke is not done
    assert run("--resume")[0] == 2
    assert run("--resume", "--overwrite")[0] == 0
    assert (output / "fr.map.safetensors").exists()
    # Another setting, another result: that spoke is not done.
    code, _, err = run("--resume", "--method", "orthogonal")
    assert code == 2
    assert "exists already" in err


def test_hub_warns_of_a_map_that_is_not_to_be_trusted(run_cli, tmp_path):
    rng = np.random.default_rng(3)
    for name in ("de", "en"):
        words = [f"same{n}" if n < 60 else f"{name}{n}" for n in range(600)]
        rows = rng.standard_normal((600, 20)).astype(np.float32)
        write_vectors(WordVectors(words, rows), tmp_path / f"{name}.vec", "word2vec")
    flags = (
        "align", "hub", "--hub", f"en={tmp_path / 'en.vec'}", "--spokes",
        f"de={tmp_path / 'de.vec'}", "--seeds", "identical", "--fast", "--output", tmp_path / "hub",
    )  # fmt: skip
    code, _, err = run_cli(*flags)
    assert code == 0
    assert "warning: de: the result is not to be trusted" in err


def test_mistakes_are_one_line(world, refuses, flags, tmp_path):
    (tmp_path / "turned.txt").write_text(
        "".join(
            " ".join(line.split()[::-1]) + "\n"
            for line in (tmp_path / "train.txt").read_text().splitlines()
            if line[0] == "q"
        )
    )
    (tmp_path / "other.txt").write_text("x y\n")
    (tmp_path / "few.txt").write_text(
        "".join((tmp_path / "train.txt").read_text().splitlines(keepends=True)[:5])
    )
    (tmp_path / "latin.txt").write_bytes(b"q1 w\xe4\n")
    narrow = WordVectors(["w1", "w2"], np.eye(2, 3, dtype=np.float32))
    write_vectors(narrow, tmp_path / "narrow.vec", "word2vec")
    lexicon = tmp_path / "train.txt"
    for pattern, more in [
        ("give --lexicon", {"preset": "supervised"}),
        ("the other way round: swap", {"lexicon": tmp_path / "turned.txt"}),
        ("none of 1 pairs is in both vocabularies", {"lexicon": tmp_path / "other.txt"}),
        (
            "5 pairs cannot fix a map of 12 dimensions",
            {"lexicon": tmp_path / "few.txt", "preset": "supervised"},
        ),
        ("UTF-8", {"lexicon": tmp_path / "latin.txt"}),
        ("12 wide and .*3", {"lexicon": lexicon, "target": tmp_path / "narrow.vec"}),
        ("--dimensions 13 is more than the width 12", {"lexicon": lexicon, "dimensions": 13}),
        ("not used when seeds are", {"lexicon": lexicon, "preset": "unsupervised"}),
        ("--choice auto", {"lexicon": lexicon, "choice": "auto"}),
        ("nothing is held out", {"lexicon": lexicon, "validation": lexicon}),
        ("same name", {"lexicon": lexicon, "output_source": tmp_path / "out.en"}),
    ]:
        refuses(pattern, "align", *flags(**more))
        assert not (tmp_path / "out.de").exists()


@pytest.mark.parametrize("preset", ["supervised", "emnlp2016", "rcsls", "tuned", "unsupervised"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_vectors_that_are_all_the_same(world, refuses, flags, tmp_path, preset, value):
    words = [f"q{i}" for i in range(400)]
    vectors = WordVectors(words, np.full((400, 12), value, np.float32))
    write_vectors(vectors, tmp_path / "same.vec", "word2vec")
    more = {} if preset == "unsupervised" else {"lexicon": tmp_path / "train.txt"}
    given = flags(preset=preset, source=tmp_path / "same.vec", **more)
    refuses("same.vec: all 400 vectors are the same", "align", *given)
    assert not (tmp_path / "out.de").exists()


def test_repeated_words_stop_the_run_or_are_skipped(world, refuses, run_cli, flags, tmp_path):
    lines = (tmp_path / "de.vec").read_text().splitlines(keepends=True)
    (tmp_path / "twice.vec").write_text("".join(["401 12\n", *lines[1:], lines[2]]))
    more = {"source": tmp_path / "twice.vec", "lexicon": tmp_path / "train.txt"}
    refuses("twice.vec:402: duplicate word 'q1'", "align", *flags(**more))
    assert run_cli("align", *flags(**more, on_error="skip"))[0] == 0
    assert scored(tmp_path, world) >= 0.99


def test_a_checkpoint_belongs_to_every_row(world, flags, tmp_path):
    from align.config import AlignConfig
    from align.languages import Languages

    def key(row):
        vectors = read_vectors(tmp_path / "de.vec")
        matrix = vectors.matrix.copy()
        matrix[row] += 1
        (tmp_path / "other.vec").unlink(missing_ok=True)
        write_vectors(WordVectors(vectors.words, matrix), tmp_path / "other.vec", "word2vec")
        return Languages(
            AlignConfig(
                source=tmp_path / "other.vec", target=tmp_path / "en.vec",
                output_source=tmp_path / "a", output_target=tmp_path / "b", self_learning=True,
                lexicon=tmp_path / "train.txt",
            )
        ).key()  # fmt: skip

    assert key(0) == key(0)
    assert key(0) != key(399) != key(398)


def test_broken_maps_are_one_line(world, refuses, tmp_path):
    bad = tmp_path / "bad.map"
    bad.write_bytes(b"nothing")
    rest = ("--vectors", tmp_path / "de.vec", "--output", tmp_path / "o")
    refuses("not a map", "align", "apply", "--map", bad, *rest)
    refuses("no such file", "align", "apply", "--map", tmp_path / "none", *rest)


def test_no_shared_words(rng, refuses, flags, tmp_path):
    for name, letter in (("de.vec", "a"), ("en.vec", "b")):
        words = [f"{letter}{i}" for i in range(30)]
        matrix = rng.standard_normal((30, 4)).astype(np.float32)
        write_vectors(WordVectors(words, matrix), tmp_path / name, "word2vec")
    refuses("share no words", "align", *flags(preset="identical"))
    refuses("share no numerals", "align", *flags(preset="acl2017"))


def test_cutoffs_beyond_the_vocabulary_mean_all_of_it(world, run_cli, flags, tmp_path):
    written = []
    for size in (400, 10**6):
        more = {"lexicon": tmp_path / "train.txt", "cutoff": size, "csls": size, **QUICK}
        given = flags(preset="semi-supervised", overwrite=True, **more)
        assert run_cli("align", *given)[0] == 0
        written.append(read_vectors(tmp_path / "out.de").matrix.copy())
    np.testing.assert_array_equal(*written)
    assert scored(tmp_path, world) >= 0.99
    # They count at all: another cutoff leads elsewhere.
    given = flags(preset="semi-supervised", overwrite=True, **{**more, "cutoff": 50, "csls": 2})
    assert run_cli("align", *given)[0] == 0
    assert not np.array_equal(read_vectors(tmp_path / "out.de").matrix, written[0])


def test_signs_of_failure_are_for_runs_without_a_dictionary(rng, run_cli, flags, tmp_path):
    for name, letter in (("de", "q"), ("en", "w")):
        words = [f"{letter}{n}" for n in range(300)] + [f"same{n}" for n in range(60)]
        matrix = rng.standard_normal((360, 12)).astype(np.float32)
        write_vectors(WordVectors(words, matrix), tmp_path / f"noise.{name}.vec", "word2vec")
    (tmp_path / "pairs.txt").write_text("".join(f"q{n} w{n}\n" for n in range(200)))
    noise = {"source": tmp_path / "noise.de.vec", "target": tmp_path / "noise.en.vec"}
    given = {"lexicon": tmp_path / "pairs.txt", "preset": "supervised"}
    code, _, said = run_cli("align", *flags(**given, **noise))
    assert code == 0
    assert "not to be trusted" not in said
    more = {"preset": "identical", "overwrite": True, "cutoff": 200}
    code, _, said = run_cli("align", *flags(**noise, **more))
    assert code == 0, said
    assert "the result is not to be trusted" in said

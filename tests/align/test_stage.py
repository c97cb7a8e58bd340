"""What ``align`` counts, refuses, warns of, and goes on with after a kill."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

import align.stage
from align.vecmap.alignment import LanguageMap
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

SIDES = ("source", "target")


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


@pytest.mark.parametrize("step", ["write_mapped", "write_map", "write_induced"])
def test_a_run_killed_before_all_is_written_leaves_nothing_to_mend(
    world, run_cli, flags, tmp_path, monkeypatch, step
):
    given = {
        "lexicon": tmp_path / "train.txt",
        "save_map": tmp_path / "map",
        "induce": tmp_path / "pairs.tsv",
    }

    def stopping(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(align.stage, step, stopping)
        with pytest.raises(Killed):
            run_cli("align", *flags(**given))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("out", "map", "pa"))]
    assert run_cli("align", *flags(**given))[0] == 0


def test_resume_on_what_the_same_run_finished_has_nothing_to_do(
    world, run_cli, refuses, flags, tmp_path
):
    given = {"lexicon": tmp_path / "train.txt", "save_map": tmp_path / "map"}
    code, first, _ = run_cli("align", *flags(**given), "--json")
    assert code == 0
    refuses("exists already", "align", *flags(**given))
    made = (tmp_path / "map").stat().st_mtime_ns
    code, again, _ = run_cli("align", *flags(**given, resume=True), "--json")
    assert (code, json.loads(again)) == (0, json.loads(first))
    assert (tmp_path / "map").stat().st_mtime_ns == made
    refuses("exists already", "align", *flags(**given, resume=True, csls=7))
    (tmp_path / "map").unlink()
    refuses("exists already", "align", *flags(**given, resume=True))


def test_resume_takes_nothing_that_another_run_made(world, run_cli, refuses, flags, tmp_path):
    lexicon = tmp_path / "train.txt"
    assert run_cli("align", *flags(lexicon=lexicon))[0] == 0
    shutil.rmtree(tmp_path / "out.en")
    write_vectors(
        WordVectors(["w"], np.ones((1, 2), np.float32)), tmp_path / "out.en", "safetensors"
    )
    refuses("exists already", "align", *flags(lexicon=lexicon, resume=True, csls=7))
    assert len(read_vectors(tmp_path / "out.en")) == 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    refuses("mine", "align", *flags(lexicon=lexicon, resume=True, output_source=tmp_path / "mine"))


def test_dictionary_and_phrases_are_counted(world, run_cli, flags, tmp_path):
    known = (tmp_path / "train.txt").read_text().replace(" ", "\t")
    lexicon = tmp_path / "phrases.txt"
    lexicon.write_text(known + "q1 q2\tw1\nq3\tw3 w4\nnie\tnever\n")
    code, out, _ = run_cli("align", *flags(lexicon=lexicon))
    assert code == 0
    line = "phrases.txt: 200 of 201 pairs have both words in the vectors; 2 phrases left out"
    assert line in out
    record = json.loads((tmp_path / "out.de" / "run.json").read_text())
    expected = {"pairs": 200, "lexicon_pairs": 201, "dropped_phrases": 2}
    assert expected.items() <= record["counts"].items()
    _, out, _ = run_cli("align", *flags(lexicon=lexicon, overwrite=True), "--json")
    assert expected.items() <= json.loads(out).items()


def test_words_spelled_alike_are_not_held_out(world, run_cli, refuses, flags, tmp_path):
    quick = {"preset": "identical", "patience": 4, "keep_initial": 0.4}
    given = flags(validation=tmp_path / "test.txt", **quick)
    _, out, _ = run_cli("align", *given, "--json")
    assert json.loads(out)["validation"]["words"] == 160  # of 200 every fifth is a numeral
    lines = (tmp_path / "test.txt").read_text().splitlines(keepends=True)
    (tmp_path / "alike.txt").write_text("".join(line for line in lines if line[0] == "1"))
    given = flags(validation=tmp_path / "alike.txt", overwrite=True, **quick)
    refuses("nothing is held out", "align", *given)


def test_only_rows_that_scoring_looks_at_are_mapped(world, run_cli, flags, tmp_path, monkeypatch):
    monkeypatch.setattr("align.judging.verdict.WORDS", 50)
    monkeypatch.setattr("align.vecmap.sides.WORDS", 30)
    apply, sizes = LanguageMap.apply, []

    def counted(self, rows):
        sizes.append(len(rows))
        return apply(self, rows)

    monkeypatch.setattr(LanguageMap, "apply", counted)
    (tmp_path / "some.txt").write_text((tmp_path / "test.txt").read_text()[:200])
    given = {
        "preset": "supervised",
        "lexicon": tmp_path / "train.txt",
        "validation": tmp_path / "some.txt",
    }
    code, out, _ = run_cli("align", *flags(**given, choice="auto"), "--json")
    assert code == 0
    words = json.loads(out)["validation"]["words"]
    assert sizes.count(400) == 2  # to write them
    assert sum(size < 60 + words for size in sizes) == len(sizes) - 2


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("ridge", 3, "--ridge is not for method tuned"),
        ("mapping", "orthogonal", "--mapping is not for method tuned"),
        ("source_reweight", 1, "--source-reweight is not for method tuned"),
        ("self_learning", True, "--self-learning is not for method tuned"),
    ],
)
def test_what_tuned_decides_itself_is_refused(
    world, refuses, flags, tmp_path, setting, value, complaint
):
    given = {"preset": "tuned", "lexicon": tmp_path / "train.txt", setting: value}
    refuses(complaint, "align", *flags(**given))


def test_settings_that_a_map_would_not_look_at_are_refused(world, refuses, flags, tmp_path):
    lexicon = tmp_path / "train.txt"
    refuses("--ridge works with", "align", *flags(preset="emnlp2016", lexicon=lexicon, ridge=1))
    refuses("--dimensions is not", "align", *flags(preset="rcsls", lexicon=lexicon, dimensions=3))


def test_tuned_chooses_with_the_settings_it_learns_with(
    world, run_cli, flags, tmp_path, monkeypatch
):
    from align.vecmap import linear

    seen = []
    final_maps = linear.final_maps

    def noted(source, target, settings):
        seen.append((settings.dimensions, settings.target_dewhiten))
        return final_maps(source, target, settings)

    for module in ("tuned", "multistep"):
        monkeypatch.setattr(f"align.methods.{module}.final_maps", noted)
    more = {"dimensions": 9, "target_dewhiten": "source", "lexicon": tmp_path / "train.txt"}
    assert run_cli("align", *flags(preset="tuned", **more))[0] == 0
    assert set(seen) == {(9, "source")}
    assert read_vectors(tmp_path / "out.de").width == 9


@pytest.mark.parametrize("preset", ["bootstrap", "semi-bootstrap", "tuned"])
def test_csls_reaches_the_search_for_mutual_pairs(
    world, run_cli, flags, tmp_path, monkeypatch, preset
):
    from align.refine import growth

    make, seen = growth.make_inducer, []

    def noted(settings, *rest):
        seen.append(settings.csls)
        return make(settings, *rest)

    monkeypatch.setattr(growth, "make_inducer", noted)
    quick = {"patience": 4, "keep_initial": 0.4} if preset == "semi-bootstrap" else {}
    given = {"preset": preset, "lexicon": tmp_path / "train.txt", **quick}
    assert run_cli("align", *flags(**given))[0] == 0
    assert set(seen) == {10}
    seen.clear()
    assert run_cli("align", *flags(**given, csls=3, overwrite=True))[0] == 0
    assert set(seen) == {3}


def test_induced_dictionary_has_a_cutoff_and_neighbours_of_its_own(
    make_world, run_cli, flags, tmp_path
):
    make_world(noise=0.6, same_every=20)
    lines = []
    for number, more in enumerate(({}, {"csls": 10}, {"csls": 1}, {"induce_cutoff": 50})):
        place = tmp_path / f"induced.{number}.txt"
        given = {"lexicon": tmp_path / "train.txt", "induce": place, "overwrite": True, **more}
        assert run_cli("align", *flags(**given))[0] == 0
        lines.append(place.read_text().splitlines())
    assert lines[0] == lines[1] != lines[2]
    assert 20 < len(lines[3]) <= 50 < len(lines[0])


def test_few_pairs_are_warned_of(rng, run_cli, flags, tmp_path):
    for name, letter in (("de", "q"), ("en", "w")):
        words = [f"{letter}{n}" for n in range(300)]
        matrix = rng.standard_normal((300, 12)).astype(np.float32)
        write_vectors(WordVectors(words, matrix), tmp_path / f"{name}.vec", "word2vec")
    for count in (10, 150):
        (tmp_path / f"{count}.txt").write_text("".join(f"q{n} w{n}\n" for n in range(count)))
    learns = {"preset": "semi-supervised", "patience": 2, "keep_initial": 1.0, "overwrite": True}
    for count, is_few in ((10, True), (150, False)):
        given = {"lexicon": tmp_path / f"{count}.txt", "overwrite": True}
        code, _, err = run_cli("align", *flags(preset="emnlp2016", **given))
        assert code == 0
        assert ("10 pairs leave much of a map of 12 dimensions" in err) == is_few
        _, out, err = run_cli("align", *flags(**{**learns, **given}), "--json")
        assert json.loads(out)["failed"] == is_few
        assert ("the result is not to be trusted" in err) == is_few


def test_tuned_doubts_what_finds_hardly_a_held_out_pair(rng, run_cli, flags, tmp_path):
    words = [f"q{n}" for n in range(300)], [f"w{n}" for n in range(300)]
    matrix = rng.standard_normal((300, 12)).astype(np.float32)
    noise = rng.standard_normal((300, 12)).astype(np.float32)
    write_vectors(WordVectors(words[0], matrix), tmp_path / "de.vec", "word2vec")
    lexicon = tmp_path / "150.txt"
    lexicon.write_text("".join(f"q{n} w{n}\n" for n in range(150)))
    for target, fails in ((matrix, False), (noise, True)):
        (tmp_path / "en.vec").unlink(missing_ok=True)
        write_vectors(WordVectors(words[1], target), tmp_path / "en.vec", "word2vec")
        given = flags(preset="tuned", lexicon=lexicon, overwrite=True)
        _, out, err = run_cli("align", *given, "--json")
        assert json.loads(out)["failed"] == fails
        doubt = r"the result is not to be trusted: CSLS P@1 [0-9]\.[0-9]+ on held-out pairs"
        assert bool(re.search(doubt, err)) == fails


def test_rounded_text_does_not_hide_missing_dimensions(world, refuses, run_cli, flags, tmp_path):
    rng = np.random.default_rng(4)
    flat = (world.source[:, :3] @ rng.standard_normal((3, 12))).astype(np.float32)
    words = read_vectors(tmp_path / "de.vec").words
    rows = "".join(
        f"{w} {' '.join(f'{v:.5g}' for v in row)}\n" for w, row in zip(words, flat, strict=True)
    )
    (tmp_path / "flat.vec").write_text(f"400 12\n{rows}")
    given = {"source": tmp_path / "flat.vec", "lexicon": tmp_path / "train.txt"}
    given["preset"] = "supervised"
    refuses(r"span only [34] of 12 dimensions: .*--ridge 1", "align", *flags(**given))
    assert run_cli("align", *flags(**given, ridge=1))[0] == 0

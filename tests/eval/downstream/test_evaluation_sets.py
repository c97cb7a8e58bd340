"""Which file tests which language."""

import pytest

from eval.downstream.evaluation_sets import find_sets
from x2static.core.errors import ConfigError, DatasetError


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")

    return make


@pytest.mark.parametrize(
    ("file", "name", "language", "label"),
    [
        ("xquad.de.json", "xquad", "de", "de"),
        ("xquad.zh.json.gz", "xquad", "zh", "zh"),
        ("tydiqa.goldp.sw.dev.json", "tydiqa.goldp.dev", "sw", "sw"),
        ("test-af.tsv", "test", "af", "af"),
        ("fi_tdt-ud-test.conllu", "tdt-ud-test", "fi", "fi"),
        ("en_ewt/test.txt", "test", "en", "en"),
        ("test-context-de-question-de.json", "test-context-*", "de", "de"),
        ("test-context-de-question-es.json", "test-context-*", "de", "de(es)"),
        ("questions.json", "questions", None, "questions"),
    ],
)
def test_names(files, file, name, language, label):
    files(file)
    (found,) = find_sets([file])
    assert (found.name, found.language, found.label) == (name, language, label)


def test_pattern_gives_all_in_order_and_a_selection(files):
    files("xquad.de.json", "xquad.ar.json", "xquad.en.json")
    assert [one.label for one in find_sets(["xquad.*.json"])] == ["ar", "de", "en"]
    assert [one.label for one in find_sets(["xquad.*.json"], ["en", "de"])] == ["de", "en"]
    with pytest.raises(
        DatasetError, match="--languages sw: no test data .*; there are: ar, de, en"
    ):
        find_sets(["xquad.*.json"], ["en", "sw"])


def test_treebanks_of_a_language_go_together(files):
    files("de_gsd-ud-test.conllu", "de_hdt-ud-test.conllu", "fr_gsd-ud-test.conllu")
    found = find_sets(["*.conllu"], merge=True)
    assert [(one.label, len(one.paths)) for one in found] == [("de", 2), ("fr", 1)]
    apart = find_sets(["*.conllu"])
    assert [(one.name, one.label) for one in apart] == [
        ("gsd-ud-test", "de"),
        ("hdt-ud-test", "de"),
        ("gsd-ud-test", "fr"),
    ]


def test_given_language_wins(files):
    files("is-it-de.json")
    with pytest.raises(ConfigError, match="is or it or de.* as in --test is="):
        find_sets(["is-it-de.json"])
    (found,) = find_sets(["de=is-it-de.json"])
    assert (found.name, found.language) == ("is-it", "de")


def test_two_files_for_one_cell(files):
    files("a/xquad.de.json", "b/xquad.de.json")
    with pytest.raises(ConfigError, match="would both be xquad, de"):
        find_sets(["a/*.json", "b/*.json"])
    assert len(find_sets(["a/*.json", "a/xquad.de.json"])) == 1  # one file named twice is one


def test_nothing_there(files):
    files("d/xquad.de.json")
    with pytest.raises(DatasetError, match=r"no/\*\.json: no file of this pattern"):
        find_sets(["no/*.json"])
    with pytest.raises(DatasetError, match=r"none\.json: no such file"):
        find_sets(["none.json"])
    with pytest.raises(DatasetError, match="a folder; give its files"):
        find_sets(["d"])

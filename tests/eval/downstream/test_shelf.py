"""The folder that keeps what is finished."""

import os

import pytest

from eval.downstream.shelf import Shelf
from x2static.core.errors import OutputError

IDENTITY = {"epochs": 3, "train": "abc"}


def opened(folder, identity=IDENTITY, models=None, overwrite=False, resume=True):
    resume = resume and not overwrite
    shelf = Shelf(folder, "eval qa", overwrite=overwrite, resume=resume)
    with shelf:
        shelf.claim(identity, models or {"base": "d1"})
    return shelf


def test_scores_come_back_for_the_same_gold_alone(tmp_path):
    shelf = opened(tmp_path / "out")
    shelf.keep("base", 0, "xquad.de", "g1", {"f1": 0.5}, "{}", "json")
    again = opened(tmp_path / "out")
    assert again.scores("base", 0, "xquad.de", "g1") == {"f1": 0.5}
    assert again.scores("base", 0, "xquad.de", "g2") is None
    assert again.scores("base", 1, "xquad.de", "g1") is None
    assert (tmp_path / "out/base/seed-0/xquad.de.predictions.json").read_text() == "{}"


def test_torn_file_is_as_if_absent(tmp_path):
    shelf = opened(tmp_path / "out")
    shelf.keep("base", 0, "x", "g", {"f1": 0.5}, "", "tsv")
    path = tmp_path / "out/base/seed-0/x.json"
    path.write_text(path.read_text()[:-9])
    assert shelf.scores("base", 0, "x", "g") is None


def test_other_run_is_refused_by_what_differs(tmp_path):
    opened(tmp_path / "out")
    with pytest.raises(
        OutputError, match="the run there is another one .epochs was 3 and is 5.*--overwrite"
    ):
        opened(tmp_path / "out", {**IDENTITY, "epochs": 5})
    with pytest.raises(OutputError, match="digest was d1 and is d2"):
        opened(tmp_path / "out", models={"base": "d2"})
    opened(tmp_path / "out", models={"other": "d2"})  # a further model is welcome


def test_an_earlier_run_is_gone_on_from_only_when_asked(tmp_path):
    opened(tmp_path / "out", resume=False)
    with pytest.raises(OutputError, match="an earlier run is there; resume it with --resume"):
        opened(tmp_path / "out", resume=False)
    opened(tmp_path / "out")


def test_overwrite_starts_afresh(tmp_path):
    opened(tmp_path / "out").keep("base", 0, "x", "g", {"f1": 0.5}, "", "tsv")
    shelf = opened(tmp_path / "out", {**IDENTITY, "epochs": 5}, overwrite=True)
    assert shelf.scores("base", 0, "x", "g") is None


def test_foreign_folder_is_never_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(OutputError, match="no earlier run made"):
        opened(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.parametrize(
    "manifest", ["{}", "[]", "torn", '{"name": "an app"}', '{"command": "eval tagging"}']
)
def test_a_manifest_of_somebody_else_protects_its_folder(tmp_path, manifest):
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "thesis.tex").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="no earlier run made .another command made its"):
            opened(tmp_path, overwrite=overwrite)
    assert (tmp_path / "thesis.tex").read_text() == "precious"
    assert (tmp_path / "manifest.json").read_text() == manifest


def test_a_folder_killed_before_its_manifest_goes_on(tmp_path):
    (tmp_path / ".manifest.json.999999999.tmp").write_text("{")
    (tmp_path / "lock").write_text("process 999999999 on here")
    opened(tmp_path)
    assert (tmp_path / "manifest.json").exists()


def test_one_process_at_a_time(tmp_path):
    with Shelf(tmp_path / "out", "eval qa", overwrite=False):
        with pytest.raises(OutputError, match=f"process {os.getpid()} .* is working there"):
            opened(tmp_path / "out")


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shelf = opened(None)
    shelf.keep("base", 0, "x", "g", {"f1": 0.5}, "", "tsv")
    shelf.keep_model("base", 0, None, None)
    shelf.drop_model("base", 0)
    shelf.finish({}, "")
    assert shelf.scores("base", 0, "x", "g") is None
    assert shelf.model("base", 0) is None
    assert list(tmp_path.iterdir()) == []

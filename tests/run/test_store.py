"""The store: parcels that are whole or absent, and clear words when it fails."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from x2static.core.errors import ConfigError, OutputError
from x2static.run.executors.store import Store

pytest.importorskip("fsspec")


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path) -> Store:
    """A folder, and a place without folders that is all in memory."""
    if request.param == "memory":
        return Store(f"memory://{tmp_path.name}/a run")
    return Store(f"file://{tmp_path}/there/a run/")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A run's folder with vectors in it."""
    (tmp_path / "here/vectors/de").mkdir(parents=True)
    (tmp_path / "here/vectors/de/data").write_text("numbers")
    (tmp_path / "here/vectors/de/run.json").write_text("{}")
    (tmp_path / "here/de.txt").write_text("Wörter")
    return tmp_path / "here"


def files(folder: Path, *names: str) -> dict[str, Path]:
    return {name: folder / name for name in names}


def test_what_is_put_there_comes_back(store, here, tmp_path):
    store.check()
    store.put("vectors/de", files(here, "vectors/de/data", "vectors/de/run.json"), digest="d")
    store.put("de.txt", files(here, "de.txt"), work="w")
    for name in ("vectors/de", "de.txt"):
        store.get(name, store.manifest(name), tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/vectors/de/data").read_text() == "numbers"
    assert (tmp_path / "elsewhere/de.txt").read_text() == "Wörter"
    assert (store.manifest("vectors/de").digest, store.manifest("de.txt").work) == ("d", "w")


def test_a_parcel_is_replaced(store, here, tmp_path):
    store.put("vectors/de", files(here, "vectors/de/data", "vectors/de/run.json"))
    store.put("vectors/de", files(here, "vectors/de/data"))
    store.get("vectors/de", store.manifest("vectors/de"), tmp_path)
    assert [path.name for path in (tmp_path / "vectors/de").iterdir()] == ["data"]


def test_what_was_not_sent_whole_is_not_there(store, here, monkeypatch):
    parcel = files(here, "vectors/de/data", "vectors/de/run.json")
    store.put("vectors/de", parcel, digest="old")
    send = store._send

    def cut_off(file: Path, name: str) -> object:
        if name.endswith("run.json"):
            raise OSError(28, "No space left on device")
        return send(file, name)

    monkeypatch.setattr(store, "_send", cut_off)
    with pytest.raises(OutputError, match=r"vectors/de cannot be written: No space left on device"):
        store.put("vectors/de", parcel, digest="new")
    assert store.manifest("vectors/de") is None


def test_an_old_checkpoint_holds_until_the_new_one_is_whole(store, here, tmp_path, monkeypatch):
    parcel = files(here, "vectors/de/data")
    store.put("vectors/de", parcel, work="first", aside=True)
    (here / "vectors/de/data").write_text("more numbers")

    def lost(*_: object) -> object:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "_write", lost)  # of the manifest
        with pytest.raises(OutputError, match="gone"):
            store.put("vectors/de", parcel, work="second", aside=True)
    store.get("vectors/de", store.manifest("vectors/de"), tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/vectors/de/data").read_text() == "numbers"
    store.put("vectors/de", parcel, work="third", aside=True)
    store.get("vectors/de", store.manifest("vectors/de"), tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/vectors/de/data").read_text() == "more numbers"
    store.drop("vectors/de")
    store.drop("vectors/de")
    assert store.manifest("vectors/de") is None
    assert not store._files.find(store._root)  # nor anything else


def test_what_was_changed_there_is_refused(here, tmp_path):
    store = Store(f"file://{tmp_path}/there")
    store.put("de.txt", files(here, "de.txt"))
    (tmp_path / "there/de.txt").write_text("Worte")
    with pytest.raises(OutputError, match=r"de.txt is not what was put there; remove it"):
        store.get("de.txt", store.manifest("de.txt"), tmp_path / "elsewhere")
    (tmp_path / "there/de.txt").unlink()
    with pytest.raises(OutputError, match=r"de.txt cannot be fetched: No such file"):
        store.get("de.txt", store.manifest("de.txt"), tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere/de.txt").exists()


def test_a_half_written_manifest_is_none(here, tmp_path):
    store = Store(f"file://{tmp_path}/there")
    store.put("de.txt", files(here, "de.txt"))
    manifest = tmp_path / "there/.x2static/manifests/de.txt.json"
    assert json.loads(manifest.read_text())["files"]["de.txt"]["size"] == 7
    manifest.write_text(manifest.read_text()[:-5])
    assert store.manifest("de.txt") is None


def test_the_longer_of_two_logs_is_the_newer(store, here):
    store.put_file(here / "de.txt", "logs/x.log")
    store.get_longer("logs/x.log", here / "x.log")
    assert (here / "x.log").read_text() == "Wörter"
    (here / "x.log").write_text("Wörter und mehr")
    store.get_longer("logs/x.log", here / "x.log")
    assert (here / "x.log").read_text() == "Wörter und mehr"
    store.remove_file("logs/x.log")
    store.remove_file("logs/x.log")
    store.get_longer("logs/x.log", here / "y.log")
    assert not (here / "y.log").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s4://bucket/run", "Protocol not known: s4"),
        ("file:///dev/null/run", "cannot be used: Not a directory"),
    ],
)
def test_a_place_that_cannot_be_used_is_one_line(url, words):
    with pytest.raises(ConfigError, match=f"^store {url}: {words}"):
        Store(url).check()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_without_rights_is_one_line(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(ConfigError, match="Permission denied; this program must be able"):
        Store(f"file://{tmp_path}/run").check()


def test_a_place_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("x2static.run.executors.store._PATIENCE_SECONDS", 0.05)
    store = Store(f"file://{tmp_path}")
    monkeypatch.setattr(store, "_write", lambda *_: __import__("time").sleep(0.5))
    with pytest.raises(ConfigError, match=r"no answer within 0 seconds; is the address right"):
        store.check()

"""Tasks on machines that share nothing but a store: toy stages in folders of their own."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from x2static.run.executors.mirror import node_order, perform_on_node, perform_stored
from x2static.run.executors.order import Order, Result
from x2static.run.executors.store import Store
from x2static.run.executors.stored_executor import fetch_outputs, leave, restore
from x2static.run.plan.fingerprints import Fingerprints
from x2static.run.plan.plan_file import Entry, write_plan

pytest.importorskip("fsspec")

STAGE = """
import os, shutil, sys, time
from pathlib import Path
output, source, last, seconds = sys.argv[1:]
print("process", os.getpid(), flush=True)
work = Path(output + ".unfinished")
work.mkdir(exist_ok=True)
(work / "lock").write_text("mine")
state = max(work.glob("checkpoints/[0-9]*/state"), default=None)
text = state.read_text() if state else ""
print("going on after", len(text), flush=True)
for letter in Path(source).read_text()[len(text):]:
    text += letter
    (work / ".x.tmp").mkdir()
    (work / ".x.tmp/state").write_text(text)
    (work / "checkpoints").mkdir(exist_ok=True)
    (work / ".x.tmp").rename(work / f"checkpoints/{len(text):08d}")
    for old in sorted(work.glob("checkpoints/*"))[:-2]:
        shutil.rmtree(old)
    if letter == last:
        time.sleep(float(seconds))
Path(output).write_text(text.upper())
Path(output + ".run.json").write_text("a record")
shutil.rmtree(work)
"""


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    """To write the letters of ``in.txt``, which lies in the store, to ``out/x``."""
    monkeypatch.setattr("x2static.run.executors.mirror._EVERY_SECONDS", 0.0)
    (tmp_path / "toy_stage.py").write_text(STAGE)
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver/in.txt").write_text("abcdefgh")
    digest = Fingerprints(tmp_path / "driver").of("in.txt")
    made = Order(
        name="de/distill",
        folder=tmp_path / "one",
        module="toy_stage",
        words=("out/x", "in.txt", "d", "0"),
        log="logs/de.distill.log",
        environment={"PYTHONPATH": str(tmp_path)},
        store=f"file://{tmp_path}/there",
        work="w1",
        reads={"in.txt": str(digest)},
        outputs=("out/x",),
    )
    place = {"in.txt": tmp_path / "driver/in.txt"}
    Store(made.store).put("in.txt", place, digest=str(digest))
    return made


def lose(order: Order) -> Result:
    """Begin it, and kill it once a checkpoint with ``d`` is in the store."""
    found: list[Result] = []
    stuck = replace(order, words=(*order.words[:3], "60"))
    thread = threading.Thread(target=lambda: found.append(perform_stored(stuck)))
    thread.start()
    store, deadline = Store(order.store), time.monotonic() + 60
    while not any("00000004" in path for path in unfinished(store)):
        assert time.monotonic() < deadline
        assert thread.is_alive(), found
        time.sleep(0.02)
    process = (order.folder / order.log).read_text().rpartition("process ")[2].split()[0]
    os.kill(int(process), signal.SIGKILL)
    thread.join()
    return found[0]


def unfinished(store: Store) -> list[str]:
    manifest = store.manifest("out/x.unfinished")
    return [] if manifest is None else list(manifest.files)


def test_what_a_task_makes_comes_to_the_driver(order, tmp_path):
    assert perform_stored(order).code == 0
    store, driver = Store(order.store), tmp_path / "driver"
    fetch_outputs(store, driver, ["out/x", "never/made"])
    assert (driver / "out/x").read_text() == "ABCDEFGH"
    assert (driver / "out/x.run.json").read_text() == "a record"
    store.get_longer(order.log, driver / order.log)
    assert "going on after 0" in (driver / order.log).read_text()
    assert unfinished(store) == []


def test_a_lost_task_goes_on_elsewhere_from_its_checkpoint(order, tmp_path):
    assert lose(order).code == -signal.SIGKILL
    assert not any("lock" in path for path in unfinished(Store(order.store)))
    other = replace(order, folder=tmp_path / "two")
    assert perform_stored(other).code == 0
    assert (tmp_path / "two/out/x").read_text() == "ABCDEFGH"
    log = (tmp_path / "two" / order.log).read_text()
    assert log.index("going on after 0") < log.index("going on after 4")
    assert unfinished(Store(order.store)) == []


def test_what_was_stopped_goes_on_elsewhere(order, tmp_path, monkeypatch):
    monkeypatch.setattr("x2static.run.executors.mirror._EVERY_SECONDS", 60.0)
    stage = tmp_path / "toy_stage.py"
    stage.write_text(STAGE.replace("time.sleep(float(seconds))", "raise SystemExit(0)"))
    assert perform_stored(order).code == 0  # as pre-training ends that was told to
    assert any("00000004" in path for path in unfinished(Store(order.store)))
    stage.write_text(STAGE)
    assert perform_stored(replace(order, folder=tmp_path / "two")).code == 0
    assert "going on after 4" in (tmp_path / "two" / order.log).read_text()


def test_what_lies_there_goes_on(order, tmp_path):
    lose(order)
    Store(order.store).drop("out/x.unfinished")
    assert perform_stored(order).code == 0
    assert "going on after 4" in (tmp_path / "one" / order.log).read_text()


def test_work_that_was_begun_anew_takes_nothing_of_the_old(order, tmp_path):
    lose(order)
    for folder in ("one", "two"):
        anew = replace(order, work="w2", folder=tmp_path / folder)
        assert perform_stored(anew).code == 0
        log = (tmp_path / folder / order.log).read_text()
        assert "going on after 0" in log
        assert "going on after 4" not in log


def test_an_input_that_was_changed_here_is_fetched_again(order, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/in.txt").write_text("something else")
    assert perform_stored(order).code == 0
    assert (tmp_path / "one/out/x").read_text() == "ABCDEFGH"


@pytest.mark.parametrize(
    ("reads", "words"),
    [({"in.txt": "0" * 64}, "in.txt is another one"), ({"no.txt": ""}, "no.txt is not there")],
)
def test_an_input_that_is_not_there_is_one_line(order, reads, words):
    result = perform_stored(replace(order, reads=reads))
    assert result.code == 2
    assert f"{words}" in result.error
    assert result.error.startswith(f"store {order.store}: ")


def test_a_store_that_is_lost_for_a_while_costs_checkpoints_only(order, monkeypatch):
    send = Store._send

    def fails(self: Store, file: Path, name: str) -> object:
        if "checkpoints" in name:
            raise OSError("the network is down")
        return send(self, file, name)

    monkeypatch.setattr(Store, "_send", fails)
    assert perform_stored(replace(order, words=(*order.words[:3], "0.8"))).code == 0
    log = (order.folder / order.log).read_text()
    assert "no checkpoint there: store file://" in log
    assert "the network is down" in log
    assert (order.folder / "out/x").read_text() == "ABCDEFGH"


def test_a_node_may_have_a_place_of_its_own(order, tmp_path, monkeypatch):
    assert node_order(order) == order
    monkeypatch.setenv("X2STATIC_NODE_FOLDER", str(tmp_path / "scratch"))
    assert node_order(replace(order, store="")).folder == order.folder
    assert perform_on_node(order).code == 0
    assert len(list((tmp_path / "scratch").glob("*there/out/x"))) == 1
    assert not (tmp_path / "one").exists()


def test_a_run_goes_on_where_nothing_of_it_is(order, tmp_path):
    driver, store = tmp_path / "driver", Store(order.store)
    (driver / "logs").mkdir()
    (driver / "logs/x.log").write_text("said")
    digest = str(Fingerprints(driver).of("in.txt"))
    entries = {
        "de/prepare": Entry(
            language="de",
            stage="prepare",
            state="done",
            log="logs/x.log",
            digests={"in.txt": digest},
        ),
        "de/distill": Entry(language="de", stage="distill", work="w1"),
    }
    write_plan(driver, {}, entries.values())
    store.drop("in.txt")
    leave(store, driver, entries, ("plan.json", "logs/x.log"))
    restore(store, tmp_path / "new")
    for name in ("plan.json", "in.txt", "logs/x.log"):
        assert (tmp_path / "new" / name).read_bytes() == (driver / name).read_bytes()
    (tmp_path / "new/in.txt").unlink()
    restore(store, tmp_path / "new")  # it knows of it now
    assert not (tmp_path / "new/in.txt").exists()

"""Opening what a user names: files, and pipes with and without a writer."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from x2static.core.storage import source_file
from x2static.core.storage.source_file import name_fault, open_source


def write_later(path: Path, data: bytes, seconds: float) -> threading.Thread:
    def write() -> None:
        threading.Event().wait(seconds)
        with path.open("wb") as stream:
            stream.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    return writer


def test_pipe_with_a_writer_that_comes_late_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    writer = write_later(tmp_path / "p", b"a\nb\n" * 50_000, 0.2)
    with open_source(tmp_path / "p") as stream:
        assert stream.read() == b"a\nb\n" * 50_000
    writer.join()


def test_writer_that_is_there_may_take_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_file, "PIPE_SECONDS", 0.2)
    os.mkfifo(tmp_path / "p")

    def write() -> None:
        with (tmp_path / "p").open("wb") as stream:
            threading.Event().wait(0.5)  # longer than is waited for a writer
            stream.write(b"late")

    writer = threading.Thread(target=write)
    writer.start()
    with open_source(tmp_path / "p") as stream:
        assert stream.read() == b"late"
    writer.join()


def test_pipe_without_a_writer_is_given_up_and_no_thread_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_file, "PIPE_SECONDS", 0.05)
    os.mkfifo(tmp_path / "p")
    threads = threading.active_count()
    with pytest.raises(OSError, match="a pipe to which nobody writes"):
        open_source(tmp_path / "p")
    assert threading.active_count() == threads


def test_pipe_that_may_not_be_read_gives_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "p")

    def forbid(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    with pytest.raises(PermissionError, match="Permission denied"):
        open_source(tmp_path / "p")


def test_pipe_behind_a_descriptor_is_read(tmp_path: Path) -> None:
    end, start = os.pipe()
    os.write(start, b"text")
    os.close(start)
    with open_source(Path(f"/dev/fd/{end}")) as stream:
        assert stream.read() == b"text"
    os.close(end)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a/b", None),
        ("a" * 255, None),
        ("é" * 128, "too long for a file (256 bytes)"),
        ("a/" * 2047, None),
        ("a/" * 2050, "too long for a file"),
        ("a\0", "holds a NUL"),
        ("a\ud800", "surrogate"),
        ("a\udcff", None),  # how Python spells a byte that is no UTF-8
    ],
)
def test_names_that_no_file_can_have(name: str, fault: str | None) -> None:
    found = name_fault(name)
    assert found is None if fault is None else fault in (found or "")

"""Outputs are whole or absent, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from x2static.core.errors import OutputError
from x2static.core.storage import files
from x2static.core.storage.files import make_parent, remove_tree, replace, sha256, staged
from x2static.core.storage.outputs import Outputs


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make_folder(path: Path, **contents: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (path / name).write_text(text)
    return path


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_new_file_appears_under_its_name_alone(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "er" / "a.txt"
    with staged(output) as temporary:
        temporary.write_text("new")
        assert not output.exists()
    assert output.read_text() == "new"
    assert names(output.parent) == ["a.txt"]


def test_folder_replaces_folder_whole(tmp_path: Path) -> None:
    output = make_folder(tmp_path / "v", old="1", both="1")
    with staged(output, own=True) as temporary:
        make_folder(temporary, both="2", new="2")
        assert names(output) == ["both", "old"]
    assert names(output) == ["both", "new"]
    assert names(tmp_path) == ["v"]


def test_a_file_never_replaces_a_folder_nor_a_folder_a_file(tmp_path: Path) -> None:
    folder, file = make_folder(tmp_path / "v", thesis="1"), tmp_path / "w"
    file.write_text("letter")
    with pytest.raises(OutputError, match="v is a folder, which no file replaces"):
        with staged(folder, own=True) as temporary:
            temporary.write_text("file")
    with pytest.raises(OutputError, match="w is a file, which no folder replaces"):
        with staged(file, own=True) as temporary:
            make_folder(temporary, a="1")
    assert (folder / "thesis").read_text() == "1"
    assert file.read_text() == "letter"
    assert names(tmp_path) == ["v", "w"]


def test_what_is_not_the_programs_own_state_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(OutputError, match="a.txt exists already"), staged(file):
        raise AssertionError("no work is begun")
    new = tmp_path / "b.txt"
    with pytest.raises(OutputError, match="b.txt exists already"), staged(new) as temporary:
        temporary.write_text("ours")
        new.write_text("came meanwhile")
    assert (file.read_text(), new.read_text()) == ("old", "came meanwhile")
    assert names(tmp_path) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt()])
def test_error_inside_leaves_the_old_output_and_nothing_else(
    error: BaseException, tmp_path: Path
) -> None:
    output = tmp_path / "a.txt"
    output.write_text("old")
    with pytest.raises(type(error)), staged(output, own=True) as temporary:
        temporary.write_text("half")
        raise error
    assert output.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("is_folder", [False, True])
def test_disk_full_while_syncing_is_one_line_and_leaves_nothing(
    is_folder: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "a"
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OutputError) as caught, staged(output) as temporary:
        if is_folder:
            make_folder(temporary, part="x")
        else:
            temporary.write_text("x")
    assert str(caught.value) == f"{output}: No space left on device; nothing was written"
    assert names(tmp_path) == []


def test_disk_full_while_writing_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    output = tmp_path / "a.txt"
    with pytest.raises(OutputError, match="No space left on device"), staged(output) as temporary:
        temporary.write_text("half")
        full_disk()
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_really_full_device_is_reported_by_the_system(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"/dev/full: No space|a\.txt: No space"),
        staged(tmp_path / "a.txt"),
        open("/dev/full", "w") as stream,
    ):
        stream.write("x" * 100_000)
    assert names(tmp_path) == []


def test_input_that_fails_inside_is_named_not_the_output(tmp_path: Path) -> None:
    missing = tmp_path / "corpus.txt"
    with pytest.raises(OutputError, match=r"corpus\.txt: No such file") as caught:
        with staged(tmp_path / "out.txt"):
            missing.read_text()
    assert "out.txt" not in str(caught.value)


def test_folder_that_cannot_sync_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.isdir(f"/dev/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with staged(tmp_path / "v") as temporary:
        make_folder(temporary, a="1")
    assert names(tmp_path / "v") == ["a"]


def test_failed_second_rename_brings_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = make_folder(tmp_path / "v", old="1")
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".tmp"):
            full_disk()
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OutputError), staged(output, own=True) as temporary:
        make_folder(temporary, new="2")
    assert names(output) == ["old"]
    assert names(tmp_path) == ["v"]


KILLED_BETWEEN_RENAMES = """
import os, pathlib, sys
from x2static.core.storage.files import staged
output = pathlib.Path(sys.argv[1])
real = pathlib.Path.rename
def rename(self, target):
    if self.name.endswith(".tmp"):
        os._exit(9)
    return real(self, target)
pathlib.Path.rename = rename
with staged(output, own=True) as temporary:
    temporary.mkdir()
    (temporary / "new").write_text("2")
"""


def test_kill_between_the_renames_loses_nothing(tmp_path: Path) -> None:
    output = make_folder(tmp_path / "v", old="1")
    program = [sys.executable, "-c", KILLED_BETWEEN_RENAMES, str(output)]
    assert subprocess.run(program, check=False).returncode == 9
    assert not output.exists()

    with pytest.raises(OutputError, match="exists already"):
        Outputs("x").claim(output, is_folder=True)
    assert (output / "old").read_text() == "1"

    assert subprocess.run(program, check=False).returncode == 9
    with staged(output, own=True) as temporary:
        assert (output / "old").read_text() == "1"
        make_folder(temporary, newer="3")
    assert names(output) == ["newer"]
    assert names(tmp_path) == ["v"]


def test_leftovers_of_dead_processes_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".a.txt.{dead.pid}.tmp").write_text("abandoned")
    (tmp_path / f".a.txt.{os.getppid()}.tmp").write_text("in use")
    (tmp_path / f".b.txt.{dead.pid}.tmp").write_text("of another output")
    (tmp_path / ".a.txt.notes.tmp").write_text("not ours")
    with staged(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    expected = [".a.txt.notes.tmp", f".a.txt.{os.getppid()}.tmp", f".b.txt.{dead.pid}.tmp", "a.txt"]
    assert names(tmp_path) == sorted(expected)


def test_names_with_glob_characters_touch_only_themselves(tmp_path: Path) -> None:
    make_folder(tmp_path / ".b.1.old", kept="1")
    with staged(tmp_path / "[ab]") as temporary:
        temporary.write_text("x")
    assert names(tmp_path) == [".b.1.old", "[ab]"]


def test_link_is_written_through(tmp_path: Path) -> None:
    real = make_folder(tmp_path / "big-disk" / "v", old="1")
    link = tmp_path / "v"
    link.symlink_to(real)
    with staged(link, own=True) as temporary:
        make_folder(temporary, new="2")
    assert link.is_symlink()
    assert names(real) == ["new"]


def test_device_is_refused_not_replaced() -> None:
    with pytest.raises(OutputError, match="^/dev/null is neither file nor folder"):
        with staged(Path("/dev/null")):
            pass
    assert Path("/dev/null").is_char_device()


def test_the_root_is_refused_in_one_line() -> None:
    for own in (False, True):
        with pytest.raises(OutputError, match="^/ is neither file nor folder"):
            with staged(Path("/"), own=own):
                pass


def test_parent_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(OutputError, match="a: File exists"):
        make_parent(tmp_path / "a" / "b")
    with pytest.raises(OutputError, match="a: (File exists|Not a directory)"):
        with staged(tmp_path / "a" / "b"):
            pass


def test_forgotten_output_is_an_error_not_a_silent_success(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nothing was written"), staged(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_remove_tree_takes_files_folders_links_and_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "d", a="1")
    link = tmp_path / "link"
    link.symlink_to(folder)
    remove_tree(link)
    assert names(folder) == ["a"]
    remove_tree(folder)
    remove_tree(folder)
    assert names(tmp_path) == []


def test_replace_of_a_plain_file_is_atomic_rename(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("2")
    (tmp_path / "old").write_text("1")
    inode = (tmp_path / "new").stat().st_ino
    replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").stat().st_ino == inode


def test_digest_of_a_file_is_the_known_one(tmp_path: Path) -> None:
    (tmp_path / "abc").write_text("abc")
    # FIPS 180-2, appendix B.1
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "abc") == known


def test_digest_of_a_folder_sees_names_and_contents_not_times(tmp_path: Path) -> None:
    one = make_folder(tmp_path / "one", a="1", b="2")
    same = make_folder(tmp_path / "same", b="2", a="1")
    os.utime(same / "a", (0, 0))
    assert sha256(one) == sha256(same)
    assert sha256(one) != sha256(make_folder(tmp_path / "moved", a="2", b="1"))
    assert sha256(one) != sha256(make_folder(tmp_path / "named", a="1", c="2"))


def test_digest_reads_beyond_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 10)
    whole = sha256(tmp_path / "a")
    monkeypatch.setattr(files, "_BLOCK", 7)
    assert sha256(tmp_path / "a") == whole

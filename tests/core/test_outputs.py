"""What may be written over, what not, and that several outputs appear together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from x2static.core.errors import OutputError
from x2static.core.storage.outputs import Outputs, embedded_maker


def made(folder: Path, command: str, **contents: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"command": command}))
    for name, text in contents.items():
        (folder / name).write_text(text)
    return folder


def claim(path: Path, *, command: str = "cook", **options: Any) -> Outputs:
    more = {name: options.pop(name) for name in ("inputs", "overwrite") if name in options}
    outputs = Outputs(command, **more)
    is_folder = options.pop("is_folder") if "is_folder" in options else path.is_dir()
    outputs.claim(path, is_folder=is_folder, **options)
    return outputs


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_is_replaced_by_the_command_that_made_it_when_told_so(tmp_path: Path) -> None:
    ours = made(tmp_path / "ours", "cook")
    claim(ours, overwrite=True)
    with pytest.raises(OutputError, match="ours exists already; .* or pass --overwrite$"):
        claim(ours)
    with pytest.raises(OutputError, match="is a folder that x2static bake made"):
        claim(made(tmp_path / "theirs", "bake"), overwrite=True)
    (tmp_path / "photos").mkdir()
    claim(tmp_path / "photos", overwrite=True)  # an empty folder holds nothing to lose
    for record in ("{}", "[]", "{", '{"command": 1}'):
        (tmp_path / "photos" / "run.json").write_text(record)
        with pytest.raises(OutputError, match="is a folder that no earlier run made"):
            claim(tmp_path / "photos", overwrite=True)


def test_a_file_is_replaced_by_a_file_alone(tmp_path: Path) -> None:
    file, folder = tmp_path / "a", made(tmp_path / "d", "cook")
    file.write_text("letter")
    claim(file, overwrite=True)
    with pytest.raises(OutputError, match="a is a file; --output needs the name of a folder"):
        claim(file, overwrite=True, is_folder=True)
    with pytest.raises(OutputError, match="d is a folder; --json needs the name of a file"):
        claim(folder, overwrite=True, is_folder=False, flag="--json")


def test_a_result_of_the_same_command_is_renewed_unasked(tmp_path: Path) -> None:
    result = tmp_path / "scores.json"
    rule: dict[str, Any] = {
        "renews": True,
        "remedy": "remove it yourself",
        "is_ours": lambda path: embedded_maker(path) == "cook",
    }
    for text in ("{}", "[]", "dear", '{"run": {"command": "bake"}}', "[" * 100_000):
        result.write_text(text)
        with pytest.raises(OutputError, match="exists already; .* or remove it yourself$"):
            claim(result, **rule)
    result.write_text('{"run": {"command": "cook"}}')
    claim(result, **rule)
    table = tmp_path / "table.md"
    table.write_text("| mine |")
    with pytest.raises(OutputError, match="exists already"):
        claim(table, renews=True)
    (tmp_path / "table.md.run.json").write_text('{"command": "cook"}')
    claim(table, renews=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_input_is_never_an_output_however_it_is_spelled(
    overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "in" / "a.vec"
    made(tmp_path / "in", "cook")
    source.write_text("precious")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    (tmp_path / "around").symlink_to(tmp_path / "in")
    for path in (
        Path("in/a.vec"),
        Path("in/../in/a.vec"),
        Path("link"),
        Path("hard"),
        Path("around/a.vec"),
        Path("in"),
        Path("around"),
        Path(),
    ):
        with pytest.raises(OutputError, match="the input|exists already"):
            claim(path, inputs=[Path("in/a.vec")], overwrite=overwrite)
    for path in (Path("in/a.vec"), Path("hard")):
        with pytest.raises(OutputError, match="is part of the input in;"):
            claim(path, inputs=[Path("in")], overwrite=True)
    claim(Path("in/new.vec"), inputs=["in", None, "nothing\0", "no such file"])
    with pytest.raises(OutputError, match="holds the input in/a.vec"):
        Outputs("cook", inputs=["in/a.vec"]).protect(Path("around"))


def test_what_cannot_be_written_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "file" / "x" / "y", "file: Not a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
        (tmp_path / ("x" * 240), "File name too long"),
        (tmp_path / ("x/" * 3000), "File name too long"),
        (tmp_path / "a\0b", "is no name for a file"),
        (tmp_path / "pipe", "is neither file nor folder"),
        (Path("/"), "is neither file nor folder"),
        (Path("/dev/null"), "is neither file nor folder"),
    ):
        with pytest.raises(OutputError, match=message):
            claim(path, is_folder=False, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "pipe"]


def test_two_outputs_need_two_places(tmp_path: Path) -> None:
    (tmp_path / "same").symlink_to(tmp_path / "a")
    for second, is_folder in (("a", True), ("same", False), ("a/b", False), (".", True)):
        outputs = claim(tmp_path / "a", is_folder=True)
        with pytest.raises(OutputError, match="are one place; give each its own"):
            outputs.claim(tmp_path / second, "--map", is_folder=is_folder)


def test_a_foreign_file_in_the_place_of_the_record_stays(tmp_path: Path) -> None:
    (tmp_path / "a.vec.run.json").write_text("my diary")
    with pytest.raises(OutputError, match=r"a\.vec\.run\.json is no record of an earlier run"):
        claim(tmp_path / "a.vec", is_folder=False)
    (tmp_path / "b.vec.run.json").mkdir()
    with pytest.raises(OutputError, match=r"b\.vec\.run\.json is no record of an earlier run"):
        claim(tmp_path / "b.vec", is_folder=False, overwrite=True)


def test_what_comes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    outputs = claim(tmp_path / "a", is_folder=False)
    with pytest.raises(OutputError, match="a exists already"), outputs.together() as batch:
        with batch.stage(tmp_path / "a") as temporary:
            temporary.write_text("ours")
        (tmp_path / "a").write_text("came meanwhile")
    assert contents(tmp_path) == {"a": "came meanwhile"}


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt()])
def test_an_error_leaves_all_old_outputs_and_nothing_else(
    error: BaseException, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("old")
    outputs = claim(tmp_path / "a", is_folder=False, overwrite=True)
    with pytest.raises(type(error)), outputs.together() as batch:
        for name in ("a", "b"):
            with batch.stage(tmp_path / name) as temporary:
                temporary.write_text("new")
        raise error
    assert contents(tmp_path) == {"a": "old"}


TWO = """
import os, pathlib, sys
from x2static.core.storage import commit, files
from x2static.core.storage.outputs import Outputs
folder, left = pathlib.Path(sys.argv[1]), int(sys.argv[2])
real = files.replace
def replace(temporary, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    real(temporary, target)
commit.replace = replace
outputs = Outputs("cook", overwrite=True)
outputs.claim(folder / "d", is_folder=True)
outputs.claim(folder / "a", "--more", is_folder=False)
with outputs.together() as batch:
    with batch.stage(folder / "d") as temporary:
        temporary.mkdir()
        (temporary / "run.json").write_text('{"command": "cook"}')
        (temporary / "x").write_text("new")
    with batch.stage(folder / "a") as temporary:
        temporary.write_text("new")
"""
OLD = {"a": "old", "d/run.json": '{"command": "cook"}', "d/x": "old"}
NEW = {"a": "new", "d/run.json": '{"command": "cook"}', "d/x": "new"}


@pytest.mark.parametrize(("renames", "expected"), [(0, OLD), (1, NEW), (2, NEW), (3, NEW)])
def test_outputs_appear_together_wherever_the_process_is_killed(
    renames: int, expected: dict[str, str], tmp_path: Path
) -> None:
    made(tmp_path / "d", "cook", x="old")
    (tmp_path / "a").write_text("old")
    program = [sys.executable, "-c", TWO, str(tmp_path), str(renames)]
    assert subprocess.run(program, check=False).returncode == (9 if renames < 3 else 0)
    outputs = Outputs("cook", overwrite=True)  # the first rename is that of the journal
    outputs.claim(tmp_path / "d", is_folder=True)
    outputs.claim(tmp_path / "a", "--more", is_folder=False)
    seen = {name: text for name, text in contents(tmp_path).items() if not name.startswith(".")}
    assert seen == expected
    assert subprocess.run([*program[:-1], "3"], check=False).returncode == 0
    assert contents(tmp_path) == NEW


def test_a_killed_commit_does_not_replace_what_came_since(tmp_path: Path) -> None:
    made(tmp_path / "d", "cook", x="old")
    program = [sys.executable, "-c", TWO, str(tmp_path), "2"]
    assert subprocess.run(program, check=False).returncode == 9
    assert not (tmp_path / "a").exists()
    (tmp_path / "a").write_text("the user's own")
    Outputs("cook").claim(tmp_path / "b", is_folder=False)
    assert (tmp_path / "a").read_text() == "the user's own"


def test_files_that_only_look_like_a_journal_stay(tmp_path: Path) -> None:
    (tmp_path / ".git.commit").write_text("message")
    (tmp_path / ".json.commit").write_text('{"moves": []}')
    Outputs("cook").claim(tmp_path / "b", is_folder=False)
    assert sorted(contents(tmp_path)) == [".git.commit", ".json.commit"]

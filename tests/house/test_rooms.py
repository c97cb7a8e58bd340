"""Rooms (folders of modules): no circle of imports, no hall, no long file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.test_layering import MODULES, ROOT, imports_of

MOST_FILES, MOST_LINES = 15, 300

# Rooms that name their inner rooms and are named by them; no further ones.
ENTWINED = ("align", "continued_pretraining", "x2static/core", "x2static/prepare")

NAMES = {name.removesuffix(".py").replace("/", "."): name for name in MODULES}


def room_of(module: str) -> str:
    return module.rpartition("/")[0]


def rooms() -> dict[str, list[str]]:
    """Modules of each folder, its ``__init__`` left out."""
    found: dict[str, list[str]] = {}
    for module in MODULES:
        if not module.endswith("__init__.py"):
            found.setdefault(room_of(module), []).append(module)
    return found


def file_of(name: str) -> str | None:
    """The module behind an imported name, such as ``a/b.py`` for ``a.b.function``."""
    while name:
        for found in (name, f"{name}.__init__"):
            if found in NAMES:
                return NAMES[found]
        name = name.rpartition(".")[0]
    return None


def arrows() -> dict[str, set[str]]:
    """Which rooms each room imports from, in functions, too."""
    found: dict[str, set[str]] = {}
    for module in MODULES:
        for name in imports_of(module):
            target = file_of(name)
            if target is None or room_of(target) == room_of(module):
                continue
            if target.endswith("/config.py") and is_inside([room_of(module)], room_of(target)):
                continue  # the settings of a stage are for all its inner rooms
            found.setdefault(room_of(module), set()).add(room_of(target))
    return found


def circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Paths that end in a room that they began in, each told from its first room by name."""

    def reach(path: list[str]) -> Iterator[list[str]]:
        for room in sorted(graph.get(path[-1], ())):
            if room == path[0]:
                yield [*path, room]
            elif room > path[0] and room not in path:
                yield from reach([*path, room])

    for room in sorted(graph):
        yield from reach([room])


def is_inside(path: list[str], outer: str) -> bool:
    return all(room == outer or room.startswith(outer + "/") for room in path)


def test_no_rooms_import_each_other_in_a_circle() -> None:
    found = circles(arrows())
    assert [path for path in found if not any(is_inside(path, room) for room in ENTWINED)] == []


def test_a_circle_is_seen() -> None:
    graph: dict[str, set[str]] = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}
    assert list(circles(graph)) == [["a", "b", "c", "a"]]


def test_an_import_leads_to_its_room() -> None:
    assert file_of("eval.bli.stage.bli") == "eval/bli/stage.py"
    assert file_of("x2static.teacher.Teacher") == "x2static/teacher/__init__.py"
    assert file_of("numpy.linalg") is None
    assert "x2static/core" in arrows()["eval/bli"]


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_is_no_hall(room: str) -> None:
    count = len(rooms()[room])
    assert count <= MOST_FILES, f"{count} files; divide it"


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_not_long(module: str) -> None:
    lines = (ROOT / module).read_text(encoding="utf-8").count("\n")
    assert lines <= MOST_LINES, f"{lines} lines; divide it"

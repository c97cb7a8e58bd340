"""A setting says itself whether it decides the result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from x2static.commands import COMMANDS, load
from x2static.core.setting import deciding, fields_of, free, place, positional

NEVER_DECIDE = {"resume", "overwrite", "threads", "workers", "checkpoint_minutes", "cache_folder"}


@dataclass(frozen=True, kw_only=True)
class Toy:
    text: Annotated[Path, place("a file")]
    word: Annotated[str, positional("a word")]
    rate: Annotated[float, "a number"] = 0.5
    resume: Annotated[bool, free("start again")] = False


def test_marks_are_read_and_help_is_kept() -> None:
    fields = {field.name: field for field in fields_of(Toy)}
    assert [field.mark for field in fields.values()] == [place, positional, None, free]
    assert [field.help for field in fields.values()] == [
        "a file",
        "a word",
        "a number",
        "start again",
    ]
    assert fields["word"].is_positional


def test_what_is_free_or_a_place_decides_nothing() -> None:
    settings = {"text": "a.txt", "word": "x", "rate": 1.0, "resume": True}
    assert deciding(Toy, settings) == {"word": "x", "rate": 1.0}
    assert deciding(Toy, settings, with_places=True) == {"text": "a.txt", "word": "x", "rate": 1.0}


@pytest.mark.parametrize("name", COMMANDS)
def test_how_a_run_is_started_decides_nothing_in_any_command(name: str) -> None:
    fields = {field.name: field for field in fields_of(load(COMMANDS[name].config))}
    wrong = {n for n in fields.keys() & NEVER_DECIDE if fields[n].mark is not free}
    assert wrong == set(), "mark them free(...)"

"""Settings: declared once, read from flags, files and presets, wrong ones named."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from x2static.core.config import (
    add_flags,
    build,
    closest,
    configured,
    require_at_least,
    typed_flags,
)
from x2static.core.errors import ConfigError
from x2static.core.setting import positional
from x2static.core.storage.run_record import RunRecord


@dataclass(frozen=True, kw_only=True)
class BrewConfig:
    """Every kind of setting."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {
        "plain": {},
        "strong": {"spoons": 5, "heat": 99.5, "name": "strong brew"},
    }

    beans: Annotated[Path, positional("what to grind")]
    output: Annotated[Path, "where to pour, 100 % full"]
    spoons: Annotated[int, "spoonfuls"] = 2
    heat: Annotated[float, "degrees"] = 92.0
    name: Annotated[str, "label"] = "brew"
    grind: Annotated[Literal["fine", "coarse"], "size"] = "fine"
    cup: Annotated[Literal[100, 250], "size in ml"] = 250
    milk: Annotated[bool, "add milk"] = False
    guests: Annotated[tuple[str, ...], "who comes"] = ()
    jugs: Annotated[tuple[Path, ...], "which jugs"] = (Path("a"), Path("b"))
    timer: Annotated[int | None, "seconds"] = None
    preset: Annotated[Literal["plain", "strong"], "starting point"] = "plain"

    def __post_init__(self) -> None:
        require_at_least("--spoons", self.spoons, 1)


def brew(*flags: str, file: Path | None = None) -> BrewConfig:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_flags(parser, BrewConfig)
    return build(BrewConfig, typed_flags(parser.parse_args(flags)), file, "brew")


BASE = ("b.txt", "--output", "o")
WriteText = Callable[[str, str], Path]


def test_defaults_stand_where_nothing_is_said() -> None:
    assert brew(*BASE) == BrewConfig(beans=Path("b.txt"), output=Path("o"))


@pytest.mark.parametrize(
    ("flags", "name", "value"),
    [
        (["--spoons", "3"], "spoons", 3),
        (["--spoons", "1_000"], "spoons", 1000),
        (["--heat", "90"], "heat", 90.0),
        (["--heat", "1e-3"], "heat", 0.001),
        (["--grind", "coarse"], "grind", "coarse"),
        (["--cup", "100"], "cup", 100),
        (["--milk"], "milk", True),
        (["--no-milk"], "milk", False),
        (["--guests", "Ann", "Bo"], "guests", ("Ann", "Bo")),
        (["--jugs", "x", "y/z"], "jugs", (Path("x"), Path("y/z"))),
        (["--timer", "7"], "timer", 7),
        (["--name", ""], "name", ""),
        (["--heat", "0"], "heat", 0.0),
    ],
)
def test_flag_is_read_as_its_type(flags: list[str], name: str, value: object) -> None:
    got = getattr(brew(*BASE, *flags), name)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("flags", [["--spoons", "two"], ["--grind", "medium"], ["--cup", "7"]])
def test_flag_of_the_wrong_type_is_refused(flags: list[str]) -> None:
    with pytest.raises(argparse.ArgumentError):
        brew(*BASE, *flags)


@pytest.mark.parametrize(
    ("flags", "missing"),
    [([], "BEANS, --output"), (["--output", "o"], "BEANS"), (["b.txt"], "--output")],
)
def test_missing_settings_are_all_named(flags: list[str], missing: str) -> None:
    with pytest.raises(ConfigError, match=f"^brew: missing {missing}; see x2static brew --help$"):
        brew(*flags)


def test_preset_is_weaker_than_file_and_file_weaker_than_flags(write_text: WriteText) -> None:
    file = write_text("c.toml", 'preset = "strong"\nheat = 80\nname = "from file"\n')
    config = brew(*BASE, "--name", "from flag", file=file)
    assert (config.spoons, config.heat, config.name) == (5, 80.0, "from flag")
    assert config.preset == "strong"


def test_preset_chosen_by_flag_replaces_the_file_preset(write_text: WriteText) -> None:
    file = write_text("c.toml", 'preset = "strong"\n')
    assert brew(*BASE, "--preset", "plain", file=file).spoons == 2


def test_preset_holds_in_python_too() -> None:
    given = {"beans": Path("b.txt"), "output": Path("o")}
    assert configured(BrewConfig, **given).spoons == 2
    strong = configured(BrewConfig, **given, preset="strong", heat=80.0)
    assert strong == brew(*BASE, "--preset", "strong", "--heat", "80")
    with pytest.raises(ConfigError, match="^unknown preset 'weak'; known: plain, strong$"):
        configured(BrewConfig, **given, preset="weak")


FILE_VALUES = {
    "beans": "b.txt", "output": "o", "spoons": 4, "heat": 91, "name": "n", "grind": "coarse",
    "cup": 100, "milk": True, "guests": ["Ann"], "jugs": ["x"],
}  # fmt: skip


def test_json_and_toml_files_give_the_same_config(write_text: WriteText) -> None:
    lines = [f"{name} = {json.dumps(value)}" for name, value in FILE_VALUES.items()]
    from_toml = brew(file=write_text("c.toml", "\n".join(lines)))
    from_json = brew(file=write_text("c.json", json.dumps(FILE_VALUES)))
    assert from_toml == from_json
    assert from_toml.jugs == (Path("x"),)
    assert type(from_toml.heat) is float


def test_table_of_the_command_is_taken_from_a_file_of_many(write_text: WriteText) -> None:
    file = write_text("c.toml", "[other]\nspoons = 9\n[brew]\nspoons = 4\n")
    assert brew(*BASE, file=file).spoons == 4


def test_dashes_in_a_file_mean_underscores(write_text: WriteText) -> None:
    @dataclass(frozen=True, kw_only=True)
    class DashConfig:
        max_words: Annotated[int, "words"] = 1

    file = write_text("c.toml", "max-words = 3\n")
    assert build(DashConfig, {}, file, "x").max_words == 3


def test_run_record_repeats_its_run(tmp_path: Path) -> None:
    config = brew(*BASE, "--preset", "strong", "--guests", "Ann", "--milk", "--heat", "1.5")
    record = tmp_path / "o.run.json"
    RunRecord("brew", config).write(record)
    assert brew(file=record) == config


LETTERS = st.characters(codec="utf-8", exclude_characters="\0")


@given(
    spoons=st.integers(min_value=1, max_value=10**12),
    heat=st.floats(allow_nan=False, allow_infinity=False),
    name=st.text(LETTERS, max_size=60),
    guests=st.lists(st.text(LETTERS, min_size=1, max_size=60)),
    timer=st.none() | st.integers(min_value=-(2**63), max_value=2**63 - 1),
    milk=st.booleans(),
)
def test_any_config_survives_its_run_record(
    tmp_path_factory: pytest.TempPathFactory, guests: list[str], **values: Any
) -> None:
    config = BrewConfig(beans=Path("b"), output=Path("o"), guests=tuple(guests), **values)
    record = tmp_path_factory.mktemp("record") / "o.run.json"
    RunRecord("brew", config).write(record)
    assert brew(file=record) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spoon = 3", "unknown setting 'spoon'; did you mean 'spoons'?"),
        ("zzz = 3", "unknown setting 'zzz'; known: beans, output, spoons"),
        ('spoons = "3"', "spoons must be int, got '3'"),
        ("spoons = 3.0", "spoons must be int, got 3.0"),
        ("spoons = true", "spoons must be int, got True"),
        ("milk = 1", "milk must be bool, got 1"),
        ('heat = "hot"', "heat must be float, got 'hot'"),
        ("name = 3", "name must be str, got 3"),
        ("output = 3", "output must be str, got 3"),
        ('grind = "medium"', "grind must be one of fine, coarse, got 'medium'"),
        ('preset = "weak"', "preset must be one of plain, strong, got 'weak'"),
        ('guests = "Ann"', "guests must be a list, got 'Ann'"),
        ("guests = [1]", "guests must be str, got 1"),
    ],
)
def test_wrong_setting_in_a_file_is_named_with_place_and_value(
    text: str, message: str, write_text: WriteText
) -> None:
    file = write_text("c.toml", text)
    with pytest.raises(ConfigError) as caught:
        brew(*BASE, file=file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_null_serves_only_where_nothing_is_a_value(write_text: WriteText) -> None:
    assert brew(*BASE, file=write_text("a.json", '{"timer": null}')).timer is None
    with pytest.raises(ConfigError, match="spoons must be int, got None"):
        brew(*BASE, file=write_text("b.json", '{"spoons": null}'))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.toml", b"spoons = ", "not readable as settings"),
        ("c.json", b"{", "not readable as settings"),
        ("c.toml", b"name = '\xff'", "not readable as settings"),
        ("c.json", b"[1]", "expected a table of settings, found list"),
    ],
)
def test_unreadable_file_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        brew(*BASE, file=tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"c\.toml: No such file"):
        brew(*BASE, file=tmp_path / "c.toml")


def test_home_in_a_file_is_expanded_like_the_shell_does(write_text: WriteText) -> None:
    assert brew(*BASE, file=write_text("c.toml", 'output = "~/x"')).beans == Path("b.txt")
    file = write_text("d.toml", 'output = "~/x"')
    assert brew("b.txt", file=file).output == Path.home() / "x"


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_lower_bound_refuses_less_and_nan(value: float) -> None:
    with pytest.raises(ConfigError, match="^--x must be at least 1, got"):
        require_at_least("--x", value, 1)


def test_lower_bound_itself_is_allowed() -> None:
    require_at_least("--x", 1, 1)


def test_closest_name_is_offered_only_when_close() -> None:
    assert closest("ephocs", ["epochs", "layer"]) == "; did you mean 'epochs'?"
    assert closest("zzz", ["epochs", "layer"]) == "; known: epochs, layer"


def test_help_shows_each_setting_with_its_default() -> None:
    parser = argparse.ArgumentParser(prog="brew")
    add_flags(parser, BrewConfig)
    text = " ".join(parser.format_help().split())
    for part in (
        "BEANS what to grind",
        "--output FILE where to pour, 100 % full",
        "--spoons N spoonfuls (default: 2)",
        "--milk, --no-milk",
        "--grind {fine,coarse} size (default: fine)",
        "which jugs (default: a b)",
        "--timer N seconds --preset",
    ):
        assert part in text

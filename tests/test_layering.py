"""Which package may import which, and what stays unloaded until it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from x2static.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("align", "eval", "continued_pretraining")
PACKAGES = ("x2static", *STAGES)
HEAVY = ("torch", "transformers", "faiss", "gensim", "spacy", "scipy", "jieba", "fugashi", "icu")

# What puts stages together: x2static/commands.py names them as text and imports none of them. The
# doors to it, the program and the Python face, are for whoever stands outside.
DOORS = ("x2static.api", "x2static.cli")
MAY_USE_DOORS = ("x2static/__main__.py", "x2static/callable_module.py")
STAGE_MAY_USE = ("x2static.core", "x2static.teacher")

# Rooms of a package, lowest first: none imports a later one. What lies beside them and is named
# here may be imported by all and imports no room; everything else beside them stands above.
ROOMS = {"continued_pretraining": ("text", "model", "objectives", "training")}
BELOW_ROOMS = {
    "continued_pretraining": (
        "config",
        "settings",
        "processes",
        "divergence",
    )
}

MODULES = [
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
]


def imports(tree: ast.AST, module: str, *, top_level_only: bool = False) -> Iterator[str]:
    """Dotted names that a module's code imports, relative ones resolved.

    ``from a import b`` gives ``a.b``, which may be a module or a name in it. With
    ``top_level_only``, what stands in functions and under ``TYPE_CHECKING`` is left out.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.removesuffix(".py").split("/")[: -node.level]
                base = ".".join([*package, base] if base else package)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif top_level_only and is_deferred(node):
            continue
        else:
            yield from imports(node, module, top_level_only=top_level_only)


def is_deferred(node: ast.AST) -> bool:
    """True for code that importing the module does not run."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def imports_of(module: str, *, top_level_only: bool = False) -> list[str]:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    return list(imports(tree, module, top_level_only=top_level_only))


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def forbidden(module: str) -> list[str]:
    """The imports of a module that break the layering."""
    own = module.split("/")[0]
    names = imports_of(module)
    if module.startswith("x2static/core/"):
        outside = [name for name in names if is_within(name, PACKAGES)]
        bad = [name for name in outside if not is_within(name, ("x2static.core",))]
        return bad + [n for n in imports_of(module, top_level_only=True) if is_within(n, HEAVY)]
    if own in STAGES:
        others = tuple(package for package in PACKAGES if package != own)
        return [n for n in names if is_within(n, others) and not is_within(n, STAGE_MAY_USE)]
    outside = STAGES if module in MAY_USE_DOORS else (*STAGES, *DOORS)
    return [name for name in names if is_within(name, outside)]


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_its_layer_may(module: str) -> None:
    assert forbidden(module) == []


def upward(module: str) -> list[str]:
    """The imports of a module that go to a later room of its package, or above all rooms."""
    package, *inside = module.removesuffix(".py").split("/")
    names = [n for n in imports_of(module) if n.startswith(f"{package}.")]
    rooms, below = ROOMS[package], BELOW_ROOMS[package]
    level = {name: number for number, name in enumerate(rooms, start=1)}
    level |= dict.fromkeys(below, 0)
    above = len(rooms) + 1
    own = level.get(inside[0], above)
    return [name for name in names if level.get(name.split(".")[1], above) > own]


@pytest.mark.parametrize("module", [m for m in MODULES if m.split("/")[0] in ROOMS])
def test_arrows_between_rooms_go_one_way(module: str) -> None:
    assert upward(module) == []


@pytest.mark.parametrize("package", ROOMS)
def test_no_room_has_more_than_about_fifteen_files(package: str) -> None:
    folders = [ROOT / package, *(f for f in (ROOT / package).rglob("*") if f.is_dir())]
    sizes = {str(folder): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: size for name, size in sizes.items() if size > 16} == {}


@pytest.mark.parametrize(
    ("module", "code", "bad"),
    [
        ("text/a.py", "from continued_pretraining.model.pooling import pool_states", True),
        ("model/a.py", "from ..objectives import masked_lm", True),
        ("objectives/a/b.py", "from continued_pretraining.training.loop import Loop", True),
        ("objectives/a/b.py", "from continued_pretraining.stage import pretrain", True),
        ("config.py", "from continued_pretraining.text.batch import Frame", True),
        ("training/a.py", "from continued_pretraining.objectives.masked_lm import MaskedLM", False),
        ("text/a.py", "from continued_pretraining.config import PretrainConfig", False),
        ("stage.py", "from continued_pretraining.training.loop import Loop", False),
    ],
)
def test_room_rule_sees_a_planted_import(
    module: str, code: str, bad: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "continued_pretraining" / module
    path.parent.mkdir(parents=True)
    path.write_text(code)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert bool(upward(f"continued_pretraining/{module}")) is bad


@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        ("x2static/core/a.py", "import torch", ["torch"]),
        ("x2static/core/a.py", "def f():\n    import torch", []),
        ("x2static/core/a.py", "from ..distill import stage", ["x2static.distill.stage"]),
        ("x2static/core/a.py", "def f():\n    import eval.bli.score", ["eval.bli.score"]),
        ("x2static/core/a.py", "from x2static import core", []),
        ("x2static/distill/a.py", "import align.mapping", ["align.mapping"]),
        ("x2static/cli.py", "def f():\n    import align.mapping", ["align.mapping"]),
        ("x2static/run/a.py", "from x2static.cli import run", ["x2static.cli.run"]),
        ("x2static/__main__.py", "from x2static.cli import main", []),
        ("align/a.py", "from x2static.distill.stage import distill", None),
        ("align/a.py", "from x2static.core.vectors import WordVectors", []),
        ("align/a.py", "from x2static.teacher import Teacher", []),
        ("align/a.py", "from . import mapping", []),
        ("eval/a.py", "from align import mapping", ["align.mapping"]),
        ("eval/a.py", "if True:\n    try:\n        import align\n    finally:\n        pass", None),
    ],
)
def test_rule_sees_a_planted_import(
    module: str,
    code: str,
    expected: list[str] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(code)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    found = forbidden(module)
    assert found == expected if expected is not None else len(found) == 1


def loaded_after(code: str) -> list[str]:
    """The heavy packages that a fresh interpreter has loaded after running ``code``."""
    ending = f"\nimport json, sys\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    answer = subprocess.run(
        [sys.executable, "-c", code + ending], cwd=ROOT, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    names: list[str] = json.loads(answer.stdout.splitlines()[-1])
    return names


def test_the_probe_sees_a_heavy_package() -> None:
    assert loaded_after("import scipy") == ["scipy"]


def test_core_and_command_line_load_nothing_heavy() -> None:
    modules = [m.removesuffix(".py").replace("/", ".") for m in MODULES if "core/" in m]
    assert loaded_after("import x2static.cli, " + ", ".join(modules)) == []


@pytest.mark.parametrize("arguments", [[], *(name.split() for name in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
from x2static.cli import main
try:
    main({[*arguments, "--help"]!r})
except SystemExit as stop:
    assert stop.code == 0
"""
    assert loaded_after(code) == []

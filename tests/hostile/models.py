"""Tiny models, made once and copied where a case wants one, sound or spoiled."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

Make = Callable[[Path], None]


@cache
def _root() -> Path:
    """A folder for this process; gone with it."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def built(kind: str) -> Path:
    """The folder of a ``teacher``, ``masked``, ``bert``, ``roberta``, ``gpt2`` or ``t5``."""
    import transformers

    from tests.continued_pretraining.conftest import save_masked_model
    from tests.eval.downstream_pieces import save_model
    from tests.teachers import save_teacher

    transformers.utils.logging.disable_progress_bar()
    folder = _root() / kind
    if kind == "teacher":
        return save_teacher(folder)
    if kind == "masked":
        return save_masked_model(folder)
    return save_model(folder, kind) if kind in ("bert", "roberta") else _save_other(folder, kind)


def _save_other(folder: Path, kind: str) -> Path:
    import transformers

    from tests.teachers import unigram_tokenizer

    tokenizer = unigram_tokenizer()
    size = {"vocab_size": len(tokenizer)}
    configs: dict[str, Callable[[], Any]] = {
        "gpt2": lambda: transformers.GPT2Config(
            n_embd=16, n_layer=4, n_head=2, n_positions=40, **size
        ),
        "t5": lambda: transformers.T5Config(
            d_model=16, d_kv=8, d_ff=24, num_layers=4, num_heads=2, **size
        ),
    }
    transformers.AutoModel.from_config(configs[kind]()).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def model(kind: str = "teacher", **changed: object) -> Make:
    """A copy, with other words in its config."""

    def make(path: Path) -> None:
        shutil.copytree(built(kind), path)
        if changed:
            config = json.loads((path / "config.json").read_text()) | changed
            (path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    return make


def without(name: str, kind: str = "teacher") -> Make:
    """A copy that lacks the files of a pattern."""

    def make(path: Path) -> None:
        shutil.copytree(built(kind), path)
        for file in list(path.glob(name)):
            file.unlink()

    return make


def spoiled(name: str, content: bytes | None, kind: str = "teacher") -> Make:
    """A copy in which a file holds something else; None cuts it off in the middle."""

    def make(path: Path) -> None:
        shutil.copytree(built(kind), path)
        data = (path / name).read_bytes()
        (path / name).write_bytes(data[: len(data) // 2] if content is None else content)

    return make


def mixed(kind: str, tokenizer: str) -> Make:
    """A model with the tokenizer of another."""

    def make(path: Path) -> None:
        shutil.copytree(built(kind), path)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(built(tokenizer) / name, path / name)

    return make

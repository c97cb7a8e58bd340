"""A record beside every output: what made it, from what, with which versions, how long it took."""

from __future__ import annotations

import dataclasses
import json
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from x2static.core.storage.files import sha256, staged

_PACKAGES = (
    "x2static-workbench", "numpy", "torch", "transformers", "tokenizers", "safetensors",
    "accelerate", "pyarrow", "gensim", "faiss-cpu", "spacy-udpipe", "ufal.udpipe", "pyicu-wheels",
    "pyicu", "icu-tokenizer", "fugashi", "unidic-lite", "jieba", "underthesea",
)  # fmt: skip


def record_path(output: Path) -> Path:
    """``run.json`` inside a folder output, ``NAME.run.json`` beside a file output."""
    return output / "run.json" if output.is_dir() else output.with_name(f"{output.name}.run.json")


def read_record(output: Path) -> dict[str, Any] | None:
    """The record of an output, or None where there is none that can be read."""
    try:
        record = json.loads(record_path(output).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def maker(output: Path) -> str | None:
    """The command that made an output, by its record; None where none tells."""
    command = (read_record(output) or {}).get("command")
    return command if isinstance(command, str) else None


class RunRecord:
    """Collects what a run did, from its first moment to its last."""

    def __init__(self, command: str, config: Any, inputs: Sequence[Path] = ()) -> None:
        """Start the clock.

        Args:
            command: subcommand name, such as ``"distill"``.
            config: the resolved settings, a dataclass instance.
            inputs: files and folders to be hashed into the record.
        """
        self._started = time.time()
        self.command = command
        self.settings = plain(dataclasses.asdict(config))
        self.inputs = {str(path): _fingerprint(path) for path in inputs}
        self.counts: dict[str, Any] = {}
        self.notes: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON-ready values."""
        return {
            "command": self.command,
            "settings": self.settings,
            "inputs": self.inputs,
            "counts": plain(self.counts),
            **plain(self.notes),
            "started": datetime.fromtimestamp(self._started, timezone.utc).isoformat(),
            "seconds": round(time.time() - self._started, 3),
            "versions": package_versions(),
            "commit": git_commit(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "arguments": sys.argv[1:],
        }

    def as_text(self) -> str:
        r"""The record as JSON.

        To be encoded with ``backslashreplace``: a path that is no UTF-8 carries lone surrogates,
        and ``\udcxx`` is their JSON spelling, too.
        """
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2) + "\n"

    def write(self, path: Path, *, own: bool = False) -> None:
        """Save the record at ``path`` (see `record_path`), whole or not at all.

        Args:
            path: the place.
            own: whether an earlier record there is replaced; see `staged`.
        """
        with staged(path, own=own) as temporary:
            temporary.write_text(self.as_text(), encoding="utf-8", errors="backslashreplace")


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that can change a result, without importing them."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def git_commit() -> str | None:
    """The checkout's commit when the program runs from one, else None."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():  # installed, perhaps inside another project's checkout
        return None
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def plain(value: Any) -> Any:
    """``value`` with paths as text, tuples as lists and numpy scalars as numbers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value.item() if hasattr(value, "item") else value


def _fingerprint(path: Path) -> dict[str, Any]:
    """Digest and size; None for a pipe (reading would use it up) and for what cannot be read."""
    try:
        if path.is_file():
            return {"sha256": sha256(path), "bytes": path.stat().st_size}
        return {"sha256": sha256(path) if path.is_dir() else None}
    except OSError:  # the stage itself says so when it opens the file
        return {"sha256": None}

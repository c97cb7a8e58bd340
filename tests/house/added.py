"""A copy of the program with something added to it, as CONTRIBUTING's walks say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Lines = Mapping[str, Sequence[tuple[str, str]]]


class Program:
    """Runs ``x2static`` with new files and with further lines in old ones."""

    def __init__(self, tree: Path, package: str, new: Mapping[str, str], lines: Lines) -> None:
        """Copy a package and add to it.

        Args:
            tree: a folder for the copy.
            package: the package that is added to, ``x2static`` say.
            new: text of each new file.
            lines: for each old file, what stands there once and what shall stand in its place.
        """
        self._tree = tree
        hidden = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tree / package, ignore=hidden)
        for name, text in new.items():
            assert not (tree / name).exists()
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        for name, edits in lines.items():
            text = (tree / name).read_text()
            for old, added in edits:
                assert text.count(old) == 1, (name, old)
                text = text.replace(old, added)
            (tree / name).write_text(text)

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command; its working folder is the copy."""
        path = os.pathsep.join(map(str, (self._tree, ROOT)))
        return subprocess.run(
            [sys.executable, "-m", "x2static", *map(str, arguments)],
            cwd=self._tree,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

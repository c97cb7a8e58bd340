"""What a run that failed before its first checkpoint takes away again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from continued_pretraining.training.materials import PREPARED_NAME
from x2static.core.errors import Interrupted, WorkbenchError
from x2static.core.storage.files import remove_tree


@contextmanager
def nothing_left_behind(work: Path) -> Iterator[None]:
    """Take away what a run made that ended in an error before its first checkpoint.

    The same command would end in the same line; with a checkpoint there is something to lose.
    """
    before = set(_entries(work))
    try:
        yield
    except Interrupted:
        raise
    except WorkbenchError:
        if not any((work / "checkpoints").glob("*")):
            for entry in _entries(work):
                if entry not in before:
                    remove_tree(entry)
        raise


def _entries(work: Path) -> list[Path]:
    """What lies in a work folder, each prepared text for itself."""
    return [*(work / PREPARED_NAME).glob("*"), *work.iterdir()]

"""The folder of a downstream evaluation: what is finished there is not computed again.

OUTPUT/manifest.json                  what all runs in it share: data, recipe, precision
OUTPUT/MODEL/model.json               which model that is
OUTPUT/MODEL/seed-0/SET.LANGUAGE.json scores; beside it the predictions
OUTPUT/MODEL/seed-0/model/            fine-tuned; dropped when its tests are done, or kept
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from x2static.core.errors import Interrupted, OutputError, WorkbenchError
from x2static.core.labels import as_file_name
from x2static.core.storage.files import describe_os_error, remove_tree, staged
from x2static.core.storage.leftovers import is_leftover
from x2static.core.storage.lock import LOCK_NAME, FolderLock
from x2static.core.storage.manifest import Manifest, read_json, write_json
from x2static.teacher.loading.model_folder import save_model

_MANIFEST = "manifest.json"


class Shelf:
    """Finished scores and fine-tuned models by model, seed and test set; nothing without a folder.

    Every file appears whole or not at all, so a run killed at any instant can go on.
    """

    def __init__(
        self, folder: Path | None, command: str, *, overwrite: bool, resume: bool = False
    ) -> None:
        """Use ``folder``, made when need be; None keeps nothing.

        Args:
            folder: the place.
            command: whose results it keeps.
            overwrite: whether what an earlier run of that command kept there is dropped.
            resume: whether it is gone on from.
        """
        self._folder, self._command = folder, command
        self._overwrite, self._resume = overwrite, resume
        self._lock = None if folder is None else FolderLock(folder)
        self._is_fresh = self._existed = False

    def check(self) -> None:
        """Stop at a folder with other things in it: --overwrite would delete them."""
        folder = self._folder
        if folder is None or not folder.exists():
            return
        try:
            names = {e.name for e in folder.iterdir() if not is_leftover(e)} - {LOCK_NAME}
        except OSError as error:
            raise OutputError(describe_os_error(folder, error)) from error
        found = Manifest(folder / _MANIFEST).read()
        if names and (found is None or found.get("command") != self._command):
            lacks = "it has no" if _MANIFEST not in names else "another command made its"
            raise OutputError(
                f"{folder} is a folder that no earlier run made ({lacks} {_MANIFEST}); choose "
                "another --output"
            )

    def __enter__(self) -> Shelf:
        """Lock the folder."""
        if self._lock is not None:
            self.check()
            self._existed = self._lock.folder.exists()
            self._lock.__enter__()
            self._is_fresh = not self._names()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unlock it; after an error before anything was finished, a new one disappears."""
        is_mistake = isinstance(error, WorkbenchError) and not isinstance(error, Interrupted)
        if self._folder is not None and is_mistake and self._is_fresh:
            self._take_away(self._folder)
        if self._lock is not None:
            self._lock.__exit__(kind, error, trace)

    def claim(self, identity: Mapping[str, Any], models: Mapping[str, str]) -> None:
        """Bind the folder to a run's identity, or check that it has the same.

        Args:
            identity: whatever changes a score, JSON-ready.
            models: digest of each model by its label.

        Raises:
            OutputError: an earlier run there was another one, and what differs; or the same, and
                nothing was said about it.
        """
        if self._folder is None:
            return
        if self._overwrite:
            for entry in list(self._folder.iterdir()):
                if entry.name not in (LOCK_NAME, _MANIFEST):
                    remove_tree(entry)
            remove_tree(self._folder / _MANIFEST)  # last, for it says whose folder this is
        manifest = Manifest(self._folder / _MANIFEST)
        was_there = manifest.exists
        manifest.bind({"command": self._command, **identity})
        if was_there and not self._resume:
            raise OutputError(
                f"{self._folder}: an earlier run is there; resume it with --resume, or discard it "
                "with --overwrite"
            )
        for label, digest in models.items():
            Manifest(self._folder / label / "model.json").bind({"digest": digest})

    def scores(self, label: str, seed: int, name: str, gold: str) -> dict[str, float] | None:
        """The scores of a finished test, if it was on the same gold data."""
        if self._folder is None:
            return None
        found = read_json(self._place(label, seed) / f"{as_file_name(name)}.json")
        if found is None or found.get("gold") != gold:
            return None
        scores: dict[str, float] = found["scores"]
        return scores

    def keep(
        self,
        label: str,
        seed: int,
        name: str,
        gold: str,
        scores: Mapping[str, float],
        predictions: str,
        kind: str,
    ) -> None:
        """Save the scores of a test; ``predictions`` go beside them in a file of that kind."""
        if self._folder is None:
            return
        place = self._place(label, seed)
        with staged(place / f"{as_file_name(name)}.predictions.{kind}", own=True) as temporary:
            temporary.write_text(predictions, encoding="utf-8", errors="backslashreplace")
        write_json(place / f"{as_file_name(name)}.json", {"gold": gold, "scores": dict(scores)})

    def model(self, label: str, seed: int) -> Path | None:
        """Where a fine-tuned model lies, or None."""
        if self._folder is None:
            return None
        folder = self._place(label, seed) / "model"
        return folder if (folder / "config.json").exists() else None

    def keep_model(self, label: str, seed: int, model: Any, tokenizer: Any) -> None:
        """Save a fine-tuned model as a plain Hugging Face folder."""
        if self._folder is None:
            return
        with staged(self._place(label, seed) / "model", own=True) as temporary:
            save_model(model, tokenizer, temporary)

    def drop_model(self, label: str, seed: int) -> None:
        """Remove a fine-tuned model."""
        if self._folder is not None:
            remove_tree(self._place(label, seed) / "model")

    def finish(self, data: Mapping[str, Any], markdown: str) -> None:
        """Save the result of the whole run: ``scores.json`` and ``tables.md``."""
        if self._folder is None:
            return
        write_json(self._folder / "scores.json", data)
        with staged(self._folder / "tables.md", own=True) as temporary:
            temporary.write_text(markdown, encoding="utf-8", errors="backslashreplace")

    def _take_away(self, folder: Path) -> None:
        """Remove what this run made, unless a fine-tuning or a score is among it."""
        if any(folder.glob("*/seed-*")):
            return
        for entry in list(folder.iterdir()) if self._existed else [folder]:
            remove_tree(entry)

    def _names(self) -> set[str]:
        """What lies in the folder, but for the lock."""
        folder = self._folder
        return set() if folder is None else {entry.name for entry in folder.iterdir()} - {LOCK_NAME}

    def _place(self, label: str, seed: int) -> Path:
        return (self._folder or Path()) / label / f"seed-{seed}"

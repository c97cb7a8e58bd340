"""A pre-trained encoder with a fresh head for questions or tags, and its tokenizer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import require
from x2static.core.storage.files import sha256
from x2static.teacher.hugging_face import (
    MODEL_FILES,
    check_vocabulary,
    mend_adapters,
    position_limit,
    quiet,
    read_config,
    read_tokenizer,
    require_fast,
)
from x2static.teacher.weights import load_weights

if TYPE_CHECKING:
    import torch

Head = Literal[
    "AutoModelForQuestionAnswering", "AutoModelForTokenClassification",
    "AutoModelForSequenceClassification",
]  # fmt: skip
_WEIGHTS = (".safetensors", ".bin")


@dataclass
class Reader:
    """A model with a head, ready to be trained or asked.

    Attributes:
        model: the torch module.
        device: where it runs.
        max_pieces: longest input, control tokens included.
        pad_id: what fills an input up.
        num_types: segment types that the model tells apart; below 2, types are left out.
        numbers: the number of each id in an embedding table made small for training, or None.
    """

    model: Any = field(repr=False)
    device: torch.device
    max_pieces: int
    pad_id: int
    num_types: int
    numbers: NDArray[np.int64] | None = None

    def speak(self, language: str | None) -> None:
        """Choose the language of a model that has modules for each (X-MOD); others have none."""
        languages = getattr(self.model.config, "languages", None)
        if not languages or not hasattr(self.model, "set_default_language"):
            return
        fitting = [name for name in languages if language and name.split("_")[0] == language]
        self.model.set_default_language(fitting[0] if fitting else next(iter(languages)))

    def freeze_languages(self) -> None:
        """Keep embeddings and language modules of X-MOD as they are, as its authors do.

        What is learned in one language's module would not serve the others.
        """
        freeze = getattr(self.model, "freeze_embeddings_and_language_adapters", None)
        if freeze is not None:
            freeze()


def load_tokenizer(name: str) -> Any:
    """The fast tokenizer of a model.

    Raises:
        TeacherError: none there, or a slow one, which cannot tell where its pieces lie in a text.
    """
    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        read_config(transformers, name)  # the cheap faults come first
        tokenizer = read_tokenizer(transformers, name)
    require_fast(tokenizer, name)
    return tokenizer


def load_reader(
    name: str, head: Head, tokenizer: Any, device: torch.device, num_labels: int | None = None
) -> Reader:
    """The encoder under ``name`` with a head whose start is drawn from torch's own generator.

    Args:
        name: a model name of the hub or a local folder.
        head: which of transformers' classes.
        tokenizer: the model's own.
        device: where it shall run.
        num_labels: tags to tell apart; None for questions.

    Raises:
        TeacherError: no weights that can be loaded, or another model's tokenizer.
    """
    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        config = read_config(transformers, name)
        if num_labels is not None:
            config.num_labels = num_labels
        model, _, _ = load_weights(
            transformers, head, name, config, "cannot be loaded", dtype="float32",
            ignore_mismatched_sizes=True,
        )  # fmt: skip
    check_vocabulary(name, tokenizer, model)
    mend_adapters(model)
    return Reader(
        model.to(device),
        device,
        position_limit(model, tokenizer),
        int(tokenizer.pad_token_id or 0),
        int(getattr(model.config, "type_vocab_size", 0) or 0),
    )


def model_digest(name: str) -> str:
    """What identifies a model: a digest of a folder's weights, settings and tokenizer, or a name.

    A hub name is its own identity; the hub's revisions are not told apart.
    """
    folder = Path(name)
    if not folder.is_dir():
        return name
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _WEIGHTS or path.name in MODEL_FILES:
            digest.update(f"{path.name} {sha256(path)}\n".encode())
    return digest.hexdigest()

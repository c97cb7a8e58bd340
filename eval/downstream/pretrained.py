"""A pre-trained encoder with a fresh head for questions or tags, and its tokenizer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.core.storage.files import sha256
from x2static.teacher.load import load_model
from x2static.teacher.loading.hugging_face import MODEL_FILES, position_limit
from x2static.teacher.modules import speak

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
        name: what the user called it.
        model: the torch module.
        device: where it runs.
        max_pieces: longest input, control tokens included.
        pad_id: what fills an input up.
        num_types: segment types that the model tells apart; below 2, types are left out.
        numbers: the number of each id in an embedding table made small for training, or None.
    """

    name: str
    model: Any = field(repr=False)
    device: torch.device
    max_pieces: int
    pad_id: int
    num_types: int
    numbers: NDArray[np.int64] | None = None

    def speak(self, language: str | None, flag: str = "--languages") -> None:
        """Read in a language, if the model has a module for each (X-MOD).

        Raises:
            TeacherError: it has none for this one, which the setting ``flag`` asks for.
        """
        speak(self.model, language, self.name, flag)

    def freeze_languages(self) -> None:
        """Keep embeddings and language modules of X-MOD as they are, as its authors do.

        What is learned in one language's module would not serve the others.
        """
        freeze = getattr(self.model, "freeze_embeddings_and_language_adapters", None)
        if freeze is not None:
            freeze()


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

    def change(config: Any) -> None:
        if num_labels is not None:
            config.num_labels = num_labels

    model = load_model(
        name, head, tokenizer, fault="cannot be loaded", change=change, dtype="float32",
        ignore_mismatched_sizes=True,
    ).model  # fmt: skip
    return Reader(
        name,
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

"""A pre-trained encoder with a fresh head for questions or tags, and its tokenizer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import TeacherError
from x2static.core.storage.files import sha256
from x2static.teacher.added.places import added_languages, find_added
from x2static.teacher.load import load_model
from x2static.teacher.loading.hugging_face import MODEL_FILES, position_limit
from x2static.teacher.modules import has_modules, separates, speak
from x2static.teacher.parts import learn_only
from x2static.teacher.speaker import Speaker

if TYPE_CHECKING:
    import torch

Head = Literal[
    "AutoModelForQuestionAnswering",
    "AutoModelForTokenClassification",
    "AutoModelForSequenceClassification",
]
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
        speaker: knows the languages that were added to the model.
        numbers: the number of each id in an embedding table made small for training, or None.
    """

    name: str
    model: Any = field(repr=False)
    device: torch.device
    max_pieces: int
    pad_id: int
    num_types: int
    speaker: Speaker = field(repr=False)
    numbers: NDArray[np.int64] | None = None

    def speak(self, language: str | None, flag: str = "--languages") -> None:
        """Read in a language: its module (X-MOD), its vocabulary if it was added.

        Raises:
            TeacherError: it has none for this one, which the setting ``flag`` asks for.
        """
        self.speaker.speak(language)
        speak(self.model, language, self.name, flag)

    def learn_in(self, languages: Sequence[str]) -> None:
        """Read in the language trained on; in several only where all of the model is theirs.

        Raises:
            TeacherError: it keeps something for each language by itself, or lacks this one.
        """
        apart = separates(self.model) or any(find_added(self.name, code) for code in languages)
        if len(languages) > 1 and apart:
            raise TeacherError(
                f"{self.name}: has modules or embeddings of their own for languages, so it learns "
                f"in one at a time; --train names {' '.join(languages)}"
            )
        self.speak(languages[0], "--train-language")

    @property
    def tokenizer(self) -> Any:
        """That of the language it reads in."""
        return self.speaker.tokenizer

    @property
    def vocabulary(self) -> str:
        """Code of the added language whose vocabulary it reads in; empty for its own."""
        language = self.speaker.language
        return "" if language is None else language.code

    def freeze_languages(self, tested: Sequence[str | None]) -> None:
        """Keep what languages have for themselves as it is, where the model has several.

        What is learned in one language's module or embeddings would not serve the others (Pfeiffer
        et al. 2022): those of X-MOD stay, and embeddings where an added language is tested.

        Args:
            tested: languages that the model will be tested in.
        """
        added = any(find_added(self.name, language) for language in tested)
        if has_modules(self.model):
            learn_only(self.model, (), ("embeddings", "modules"))
        elif added:
            learn_only(self.model, (), ("embeddings",))


def load_reader(
    name: str,
    head: Head,
    tokenizer: Any,
    device: torch.device,
    num_labels: int | None = None,
    tuned: Path | None = None,
) -> Reader:
    """The encoder under ``name`` with a head whose start is drawn from torch's own generator.

    Args:
        name: a model name of the hub or a local folder.
        head: which of transformers' classes.
        tokenizer: the model's own.
        device: where it shall run.
        num_labels: tags to tell apart; None for questions.
        tuned: where this model lies fine-tuned already.

    Raises:
        TeacherError: no weights that can be loaded, or another model's tokenizer.
    """

    def change(config: Any) -> None:
        if num_labels is not None:
            config.num_labels = num_labels

    model = load_model(
        str(tuned or name),
        head,
        tokenizer,
        fault="cannot be loaded",
        change=change,
        dtype="float32",
        ignore_mismatched_sizes=True,
    ).model
    return Reader(
        name,
        model.to(device),
        device,
        position_limit(model, tokenizer),
        int(tokenizer.pad_token_id or 0),
        int(getattr(model.config, "type_vocab_size", 0) or 0),
        Speaker(name, model, tokenizer, is_tuned=tuned is not None),
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
    for code, language in added_languages(name).items():
        files = [language.path, *sorted(language.tokenizer.glob("token*"))]
        digest.update(f"{code} {' '.join(map(sha256, files))}\n".encode())
    return digest.hexdigest()

"""Let a loaded model speak a language that was added to it, or one of its own again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from x2static.core.errors import TeacherError
from x2static.teacher.added.base_digest import digests_of
from x2static.teacher.added.language_file import LanguageFile
from x2static.teacher.added.own_weights import own_weights, put_into
from x2static.teacher.added.places import AddedLanguage, added_languages, find_added
from x2static.teacher.loading.hugging_face import quiet, read_tokenizer

if TYPE_CHECKING:
    import torch


class Speaker:
    """Swaps what languages have for themselves in a model.

    Attributes:
        language: the added language that the model speaks; None for its own vocabulary.
        tokenizer: of that language.
    """

    def __init__(self, name: str, model: Any, tokenizer: Any, *, is_tuned: bool = False) -> None:
        """Begin with a model that speaks its own vocabulary, its weights as they were loaded.

        Args:
            name: of the folder beside whose model the languages lie.
            model: that model.
            tokenizer: its own.
            is_tuned: its weights are no longer those that languages were added to, which is known.
        """
        self.language: AddedLanguage | None = None
        self.tokenizer = tokenizer
        self._is_tuned = is_tuned
        self._name, self._model, self._tokenizer = name, model, tokenizer
        self._own: dict[str, torch.Tensor] = {}
        self._files: dict[str, tuple[LanguageFile, Any]] = {}
        # Now, for later the shared weights may be fine-tuned, or in another precision.
        self._digests = digests_of(model) if added_languages(name) and not is_tuned else {}

    def speak(self, language: str | None) -> Any:
        """Put a language's weights into the model; gives the tokenizer that belongs to them.

        Raises:
            TeacherError: it was added to another model, or its tokenizer is not its own.
        """
        found = find_added(self._name, language)
        if found is not None:
            file, tokenizer = self._read(found)
            if self.language is None:
                self._own = own_weights(self._model)
            put_into(self._model, file.tensors)
        else:
            tokenizer = self._tokenizer
            if self.language is not None:
                put_into(self._model, self._own)
        self.language, self.tokenizer = found, tokenizer
        return tokenizer

    def _read(self, language: AddedLanguage) -> tuple[LanguageFile, Any]:
        if language.code not in self._files:
            if not self._is_tuned:
                language.file.check(self._model, self._digests, str(language.path))
            self._files[language.code] = language.file, tokenizer_of(language)
        return self._files[language.code]


def tokenizer_of(language: AddedLanguage) -> Any:
    """The tokenizer of an added language.

    Raises:
        TeacherError: it is not there, or has pieces without embeddings.
    """
    import transformers

    pieces = language.file.pieces
    with quiet(transformers):
        tokenizer = read_tokenizer(transformers, str(language.tokenizer))
    largest = max(tokenizer.get_vocab().values(), default=0)
    if largest >= pieces:
        raise TeacherError(
            f"{language.tokenizer}: a tokenizer with ids up to {largest}, but {language.path} has "
            f"{pieces} embeddings; they do not belong together"
        )
    return tokenizer

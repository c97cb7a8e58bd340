"""A language that was added to a model, as a file: the weights that it has for itself.

These are its table of piece embeddings, what scores its pieces, its positions and, in a modular
model, its modules, under their names in a Hugging Face model (the encoder's without prefix). The
header holds what the file must be told from: version, family, width, digests of the base.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from x2static.core.errors import TeacherError
from x2static.teacher.added.base_digest import check_base, digests_of
from x2static.teacher.added.own_weights import (
    MODULES,
    bare_name,
    named_weights,
    positions_of,
    words_of,
)

if TYPE_CHECKING:
    import torch

_VERSION = 1
_REMEDY = "copy it again, or add the language anew with x2static extend"


@dataclass(frozen=True)
class LanguageFile:
    """A language's own weights.

    Attributes:
        code: of the language.
        tensors: its weights by name.
        about: family, width and number of pieces of the model, and digests of what is shared.
    """

    code: str
    tensors: Mapping[str, torch.Tensor]
    about: Mapping[str, Any]

    @property
    def pieces(self) -> int:
        """Rows of its table of embeddings."""
        return int(self.about["pieces"])

    def write(self, path: Path) -> None:
        """Write it as safetensors."""
        from safetensors.torch import save_file

        header = {"x2static": json.dumps({"version": _VERSION, "code": self.code, **self.about})}
        tensors = {n: t.detach().float().cpu().contiguous() for n, t in self.tensors.items()}
        save_file(tensors, path, metadata=header)

    def check(self, model: Any, digests: Mapping[str, str], place: str) -> None:
        """Raise `TeacherError` unless a model is the one it was added to.

        Args:
            model: that model.
            digests: of its shared weights, as they were loaded.
            place: where this file lies, for messages.
        """
        width = int(model.config.hidden_size)
        if width != self.about["width"]:
            raise TeacherError(
                f"{place}: was added to a model {self.about['width']} wide, this one is {width}; "
                "put it beside the model that it was made for"
            )
        check_base(digests, self.about["base"], place)
        if _with_modules(self.tensors) and not _with_modules(named_weights(model)):
            raise TeacherError(
                f"{place}: has modules, and this model has none; put it beside the model that "
                "x2static extend --modules wrote"
            )


def _with_modules(names: Iterable[str]) -> bool:
    return any(MODULES in name for name in names)


def taken_from(model: Any, code: str) -> LanguageFile:
    """The language that a model speaks, as weights of its own."""
    names = {*words_of(model), *positions_of(model)}
    marker = f"{MODULES}{code}."
    tensors = {
        bare_name(model, name): parameter
        for name, parameter in named_weights(model).items()
        if name in names or marker in name
    }
    about = {
        "family": str(model.config.model_type),
        "width": int(model.config.hidden_size),
        "pieces": int(model.get_input_embeddings().num_embeddings),
        "base": digests_of(model),
    }
    return LanguageFile(code, tensors, about)


def read_language(path: Path) -> LanguageFile:
    """Read a language's file.

    Raises:
        TeacherError: it is torn, or none of ours.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as stream:
            header = json.loads((stream.metadata() or {})["x2static"])
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise TeacherError(f"{path}: no language of a model can be read here; {_REMEDY}") from error
    wanted = {"version", "code", "family", "width", "pieces", "base"}
    if not isinstance(header, dict) or not wanted <= set(header):
        raise TeacherError(f"{path}: its header lacks what a language needs; {_REMEDY}")
    if header.pop("version") != _VERSION:
        raise TeacherError(f"{path}: written by a newer version of this program; update it")
    return LanguageFile(str(header.pop("code")), tensors, header)

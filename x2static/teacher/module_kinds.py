"""How architectures keep a module for each language, for `x2static.teacher.modules` to choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class ModuleKind(Protocol):
    """One way to keep modules of languages in a model."""

    def fits(self, model: Any) -> bool:
        """Whether a loaded model keeps them this way."""

    def names(self, model: Any) -> Sequence[str]:
        """The modules, each by the name or code of its language."""

    def own(self, model: Any) -> str | None:
        """The module that the model names for text of no stated language, if any."""

    def choose(self, model: Any, name: str) -> None:
        """Send what the model reads from now on through a module."""


class Xmod:
    """X-MOD (Pfeiffer et al. 2022): adapters in each block."""

    def fits(self, model: Any) -> bool:
        """By the languages in its config."""
        names = getattr(model.config, "languages", None)
        return bool(names) and hasattr(model, "set_default_language")

    def names(self, model: Any) -> Sequence[str]:
        """Such as ``en_XX``."""
        return list(model.config.languages)

    def own(self, model: Any) -> str | None:
        """What the config says."""
        name: str | None = getattr(model.config, "default_language", None)
        return name

    def choose(self, model: Any, name: str) -> None:
        """For all rows of every batch."""
        model.set_default_language(name)


KINDS: tuple[ModuleKind, ...] = (Xmod(),)


def kind_of(model: Any) -> ModuleKind | None:
    """How a model keeps its modules; None if it has none."""
    return next((kind for kind in KINDS if kind.fits(model)), None)

"""Models with a module for each language, such as X-MOD: which one a text goes through."""

from __future__ import annotations

from typing import Any

from x2static.core.errors import TeacherError
from x2static.core.languages.language import same_language
from x2static.teacher.loading.modular import SHARED
from x2static.teacher.module_kinds import kind_of

_SHOWN = 12


def has_modules(model: Any) -> bool:
    """Whether the model's blocks hold a module for each language."""
    return kind_of(model) is not None


def separates(model: Any) -> bool:
    """Whether each language goes through a module of its own, rather than all through one."""
    kind = kind_of(model)
    return kind is not None and list(kind.names(model)) != [SHARED]


def speak(model: Any, language: str | None, name: str, flag: str = "--language") -> str | None:
    """Send what the model reads from now on through the module of a language.

    Args:
        model: any encoder; one without modules is left alone.
        language: code of the text's language; None keeps the module that the model itself names.
        name: of the model, for messages.
        flag: the setting that gives the language, for messages.

    Returns:
        The module's name, or None for a model without modules.

    Raises:
        TeacherError: the model has no module for this language, or the language is needed.
    """
    kind = kind_of(model)
    if kind is None:
        return None
    modules = list(kind.names(model))
    if modules == [SHARED]:
        return None
    others = SHARED if SHARED in modules else None  # of all languages without one of their own
    shown = ", ".join(modules[:_SHOWN]) + (" ..." if len(modules) > _SHOWN else "")
    if language is None and others is None:
        own = kind.own(model)
        if own is None:
            raise TeacherError(
                f"{name}: has a module for each of its languages ({shown}); say which one the text "
                f"is in with {flag}"
            )
        return own
    found = (same_language(modules, language) if language else None) or others
    if found is None:
        raise TeacherError(
            f"{name}: has no module for language '{language}'; {flag} may be one of: {shown}"
        )
    kind.choose(model, found)
    return found

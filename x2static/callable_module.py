"""A package that is called like the function it is named for: ``x2static.distill(...)``.

``x2static.distill`` is a package that holds the command's modules. Importing one of them binds the
package to that name, so a function of the same name could not stand there; the package answers.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """A package whose call goes to the function of its name in `x2static.api`."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """Call that function."""
        from x2static import api

        return getattr(api, self.__name__.rpartition(".")[2])(*arguments, **settings)


def make_callable(name: str) -> None:
    """Let the package of this name be called."""
    sys.modules[name].__class__ = CallableModule

"""Errors a user can fix: each message names the place, the value and the remedy."""

from __future__ import annotations

import importlib
from types import ModuleType


class WorkbenchError(Exception):
    """A problem the user can mend; the command line prints one line and exits with 2."""


class ConfigError(WorkbenchError):
    """A setting that is unknown, of the wrong type, or out of range."""


class CorpusError(WorkbenchError):
    """A text that cannot be read, or from which nothing survives."""


class VectorFormatError(WorkbenchError):
    """A vector file that breaks its own format."""


class LexiconError(WorkbenchError):
    """A dictionary that cannot be read, or shares nothing with the vectors."""


class DatasetError(WorkbenchError):
    """A test set that cannot be read, or shares nothing with what it is to test."""


class TeacherError(WorkbenchError):
    """A transformer folder or name that cannot serve as teacher."""


class OutputError(WorkbenchError):
    """A place that cannot be written: it exists, it is full, or it is forbidden."""


class MissingDependencyError(WorkbenchError):
    """An optional package that this command needs and this environment lacks."""


class Interrupted(WorkbenchError):  # noqa: N818 - it is no error
    """Ctrl-C or SIGTERM in long work; the message says what was kept and how to go on."""


def one_line(error: object) -> str:
    """A message without line ends, and without characters that a terminal obeys or cannot show."""
    text = " ".join(str(error).split("\n"))
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


_BROKEN = (ImportError, OSError, RuntimeError, ValueError, AttributeError)
"""What the import of a package raises that is there, but for another machine or another numpy."""


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Args:
        module: dotted name to import, such as ``"faiss"``.
        extra: the extra of this distribution that installs it; empty for what always comes with it.
        purpose: what needs it, as the start of the error line, such as ``"Japanese text"``.

    Raises:
        MissingDependencyError: the module is not installed, or its installation is broken.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        wanted = f"'x2static-workbench[{extra}]'" if extra else error.name
        raise MissingDependencyError(
            f"{purpose} needs the package {error.name}: pip install {wanted}"
        ) from error
    except _BROKEN as error:
        package = module.partition(".")[0]
        raise MissingDependencyError(
            f"{purpose} needs the package {package}, whose installation is broken "
            f"({one_line(error)}): reinstall it"
        ) from error

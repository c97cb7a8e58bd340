"""A model and its tokenizer as a plain Hugging Face folder."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from x2static.teacher.loading.hugging_face import first_line, quiet


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write both; a full disk is an `OSError` like any other."""
    _save(model.save_pretrained, folder)
    save_tokenizer(tokenizer, folder)


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write a tokenizer; a full disk is an `OSError` like any other."""
    _save(tokenizer.save_pretrained, folder)


def _save(save: Callable[[Path], Any], folder: Path) -> None:
    """Call a function that writes with the libraries in Rust, whose errors are kinds of their own.

    The tokenizers library raises a bare `Exception`; any kind below it keeps its traceback.
    """
    import transformers
    from safetensors import SafetensorError

    try:
        with quiet(transformers):
            save(folder)
    except Exception as error:
        if type(error) is not Exception and not isinstance(error, SafetensorError):
            raise
        raise OSError(errno.EIO, first_line(error), str(folder)) from error

"""Where a UDPipe model comes from: a path, the user's cache, spacy-udpipe's folder, a download."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import urllib.request
from pathlib import Path
from typing import IO

from x2static.core.errors import ConfigError, CorpusError, WorkbenchError, require
from x2static.core.messages import say
from x2static.core.progress import doing
from x2static.core.storage.files import staged
from x2static.core.storage.source_file import why_no_file

_TIMEOUT_SECONDS = 60
_PROBE_SECONDS = 10


def cache_folder() -> Path:
    """``x2static`` in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "x2static"


def find_model(language: str, given: Path | None) -> Path:
    """The file of a language's UDPipe model, downloaded if need be.

    Args:
        language: ISO code, or spacy-udpipe's name of a model such as ``fr-partut``.
        given: the user's own file, or None.

    Raises:
        WorkbenchError: there is none; the message names the ways out.
    """
    if given is not None:
        if not given.is_file():
            raise CorpusError(f"--udpipe-model {given}: {why_no_file(given)}")
        return given
    model = local_model(language)
    return model if model.is_file() else _download(model.name, model, language)


def local_model(language: str) -> Path:
    """Where a language's model lies, or, if it lies nowhere, where it is downloaded to.

    Raises:
        WorkbenchError: spacy-udpipe is missing, or knows no model for the language.
    """
    name = model_name(language)
    own = cache_folder() / "udpipe" / name
    places = (own, _package_folder() / "models" / name)
    return next((place for place in places if place.is_file()), own)


def model_url(name: str) -> str:
    """Where spacy-udpipe fetches a model from; importing it would load spaCy, which takes long."""
    source = _package_folder() / "utils.py"
    if source.is_file():
        stated = re.search(r'^BASE_URL = "([^"]+)"', source.read_text("utf-8"), re.MULTILINE)
        if stated is not None:
            return f"{stated[1]}/{name}"
    utils = require("spacy_udpipe.utils", "udpipe", "the download of a UDPipe model")
    return f"{utils.BASE_URL}/{name}"


@functools.cache
def is_downloadable(name: str) -> bool:
    """Whether a model's address answers."""
    request = urllib.request.Request(model_url(name), method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_PROBE_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def model_name(language: str) -> str:
    """The file name of the model that spacy-udpipe knows for a language."""
    text = (_package_folder() / "languages.json").read_text(encoding="utf-8")
    names: dict[str, str] = json.loads(text)
    name = names.get(language) or names.get(language.split("-")[0])
    if name is None:
        raise ConfigError(
            f"spacy-udpipe knows no UDPipe model for '{language}': pass --udpipe-model FILE or "
            "--tokenizer icu"
        )
    return name


def _package_folder() -> Path:
    """spacy-udpipe's folder; the package is not imported, since that would load spaCy."""
    spec = importlib.util.find_spec("spacy_udpipe")
    if spec is None or not spec.submodule_search_locations:
        require("spacy_udpipe", "udpipe", "--tokenizer udpipe")
        raise ConfigError("spacy_udpipe is no package here; reinstall spacy-udpipe")
    return Path(next(iter(spec.submodule_search_locations)))


def _download(name: str, place: Path, language: str) -> Path:
    """Fetch a model from where spacy-udpipe fetches it."""
    url = model_url(name)
    doing(f"downloading {url}")
    say(f"downloading {url}")
    try:
        with staged(place, own=True) as temporary, temporary.open("wb") as target:
            _fetch(url, target)
    except (OSError, WorkbenchError) as error:
        reason = str(error.__cause__ or error)
        raise CorpusError(
            f"no UDPipe model for '{language}', and {url} cannot be fetched ({reason}): pass "
            f"--udpipe-model FILE, or download it on another machine and copy it to {place}, or "
            "pass --tokenizer icu"
        ) from error
    return place


def _fetch(url: str, target: IO[bytes]) -> None:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as source:
        shutil.copyfileobj(source, target)
        expected = source.headers.get("Content-Length")
    if expected is not None and target.tell() != int(expected):
        raise OSError(f"got {target.tell()} of {expected} bytes")

"""UDPipe models, and the command with short arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SHIPPED = Path(__file__).parents[1] / "data" / "udpipe"
PUBLISHED = Path(os.environ.get("X2STATIC_DATA", "/nonexistent")) / "udpipe"
PUBLISHED_NAMES = {
    "ta": "tamil-ud-2.0-170801.udpipe",
    "fr": "french-partut-ud-2.0-170801.udpipe",
    "kk": "kazakh-ud-2.0-170801.udpipe",
}


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def udpipe_model() -> Path:
    """A small English model with a tokenizer only, and without tokens that hold a space."""
    return SHIPPED / "english.udpipe"


@pytest.fixture(scope="session", params=["shipped", "published"])
def udpipe_models(request: pytest.FixtureRequest) -> dict[str, Path]:
    """UDPipe models by language: the shipped one for all; and the published ones, if they are here.

    Those are under CC BY-NC-SA 4.0, which keeps them out of this repository.
    """
    if request.param == "published":
        return {code: PUBLISHED / name for code, name in PUBLISHED_NAMES.items()}
    return dict.fromkeys(PUBLISHED_NAMES, SHIPPED / "french-kazakh-tamil.udpipe")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the published models out where there are none: nothing is skipped for want of them."""
    if not PUBLISHED.is_dir():
        items[:] = [item for item in items if "[published" not in item.name]


@pytest.fixture
def prepare_text(tmp_path: Path) -> Callable[..., tuple[str, dict[str, int]]]:
    """Prepare a text given as bytes or str: the output's text and the counts."""
    from x2static.prepare.config import PrepareConfig
    from x2static.prepare.stage import prepare

    def run(text: str | bytes, **settings: Any) -> tuple[str, dict[str, int]]:
        source, target = tmp_path / "raw.txt", tmp_path / "prepared.txt"
        source.write_bytes(text.encode() if isinstance(text, str) else text)
        chosen = {"language": "en", "tokenizer": "icu", "workers": 1, "overwrite": True, **settings}
        outcome = prepare(PrepareConfig(input=str(source), output=target, **chosen))
        return target.read_text(encoding="utf-8"), outcome.data["counts"]

    return run

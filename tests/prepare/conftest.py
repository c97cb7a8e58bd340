"""A UDPipe model trained on the spot, and the command with short arguments."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SUBJECTS = ("The cat", "A dog", "My old friend", "She", "The house", "We")
VERBS = ("sat", "ran", "saw the tree", "went home", "likes bread, milk and tea", "stood there")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def udpipe_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a tokenizer only, taught by a few sentences made up here (a second or two)."""
    udpipe = pytest.importorskip("ufal.udpipe")
    error = udpipe.ProcessingError()
    reader = udpipe.InputFormat.newConlluInputFormat()
    reader.setText("".join(map(_conllu, itertools.product(SUBJECTS, VERBS), range(99))))
    sentences, sentence = udpipe.Sentences(), udpipe.Sentence()
    while reader.nextSentence(sentence, error):
        sentences.append(sentence)
        sentence = udpipe.Sentence()
    model = udpipe.Trainer.train(
        "morphodita_parsito", sentences, udpipe.Sentences(),
        "epochs=2;batch_size=10;dimension=16;segment_size=20",
        udpipe.Trainer.NONE, udpipe.Trainer.NONE, error,
    )  # fmt: skip
    assert not error.occurred(), error.message
    path = tmp_path_factory.mktemp("udpipe") / "tiny.udpipe"
    path.write_bytes(model)
    return path


def _conllu(parts: tuple[str, str], number: int) -> str:
    """A sentence in CoNLL-U, with a paragraph mark now and then."""
    text = " ".join(parts) + ".!?"[number % 3]
    rows, place = [], 0
    for index, token in enumerate(re.findall(r"\w+|[^\w\s]", text), 1):
        place = text.index(token, place) + len(token)
        space = "SpaceAfter=No" if text[place : place + 1] not in ("", " ") else "_"
        rows.append(f"{index}\t{token}\t_\t_\t_\t_\t{min(index - 1, 1)}\t_\t_\t{space}\n")
    return f"{'# newpar' if number % 7 == 0 else '#'}\n# text = {text}\n{''.join(rows)}\n"


@pytest.fixture(scope="session")
def real_models() -> Path:
    """The folder of real UDPipe models; their licence keeps them out of this repository."""
    folder = Path(os.environ.get("X2STATIC_DATA", "/nonexistent")) / "udpipe"
    if not folder.is_dir():
        pytest.skip("needs real UDPipe models: set X2STATIC_DATA to the folder that has udpipe/")
    return folder


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

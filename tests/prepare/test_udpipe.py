"""UDPipe's tokenizer: our batched network against UDPipe itself, and where a model comes from."""

from __future__ import annotations

import lzma
import random
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from x2static.core.errors import WorkbenchError
from x2static.prepare.config import PrepareConfig
from x2static.prepare.tokenizers import udpipe_model as model_module
from x2static.prepare.tokenizers.build import plan_tokenizer
from x2static.prepare.tokenizers.interface import TokenizerPlan
from x2static.prepare.tokenizers.udpipe import UdpipeTokenizer
from x2static.prepare.tokenizers.udpipe_model import find_model, model_name
from x2static.prepare.tokenizers.udpipe_network import BatchedTokenizer
from x2static.prepare.tokenizers.udpipe_weights import read_weights

WORDS = "The cat sat. A dog ran! ran? Dont go, saw the house… möde likes bread and tea".split(" ")  # noqa: SIM905
STRANGE = ["x3", "-", "“tree”", "(the)", "don't", "5.30", "www.a.de", "a@b.cd", "猫", "😀"]


def by_udpipe(tokenizer: UdpipeTokenizer, paragraphs: list[str]) -> list[list[str]]:
    """UDPipe's own answer, one paragraph at a time."""
    return [tokenizer._split_one(" ".join(paragraph.split())) for paragraph in paragraphs]


@pytest.fixture(scope="session")
def tokenizer(udpipe_model: Path) -> UdpipeTokenizer:
    return UdpipeTokenizer(str(udpipe_model))


def test_sentences_and_words(tokenizer: UdpipeTokenizer) -> None:
    paragraphs = ["The cat sat. A dog ran!", "", "She likes bread, milk and tea?"]
    assert tokenizer.split(paragraphs) == [
        ["The cat sat .", "A dog ran !"],
        [],
        ["She likes bread , milk and tea ?"],
    ]


def test_network_gives_what_udpipe_gives(tokenizer: UdpipeTokenizer) -> None:
    dice = random.Random(3)
    paragraphs = []
    for _ in range(200):
        words = dice.choices(WORDS, k=dice.randint(1, 120))
        if dice.random() < 0.2:
            words[dice.randrange(len(words))] = dice.choice(STRANGE)
        paragraphs.append("".join(word + dice.choice(["", *" " * 20]) for word in words))
    assert tokenizer._batched is not None
    answers = tokenizer._batched.split([" ".join(text.split()) for text in paragraphs])
    assert sum(answer is not None for answer in answers) > 40
    assert tokenizer.split(paragraphs) == by_udpipe(tokenizer, paragraphs)


@given(st.lists(st.text(alphabet="The catsA.!,? ö…-", max_size=150), max_size=8))
def test_network_agrees_on_any_text(tokenizer: UdpipeTokenizer, paragraphs: list[str]) -> None:
    assert tokenizer.split(paragraphs) == by_udpipe(tokenizer, paragraphs)


def scrambled(model: Path, target: Path, seed: int, *, allows_spaces: bool) -> str:
    """A copy of a model whose network is noise: its breaks fall anywhere, words or not."""
    data = model.read_bytes()
    start = data.index(b"]\x00\x00\x00\x01\x00") - 12  # sizes, check sum, properties of LZMA
    unpacked, packed, _ = struct.unpack_from("<III", data, start)
    head = data[start + 12 : start + 17] + struct.pack("<Q", unpacked)
    body = data[start + 17 : start + 17 + packed]
    network = bytearray(lzma.decompress(head + body, lzma.FORMAT_ALONE))
    network[3] = allows_spaces
    num_characters = struct.unpack_from("<I", network, 6)[0]
    rng = np.random.default_rng(seed)
    for character in range(num_characters):
        _put_noise(network, 10 + 68 * character + 4, 16, rng)
    floats = 2 * 6 * (16 * 16 + 16) + 2 * (3 * 16 + 3)
    _put_noise(network, 10 + 68 * num_characters, floats, rng)
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]
    again = lzma.compress(bytes(network), lzma.FORMAT_ALONE, filters=filters)
    from ufal.udpipe import Model

    for cut in range(12):  # UDPipe reads no end mark; how many bytes it took is not told
        size = len(again) - 13 - cut
        check = (unpacked * 19991 + size * 199999991 + 1234567890) % 2**32
        target.write_bytes(
            data[:start] + struct.pack("<III", unpacked, size, check) + again[:5]
            + again[13 : 13 + size] + data[start + 17 + packed :]
        )  # fmt: skip
        if Model.load(str(target)) is not None:
            return str(target)
    raise AssertionError("UDPipe reads none of the copies")


def _put_noise(network: bytearray, start: int, count: int, rng: np.random.Generator) -> None:
    noise = rng.normal(scale=0.7, size=count).astype("<f4").tobytes()
    network[start : start + 4 * count] = noise


@pytest.mark.parametrize("allows_spaces", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_network_agrees_with_udpipe_whatever_the_weights(
    udpipe_model: Path, tmp_path: Path, seed: int, allows_spaces: bool
) -> None:
    model = scrambled(udpipe_model, tmp_path / "noise", seed, allows_spaces=allows_spaces)
    tokenizer = UdpipeTokenizer(model)
    assert tokenizer._batched is not None
    assert tokenizer._batched._weights.allows_spaces == allows_spaces
    dice = random.Random(seed)
    paragraphs = [" ".join(dice.choices(WORDS, k=dice.randint(1, 60))) for _ in range(100)]
    answers = tokenizer._batched.split(paragraphs)
    assert sum(answer is not None for answer in answers) > 20
    assert tokenizer.split(paragraphs) == by_udpipe(tokenizer, paragraphs)


def test_the_window_matters(udpipe_model: Path) -> None:
    """So that the comparisons above do test the windows: another window, other answers."""
    weights = read_weights(udpipe_model)
    assert weights is not None
    assert (weights.segment, weights.candidate.shape) == (20, (2, 16, 16))
    assert not weights.allows_spaces
    paragraph = "thecatsatthedogranweheldthehouseandatethetreeandwent home"
    answers = set()
    for segment in (12, 20, 40, 200):
        changed = BatchedTokenizer(type(weights)(**{**vars(weights), "segment": segment}))
        answers.add(str(changed.split([paragraph, "a cat"])))
    assert len(answers) > 1


@pytest.mark.parametrize("text", ["see www.a.de now", "a.b", "猫 sat", "x" * 9000, ""])
def test_what_the_network_may_not_decide_is_left_to_udpipe(
    tokenizer: UdpipeTokenizer, text: str
) -> None:
    assert tokenizer._batched is not None
    assert tokenizer._batched.split([text]) == [None]


def test_a_very_long_sentence_is_left_to_udpipe(tokenizer: UdpipeTokenizer) -> None:
    text = "cat " * 1200
    assert tokenizer.split([text]) == by_udpipe(tokenizer, [text])


def test_a_truncated_model_has_no_network(udpipe_model: Path, tmp_path: Path) -> None:
    data = udpipe_model.read_bytes()
    for size in (0, 10, 24, 30, 40, 2000):
        path = tmp_path / "cut.udpipe"
        path.write_bytes(data[:size])
        assert read_weights(path) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ta", "அவன் வீட்டிற்குச் சென்றான். பிறகு தூங்கினான்; விலகி இருக்கும்போது வெப்பத்தையும் தந்தாள்."),
        ("fr", "L'ami du roi est venu. Qu'y a-t-il… d'autre ? Rien au monde, dit-il : «non»."),
        ("kk", "Ол үйге барды. Содан кейін 10 000 адам ұйықтады!"),
    ],
)
def test_models_of_many_languages_give_what_udpipe_gives(
    udpipe_models: dict[str, Path], language: str, text: str
) -> None:
    tokenizer = UdpipeTokenizer(str(udpipe_models[language]))
    paragraphs = [text, text[10:], text * 9, text[:30]]
    assert tokenizer._batched is not None
    assert tokenizer.split(paragraphs) == by_udpipe(tokenizer, paragraphs)


def test_multiword_tokens_are_kept_or_split(udpipe_models: dict[str, Path]) -> None:
    model = str(udpipe_models["fr"])
    text = "Le vent du nord souffle aux portes."
    kept = UdpipeTokenizer(model)
    assert kept.split([text]) == [["Le vent du nord souffle aux portes ."]]
    assert by_udpipe(kept, [text]) == kept.split([text])
    split = UdpipeTokenizer(model, splits_multiwords=True).split([text])
    assert split == [["Le vent de le nord souffle à les portes ."]]


def test_model_comes_from_path_then_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    given_file = tmp_path / "mine.udpipe"
    given_file.write_bytes(b"x")
    assert find_model("de", given_file) == given_file
    cached = tmp_path / "x2static" / "udpipe" / model_name("de")
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"x")
    assert find_model("de-AT", None) == cached
    with pytest.raises(WorkbenchError, match="no such file"):
        find_model("de", tmp_path / "nothing")


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a spacy-udpipe without models."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    real = model_module._package_folder()
    package = tmp_path / "package"
    package.mkdir()
    (package / "languages.json").write_bytes((real / "languages.json").read_bytes())
    monkeypatch.setattr(model_module, "_package_folder", lambda: package)
    utils = ModuleType("spacy_udpipe.utils")  # the real one would load spaCy, which takes seconds
    utils.BASE_URL = "https://models.example"  # type: ignore[attr-defined]
    assert "BASE_URL = " in (real / "utils.py").read_text(encoding="utf-8")
    monkeypatch.setitem(sys.modules, "spacy_udpipe", ModuleType("spacy_udpipe"))
    monkeypatch.setitem(sys.modules, "spacy_udpipe.utils", utils)
    return tmp_path / "x2static" / "udpipe"


def test_without_network_the_error_names_the_ways_out(
    no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(WorkbenchError) as caught:
        find_model("de", None)
    message = str(caught.value)
    assert "\n" not in message
    assert "no route to host" in message
    for way in ("--udpipe-model FILE", "on another machine", str(no_models), "--tokenizer icu"):
        assert way in message


class _Answer:
    """What urlopen gives."""

    def __init__(self, data: bytes, promised: int) -> None:
        self.headers = {"Content-Length": str(promised)}
        self._data = data

    def read(self, _size: int = -1) -> bytes:
        data, self._data = self._data, b""
        return data

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("promised", [4, 9])
def test_a_download_is_kept_only_when_whole(
    no_models: Path, monkeypatch: pytest.MonkeyPatch, promised: int
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: _Answer(b"abcd", promised))
    if promised == 4:
        assert find_model("de", None).read_bytes() == b"abcd"
    else:
        with pytest.raises(WorkbenchError, match="got 4 of 9 bytes"):
            find_model("de", None)
        assert not list(no_models.glob("*"))


def test_a_language_without_model_is_named() -> None:
    with pytest.raises(WorkbenchError, match="no UDPipe model for 'rw'"):
        model_name("rw")


@pytest.mark.parametrize(("tokenizer", "falls_back"), [("auto", True), ("udpipe", False)])
def test_without_a_model_icu_cuts_the_text_with_one_warning(
    tokenizer: str, falls_back: bool, no_models: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    config = PrepareConfig(
        language="de",
        input="x",
        output=tmp_path / "y",
        tokenizer=tokenizer,  # type: ignore[arg-type]
    )
    if not falls_back:
        with pytest.raises(WorkbenchError, match="--tokenizer icu"):
            plan_tokenizer(config)
        return
    assert plan_tokenizer(config) == TokenizerPlan(name="icu", language="de")
    said = capsys.readouterr().err.splitlines()
    (line,) = (line for line in said if line.startswith("warning: "))
    assert line.startswith("warning: no UDPipe model for 'de', and https://models.example/german")
    assert line.endswith("ICU cuts the text instead (--tokenizer udpipe insists)")


def test_a_model_that_was_named_is_no_choice(tmp_path: Path) -> None:
    config = PrepareConfig(
        language="de", input="x", output=tmp_path / "y", udpipe_model=tmp_path / "none"
    )
    with pytest.raises(WorkbenchError, match="no such file"):
        plan_tokenizer(config)


def test_the_address_of_a_model_is_known_without_loading_spacy(
    no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = model_module._package_folder() / "utils.py"
    source.write_text('import json\n\nBASE_URL = "https://elsewhere.example/x"  # noqa\n')
    monkeypatch.setitem(sys.modules, "spacy_udpipe.utils", None)  # importing it would fail
    assert model_module.model_url("a.udpipe") == "https://elsewhere.example/x/a.udpipe"

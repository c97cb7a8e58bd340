"""Two small languages as files, and the flags of ``align`` for them."""

from __future__ import annotations

import pytest

from tests.align.planted import plant
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


@pytest.fixture
def make_world(rng, tmp_path):
    """Two languages as files, with dictionaries; some words are numerals, spelled alike."""

    def make(noise, same_every):
        planted = plant(rng, size=400, width=12, noise=noise)
        source = [f"q{i}" for i in range(400)]
        target = [""] * 400
        for i, j in enumerate(planted.translation):
            target[j] = f"w{i}"
        for i in range(0, 400, same_every):
            source[i] = target[planted.translation[i]] = str(1000 + i)
        write_vectors(WordVectors(source, planted.source), tmp_path / "de.vec", "word2vec")
        write_vectors(WordVectors(target, planted.target), tmp_path / "en.vec", "word2vec")
        lines = [f"{source[i]} {target[planted.translation[i]]}\n" for i in range(400)]
        for name, part in (("train", lines[:200]), ("test", lines[200:]), ("few", lines[:16])):
            (tmp_path / f"{name}.txt").write_text("".join(part))
        return planted

    return make


@pytest.fixture
def world(make_world):
    """Languages that are all but rotations of each other."""
    return make_world(noise=0.1, same_every=5)


@pytest.fixture
def flags(tmp_path):
    def make(**more):
        names = {
            "source": "de.vec",
            "target": "en.vec",
            "output_source": "out.de",
            "output_target": "out.en",
        }
        given = {key: tmp_path / name for key, name in names.items()}
        given.update(more)
        words = []
        for key, value in given.items():
            words += ["--" + key.replace("_", "-"), *([value] if value is not True else [])]
        return words

    return make

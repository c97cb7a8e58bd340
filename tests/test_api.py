"""``import x2static`` in a notebook: commands as functions, things in memory as well as files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import x2static
from tests.teachers import WORDS, save_teacher
from x2static.core.errors import ConfigError, WorkbenchError
from x2static.core.hand_over import HandOver


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_teacher(tmp_path_factory.mktemp("teacher") / "xlmr")


@pytest.fixture
def sentences(rng: np.random.Generator) -> list[str]:
    return [" ".join(rng.choice(WORDS, size=8)) for _ in range(60)]


@pytest.fixture
def pair(rng: np.random.Generator) -> tuple[x2static.WordVectors, x2static.WordVectors]:
    """A space and its rotation, words of the second in upper case."""
    words = [f"word{place}" for place in range(60)]
    matrix = rng.standard_normal((60, 6)).astype(np.float32)
    rotation = np.linalg.qr(rng.standard_normal((6, 6)))[0].astype(np.float32)
    turned = x2static.WordVectors([word.upper() for word in words], matrix @ rotation)
    return x2static.WordVectors(words, matrix), turned


def unit_rows(vectors: x2static.WordVectors) -> np.ndarray:
    return vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)


def test_importing_the_package_loads_neither_torch_nor_numpy() -> None:
    code = "import sys, x2static; print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_every_name_is_there_and_a_wrong_one_is_not() -> None:
    assert set(x2static.__all__) <= set(dir(x2static))
    for name in x2static.__all__:
        assert getattr(x2static, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'distil'"):
        x2static.distil  # noqa: B018


def test_distilling_sentences_gives_what_the_command_gives(
    tmp_path: Path, run_cli, teacher: Path, sentences: list[str]
) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    found = x2static.distill(sentences, teacher=teacher, min_count=1, device="cpu")
    code, _, err = run_cli(
        "distill", "--corpus", corpus, "--teacher", teacher, "--output", tmp_path / "v",
        "--min-count", 1, "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    expected = x2static.read_vectors(tmp_path / "v")
    assert list(found.words) == list(expected.words)
    assert found.matrix.tobytes() == expected.matrix.tobytes()


def test_presets_and_an_output_folder(tmp_path: Path, teacher: Path, sentences: list[str]) -> None:
    found = x2static.distill(
        iter(sentences), teacher=teacher, output=tmp_path / "v", preset="paper", min_count=1
    )
    assert (tmp_path / "v" / "run.json").exists()
    assert '"solver": "sampled"' in (tmp_path / "v" / "run.json").read_text()
    assert len(found) == len(set(" ".join(sentences).split()))


def test_preparing_paragraphs() -> None:
    found = x2static.prepare(
        ["Ein Satz. Noch ein Satz."], "de", tokenizer="icu", min_tokens=1, workers=1
    )
    assert found == ["Ein Satz .", "Noch ein Satz ."]


@pytest.mark.parametrize("kind", ["vectors", "tuple", "file"])
def test_aligning_in_memory_undoes_a_rotation(tmp_path: Path, pair, kind: str) -> None:
    source, target = pair
    pairs = {word: word.upper() for word in source.words[:30]}
    given = {
        "vectors": source,
        "tuple": (source.words, source.matrix),
        "file": tmp_path / "source.vec",
    }[kind]
    x2static.write_vectors(source, tmp_path / "source.vec", "word2vec")
    mapped, other = x2static.align(given, target, pairs, preset="emnlp2016")
    unit = [
        side.matrix / np.linalg.norm(side.matrix, axis=1, keepdims=True) for side in (mapped, other)
    ]
    np.testing.assert_allclose(unit[0], unit[1], atol=1e-3)
    (row,) = x2static.bli(mapped, other, [(word, word.upper()) for word in source.words[30:]])
    assert row["p@1"] == 1.0


def test_many_languages_come_into_one_space(pair) -> None:
    target, source = pair
    spokes = {"one": source, "two": (source.words, source.matrix[:, ::-1])}
    pairs = {word.upper(): word for word in target.words[:40]}
    found = x2static.align_hub(target, spokes, {"one": pairs, "two": list(pairs.items())},
                               method="orthogonal", choice="aligned")  # fmt: skip
    assert list(found) == ["one", "two"]
    for mapped in found.values():
        (row,) = x2static.bli(mapped, target, [(w.upper(), w) for w in target.words[40:]])
        assert row["p@1"] == 1.0
    with pytest.raises(ConfigError, match="lexicons: none for 'two'"):
        x2static.align_hub(target, spokes, {"one": pairs})


def test_lines_name_what_was_given_not_where_it_lay(pair, capsys: pytest.CaptureFixture) -> None:
    target, source = pair
    pairs = [(word, word.lower()) for word in source.words[:40]]
    (row,) = x2static.bli(source, target, pairs)
    assert (row["source"], row["target"], row["lexicon"]) == ("source", "target", "pairs")
    (row,) = x2static.bli(source, source, [(word, word) for word in source.words])
    x2static.align_hub(target, {"de": source}, {"de": pairs})
    with pytest.raises(WorkbenchError, match="^pairs: "):
        x2static.align(source, target, [("one", "two")])
    with pytest.raises(WorkbenchError, match="^source is 5 wide|^source .*5"):
        x2static.align((source.words, source.matrix[:, :5]), target, pairs)
    said = capsys.readouterr().err
    assert "source → target (pairs): " in said
    assert tempfile.gettempdir() not in said


def test_two_things_of_one_part_are_told_apart() -> None:
    with HandOver() as desk:
        paths = [desk.pairs([("one", word)]) for word in ("eins", "zwei")]
        assert [path.name for path in paths] == ["pairs", "pairs-2"]
        assert paths[0].read_text() == "one\teins\n"


def test_gensim_vectors_come_in(pair) -> None:
    keyed_vectors = pytest.importorskip("gensim.models").KeyedVectors
    source, target = pair
    keyed = keyed_vectors(vector_size=6)
    keyed.add_vectors(list(source.words), source.matrix)
    mapped, _ = x2static.align(keyed, target, {word: word.upper() for word in source.words})
    assert list(mapped.words) == list(source.words)


def test_retrieval_of_sentences_in_memory(pair) -> None:
    source, _ = pair
    texts = [" ".join(source.words[place : place + 4]) for place in range(0, 40, 4)]
    rows = x2static.retrieval(
        texts, [text.upper() for text in texts], vectors=(source, source), case="lower"
    )
    assert [row["accuracy"] for row in rows] == [1.0, 1.0]


def test_similarity(tmp_path: Path, pair) -> None:
    source, _ = pair
    unit = unit_rows(source)
    lines = [f"word{i}\tword{i + 1}\t{unit[i] @ unit[i + 1]}" for i in range(20)]
    (tmp_path / "set.tsv").write_text("\n".join(lines) + "\n")
    (row,) = x2static.similarity(source, tmp_path / "set.tsv")
    assert row["spearman"] == pytest.approx(1.0)


def test_pretraining_by_language(tmp_path: Path, teacher: Path, sentences: list[str]) -> None:
    folder = x2static.pretrain(
        {"en": sentences, "de": sentences[::-1]},
        output=tmp_path / "model",
        loss="none",
        steps=2,
        from_scratch="layers=1,width=16,heads=2,inner=16,vocabulary=60",
        mlm_batch=4,
        block=16,
        validation_sequences=4,
    )
    assert (folder / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: x2static.align("a", "b", presett="tuned"), "unknown setting 'presett'; did you"),
        (lambda: x2static.distill(["a\nb"]), "sentence 0: expected one line of text"),
        (lambda: x2static.bli("a", "b", [("one", "two\tthree")]), "pair 0: expected two words"),
        (lambda: x2static.align(3, "b"), "expected a path, WordVectors"),
        (lambda: x2static.read_vectors("nowhere.vec"), "no such file"),
    ],
)
def test_mistakes_are_one_line(call, why: str) -> None:
    with pytest.raises(WorkbenchError, match=why) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConfigError) or "nowhere" in str(caught.value)


def test_vectors_look_words_up_and_show_themselves_in_a_line(pair) -> None:
    vectors, _ = pair
    assert repr(vectors) == "<WordVectors: 60 words x 6 (word0, word1, word2, ...)>"
    cosines = unit_rows(vectors) @ unit_rows(vectors)[7]
    expected = [vectors.words[row] for row in np.argsort(-cosines) if row != 7][:4]
    found = vectors.most_similar("word7", 4)
    assert [word for word, _ in found] == expected
    assert [cosine for _, cosine in found] == pytest.approx(
        sorted(cosines, reverse=True)[1:5], abs=1e-6
    )
    with pytest.raises(KeyError):
        vectors.most_similar("nothing")


def test_vectors_are_float32_whatever_they_were_made_of() -> None:
    made = x2static.WordVectors(["a", "b"], np.eye(2))
    assert made.matrix.dtype == np.float32


def test_vectors_go_to_gensim_and_come_back(pair) -> None:
    pytest.importorskip("gensim")
    vectors, other = pair
    counted = x2static.WordVectors(vectors.words, vectors.matrix, np.arange(60, 0, -1))
    there = counted.to_gensim()
    assert there.index_to_key == list(vectors.words)
    np.testing.assert_array_equal(there["word5"], vectors["word5"])
    assert there.get_vecattr("word0", "count") == 60
    assert there.most_similar("word7", topn=3)[0][0] == vectors.most_similar("word7")[0][0]
    lexicon = [(f"word{i}", f"WORD{i}") for i in range(40)]
    mapped, _ = x2static.align(there, other.to_gensim(), lexicon, preset="supervised")
    assert len(mapped) == 60


def test_sentences_may_be_lists_of_tokens(teacher: Path, sentences: list[str]) -> None:
    settings = {"teacher": teacher, "layer": 1, "min_count": 1, "device": "cpu"}
    whole = x2static.distill(sentences, **settings)
    parted = x2static.distill([line.split() for line in sentences], **settings)
    np.testing.assert_array_equal(parted.matrix, whole.matrix)
    with pytest.raises(ConfigError, match="sentence 0: expected one line of text"):
        x2static.distill([["a", 3]], **settings)


@pytest.mark.parametrize("preset", [
    "supervised", "semi-supervised", "aaai2018", "acl2017-seed", "emnlp2016", "rcsls", "bootstrap",
    "semi-bootstrap", "tuned",
])  # fmt: skip
def test_every_preset_that_learns_from_pairs_takes_arrays(pair, preset: str) -> None:
    source, target = ((side.words, side.matrix.astype(np.float64)) for side in pair)
    pairs = [(f"word{i}", f"WORD{i}") for i in range(50)]
    settings = {"patience": 2, "keep_initial": 0.5, "agreement_runs": 0, "accept_failure": True}
    if preset in ("rcsls", "tuned", "bootstrap", "supervised", "aaai2018", "emnlp2016"):
        settings = {}
    mapped, mapped_target = x2static.align(source, target, pairs, preset=preset, **settings)
    (row,) = x2static.bli(mapped, mapped_target, pairs, index="exact")
    assert row["p@1"] > 0.9

"""Sentence retrieval: hand-worked vectors, and a tiny transformer against transformers itself."""

import json

import numpy as np
import pytest

from eval.lookup import Lookup
from eval.retrieval.config import RetrievalConfig
from eval.retrieval.score import score_retrieval
from eval.retrieval.stage import retrieval
from eval.retrieval.static_sentences import StaticEncoder, sif_weights, without_first_component
from tests.teachers import roberta_like
from x2static.core.errors import ConfigError, DatasetError
from x2static.core.scores.intervals import share_interval
from x2static.core.text.bitext import read_sentences
from x2static.core.vectors import WordVectors

DE = ["das Haus ist rot .", "ein Hund bellt laut", "wir lesen ein Buch", "es regnet"]
EN = ["the house is red .", "a dog barks loudly", "we read a book", "it rains"]


def vectors_of(counts=None, **rows):
    matrix = np.array(list(rows.values()), dtype=np.float32)
    return WordVectors(list(rows), matrix, counts)


def encoder_of(vectors, sif=False):
    return StaticEncoder(vectors, Lookup(vectors, "auto", "skip"), sif=sif)


def test_accuracy_by_hand():
    source = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=np.float32)
    target = np.array([[2, 0], [1, 0.1], [5, 5], [1, 2]], dtype=np.float32)
    # row 0 finds 0; row 1 finds row 3; row 2 finds 2; row 3 has no vector
    score = score_retrieval(source, target)
    interval = {"accuracy": share_interval(0.5, 4)}
    figures = {"sentences": 4, "coverage": 0.75, "accuracy": 0.5, "found": "1010"}
    assert score.as_row() == {**figures, "interval_95": interval}


def test_zero_vectors_are_never_right():
    zeros = np.zeros((1, 3), dtype=np.float32)
    assert score_retrieval(zeros, zeros).right == 0


def test_equal_sentences_go_to_the_first_line():
    rows = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert score_retrieval(rows, rows).right == 2


def test_csls_relieves_a_hub():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6)).astype(np.float32)
    x += 0.8
    z = x + 0.5 * rng.normal(size=x.shape).astype(np.float32)
    z[0] = x.mean(axis=0)
    cosine = (x / np.linalg.norm(x, axis=1)[:, None]) @ (z / np.linalg.norm(z, axis=1)[:, None]).T
    csls = 2 * cosine - np.sort(cosine, axis=0)[-10:].mean(axis=0)
    assert score_retrieval(x, z).right == (cosine.argmax(axis=1) == np.arange(40)).sum()
    assert score_retrieval(x, z, "csls").right == (csls.argmax(axis=1) == np.arange(40)).sum()
    assert score_retrieval(x, z, "csls").right > score_retrieval(x, z).right


def test_static_average_of_unit_vectors():
    encoder = encoder_of(vectors_of(cat=(2, 0), dog=(0, 5), **{".": (1, 0)}))
    rows = encoder.encode(["Cat dog", "cat dog.", "none known", ""])
    np.testing.assert_allclose(rows, [[0.5, 0.5], [2 / 3, 1 / 3], [0, 0], [0, 0]], atol=1e-6)


def test_unspaced_scripts_are_cut_by_the_longest_known_words():
    vectors = vectors_of(東京=(1, 0, 0), 東=(0, 1, 0), 都=(0, 0, 1))
    rows = encoder_of(vectors).encode(["東京都、東", "東京x"])
    np.testing.assert_allclose(rows[0], [1 / 3, 1 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(rows[1], [1, 0, 0], atol=1e-6)


def test_sif_weights_by_hand():
    counted = vectors_of(np.array([999, 1], dtype=np.int64), the=(1, 0), cat=(0, 1))
    np.testing.assert_allclose(sif_weights(counted), [1e-3 / 1.0, 0.5], rtol=1e-9)
    ranked = sif_weights(vectors_of(the=(1, 0), cat=(0, 1)))  # shares 2/3 and 1/3
    np.testing.assert_allclose(ranked, [1e-3 / (1e-3 + 2 / 3), 1e-3 / (1e-3 + 1 / 3)])


def test_first_component_is_gone():
    rng = np.random.default_rng(1)
    matrix = (rng.normal(size=(30, 5)) + 9 * np.eye(5)[0]).astype(np.float32)
    rest = without_first_component(matrix)
    first = np.linalg.svd(matrix.astype(np.float64))[2][0]
    np.testing.assert_allclose(rest @ first, 0, atol=1e-4)
    np.testing.assert_allclose(rest, matrix - np.outer(matrix @ first, first), atol=1e-4)


def write_lines(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_line_ends_do_not_count(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes("\ufeffein Satz\r\nnoch einer\u2028hier\r\n\r\n".encode())
    assert read_sentences(path) == ["ein Satz", "noch einer\u2028hier"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("", "empty"), ("a\n\nb\n", ":2: empty line"), ("\na\n", ":1: empty line")],
)
def test_files_that_cannot_be_aligned(tmp_path, content, complaint):
    path = tmp_path / "x.txt"
    path.write_text(content)
    with pytest.raises(DatasetError, match=complaint):
        read_sentences(path)


def test_settings_that_make_no_sense(tmp_path):
    one = {"source": (tmp_path,), "target": (tmp_path,)}
    for options, complaint in (
        ({}, "either --model"),
        ({"model": "x", "vectors": (tmp_path, tmp_path)}, "either --model"),
        ({"vectors": (tmp_path,)}, "two files"),
        ({"model": "x", "csls": 0}, "--csls"),
    ):
        with pytest.raises(ConfigError, match=complaint):
            RetrievalConfig(**one, **options)
    with pytest.raises(ConfigError, match="pair them up"):
        RetrievalConfig(source=(tmp_path,), target=(), model="x")


def test_static_stage(tmp_path, run_cli):
    words = {"haus": "house", "rot": "red", "hund": "dog", "buch": "book", "regnet": "rains"}
    for name, some in (("de.vec", words), ("en.vec", words.values())):
        rows = [f"{w} " + " ".join("1" if i == j else "0" for j in range(5))
                for i, w in enumerate(some)]  # fmt: skip
        write_lines(tmp_path / name, [f"{len(rows)} 5", *rows])
    de, en = write_lines(tmp_path / "s.de", DE), write_lines(tmp_path / "s.en", EN)
    code, _, error = run_cli(
        "eval", "retrieval", "--source", de, "--target", en, "--method", "nn", "csls",
        "--vectors", tmp_path / "de.vec", tmp_path / "en.vec", "--json", tmp_path / "o.json",
    )  # fmt: skip
    assert code == 0
    content = json.loads((tmp_path / "o.json").read_text())
    assert error == "".join(f"warning: {line}\n" for line in content["warnings"])
    assert [line.split(", ")[0] for line in content["warnings"]] == [
        "s.de → s.en: 4 sentences", "s.en → s.de: 4 sentences",
    ]  # fmt: skip
    rows = json.loads((tmp_path / "o.json").read_text())["rows"]
    assert [(row["source"][-2:], row["method"]) for row in rows] == [
        ("de", "nn"),
        ("en", "nn"),
        ("de", "csls"),
        ("en", "csls"),
    ]
    assert all(row["accuracy"] == row["coverage"] == 1 for row in rows)
    write_lines(tmp_path / "short", EN[:3])
    code, _, error = run_cli(
        "eval", "retrieval", "--source", de, "--target", tmp_path / "short",
        "--vectors", tmp_path / "de.vec", tmp_path / "en.vec",
    )  # fmt: skip
    assert code == 2
    assert "4 sentences" in error


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """An XLM-R of random weights with a real, if small, tokenizer."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    inner = Tokenizer(models.Unigram())
    inner.normalizer = normalizers.NFKC()
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    inner.train_from_iterator(
        [*DE, *EN] * 5,
        trainers.UnigramTrainer(vocab_size=90, special_tokens=specials, unk_token="<unk>"),
    )
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer = roberta_like(inner, longest=62)
    torch.manual_seed(0)
    model = transformers.XLMRobertaModel(
        transformers.XLMRobertaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
        )
    )
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def oracle_rows(folder, sentences, layer, specials, limit=62):
    """Each sentence alone, through the library's own tokenizer and full model."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    rows = []
    for sentence in sentences:
        given = tokenizer(sentence, return_tensors="pt", truncation=True, max_length=limit)
        given.pop("token_type_ids", None)
        with torch.no_grad():
            states = model(**given, output_hidden_states=True).hidden_states[layer][0]
        rows.append((states if specials else states[1:-1]).mean(dim=0).numpy())
    return np.array(rows)


@pytest.mark.parametrize("specials", [True, False])
@pytest.mark.parametrize("batch_pieces", [20, 8192])
def test_transformer_rows_equal_one_by_one(tiny_model, specials, batch_pieces):
    from x2static.teacher import load_teacher
    from x2static.teacher.sentences import SentenceEncoder

    sentences = [*DE, "ein  Hund,  bellt", EN[0] * 30, "Haus"]
    teacher = load_teacher(str(tiny_model), 2, "cpu", "fp32")
    encoder = SentenceEncoder(teacher, specials=specials, max_pieces=512, batch_pieces=batch_pieces)
    expected = oracle_rows(tiny_model, sentences, 2, specials)
    np.testing.assert_allclose(encoder.encode(sentences), expected, atol=2e-6)


def test_sentences_that_are_cut_are_counted_and_said(tiny_model, tmp_path, capsys):
    long = EN[0] * 30  # more than the 62 pieces that this model reads
    de = write_lines(tmp_path / "s.de", DE)
    en = write_lines(tmp_path / "s.en", [long, *EN[1:-1], long])
    config = RetrievalConfig(source=(de,), target=(en,), model=str(tiny_model), layer=2)
    rows = retrieval(config).data["rows"]
    assert [row["sentences_cut"] for row in rows] == [2, 2]
    assert f"{en}: 2 of {len(EN)} sentences are longer than the model reads" in (
        capsys.readouterr().err
    )
    short = RetrievalConfig(source=(de,), target=(de,), model=str(tiny_model), layer=2)
    assert [row["sentences_cut"] for row in retrieval(short).data["rows"]] == [0, 0]
    assert "cut" not in capsys.readouterr().err


def test_transformer_stage(tiny_model, tmp_path):
    de, en = write_lines(tmp_path / "s.de", DE), write_lines(tmp_path / "s.en", EN)
    config = RetrievalConfig(source=(de,), target=(en,), model=str(tiny_model), layer=2)
    forward, backward = retrieval(config).data["rows"]
    x, z = (oracle_rows(tiny_model, some, 2, True) for some in (DE, EN))
    x, z = (m / np.linalg.norm(m, axis=1)[:, None] for m in (x, z))
    assert forward["accuracy"] == ((x @ z.T).argmax(axis=1) == np.arange(4)).mean()
    assert backward["accuracy"] == ((z @ x.T).argmax(axis=1) == np.arange(4)).mean()
    same = RetrievalConfig(source=(de,), target=(de,), model=str(tiny_model), layer=3)
    assert retrieval(same).data["average"]["accuracy"] == 1
    with pytest.raises(ConfigError, match="--layer 7"):
        retrieval(RetrievalConfig(source=(de,), target=(en,), model=str(tiny_model), layer=7))


def test_the_layer_follows_the_model_unless_it_is_named(tiny_model, tmp_path):
    en = write_lines(tmp_path / "s.en", EN)

    def layer_of(**more):
        config = RetrievalConfig(source=(en,), target=(en,), model=str(tiny_model), **more)
        return retrieval(config).data["run"]["settings"]["layer"]

    assert layer_of() == 2  # 7 of 12, of three layers
    assert layer_of(layer=3) == 3
    (tiny_model / "modules.json").write_text("[]")
    try:
        assert layer_of() == -1  # a sentence encoder is read at its last
    finally:
        (tiny_model / "modules.json").unlink()


def test_the_weights_of_an_export_come_from_the_words_alone(run_cli, tmp_path, refuses):
    from x2static.core.formats.many_languages import sentence_rows
    from x2static.core.vector_file import write_vectors

    rng = np.random.default_rng(5)
    words = [f"w{n}" for n in range(40)]
    vectors = WordVectors(words, rng.standard_normal((40, 6)).astype(np.float32) + 1)
    write_vectors(vectors, tmp_path / "v", "safetensors")
    lines = [" ".join(rng.choice(words, 4)) for _ in range(20)]
    for name in ("s.txt", "t.txt"):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    rows = sentence_rows(vectors)
    encoder = StaticEncoder(vectors, Lookup(vectors, "auto", "skip"), sif=False, rows=rows)
    one, many = encoder.encode(lines[:1]), encoder.encode(lines)
    np.testing.assert_allclose(one[0], many[0], rtol=1e-6)  # no other sentence has a part in it
    chosen = [words.index(word) for word in lines[0].split()]
    np.testing.assert_allclose(one[0], rows[chosen].mean(axis=0), rtol=1e-4, atol=1e-7)
    command = ("eval", "retrieval", "--source", tmp_path / "s.txt", "--target", tmp_path / "t.txt",
               "--vectors", tmp_path / "v", tmp_path / "v", "--component", "words")  # fmt: skip
    assert run_cli(*command, "--sif")[0] == 0
    refuses("--component words is a part of SIF", *command)

"""``eval tagging``, ``eval qa``, ``eval retrieval``: numbers and data that cannot be meant."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.eval.downstream_pieces import squad_text, tagged_text
from tests.hostile.case import HUGE, Case, Content, numbers
from tests.hostile.models import model, without
from tests.hostile.parts import SENTENCES, deep_json, folder, gz, vec

TAGGING = "eval tagging --model m --train t.tsv --test de=s.tsv --device cpu"
QA = "eval qa --model m --train t.json --test de=s.json --device cpu"
RETRIEVAL = "eval retrieval --source a.txt --target b.txt --model m --layer 1 --device cpu"
STATIC = "eval retrieval --source a.txt --target b.txt --vectors a.vec b.vec"
TAGS: dict[str, Content] = {"t.tsv": tagged_text(8), "s.tsv": tagged_text(2), "m": model("bert")}
ASKED: dict[str, Content] = {"t.json": squad_text(4), "s.json": squad_text(2), "m": model("bert")}
PAIRED: dict[str, Content] = {"a.txt": SENTENCES, "b.txt": SENTENCES, "m": model("bert")}
THE = ("the", "cat", "dog")
SPACES: dict[str, Content] = {**PAIRED, "a.vec": vec(THE), "b.vec": vec(THE)}
SHARED: dict[str, tuple[object, ...]] = {
    "--seeds": (0, -1), "--seed": (-1, HUGE), "--learning-rate": (0, -1, "nan", "inf", 1e30),
    "--epochs": (0,), "--batch": (0,), "--warmup": (-1,), "--weight-decay": (-1, "nan", 1e30),
    "--max-pieces": (0, 7), "--max-train": (-1,), "--max-test": (-1,), "--batch-pieces": (0,),
}  # fmt: skip


def bad(kind: str, name: str, files: Mapping[str, Content], line: str, more: str = "") -> Case:
    """Files that a command cannot use."""
    command, sound = {
        "tagging": (TAGGING, TAGS),
        "qa": (QA, ASKED),
        "retrieval": (RETRIEVAL, PAIRED),
        "static": (STATIC, SPACES),
    }[kind]
    return Case(
        name=f"{kind}-{name}", command=f"{command} {more}", files={**sound, **files}, line=line
    )


def squad(**entry: object) -> str:
    """A file of one question with odd fields."""
    qas = [{"id": "q", "question": "who", "answers": [{"text": "cat", "answer_start": 4}], **entry}]
    return json.dumps({"data": [{"paragraphs": [{"context": "the cat sat", "qas": qas}]}]})


CASES = [
    *numbers("tagging", TAGGING, {}, SHARED),
    *numbers("qa", QA, {}, {**SHARED, "--stride": (0, -1), "--max-question": (0,), "--max-answer": (0,)}),
    *numbers("retrieval", RETRIEVAL, {}, {"--csls": (0, -1), "--max-pieces": (0, 2), "--batch-pieces": (0,), "--max-vocabulary": (-1,)}),
    *[bad("retrieval", f"layer={layer}", {}, f"--layer {layer}: this teacher has 4 layers", f"--layer {layer}")
      for layer in (5, -6, 2**60)],
    bad("tagging", "train-empty", {"t.tsv": ""}, "t.tsv: "),
    bad("tagging", "train-latin-1", {"t.tsv": b"caf\xe9\tNOUN\n"}, "t.tsv:1: .*not UTF-8"),
    bad("tagging", "train-one-column", {"t.tsv": "cat\ndog\n"}, "t.tsv:1: "),
    bad("tagging", "train-folder", {"t.tsv": folder}, "t.tsv: "),
    bad("tagging", "test-empty", {"s.tsv": ""}, "s.tsv: "),
    bad("tagging", "test-unseen-tag", {"s.tsv": "cat\tMYSTERY\n"}, "s.tsv: tags MYSTERY"),
    bad("tagging", "dev-is-gone", {}, "d.tsv: [Nn]o such file", "--dev d.tsv"),
    bad("tagging", "no-entities", {}, "t.tsv: .*mark no entities", "--metric entities"),
    bad("tagging", "no-language", {}, "--languages fi: no test data", "--languages fi"),
    bad("tagging", "keep-models-nowhere", {}, "--keep-models needs --output", "--keep-models"),
    bad("tagging", "output-is-a-file", {"out": "mine"}, "out", "--output out"),
    bad("tagging", "output-is-somebodys", {"out/mine.txt": "mine"}, "no earlier run made", "--output out --overwrite"),
    bad("tagging", "weights-lack-with-output", {"m": without("*.safetensors", "bert")}, "cannot be loaded", "--output out"),
    bad("tagging", "layers-lack-with-output", {"m": model("bert", num_hidden_layers=6)}, "do not fit its config", "--output out"),
    *(
        bad("tagging", f"train-{name}", {"u.tsv": tagged_text(3), "n.tsv": "cat\tB-PER\n"}, line, f"--train {words}")
        for name, words, line in (
            ("two-without-languages", "t.tsv u.tsv", "--train t.tsv: several files need their languages"),
            ("language-twice", "en=t.tsv en=u.tsv", "--train en=u.tsv: the language is named twice"),
            ("one-is-gone", "en=t.tsv de=gone.tsv", "gone.tsv: [Nn]o such file"),
            ("unknown-code", "en=t.tsv qq=u.tsv", "--train: unknown code 'qq'"),
            ("name-for-code", "en=t.tsv german=u.tsv", "--train: use the code 'de'"),
            ("empty-name", "en=t.tsv de=", "--train de=: no file is named"),
            ("and-a-language", "de=t.tsv --train-language en", "--train-language en: --train names"),
            ("one-file-for-two", "en=t.tsv de=t.tsv", "t.tsv is given for en and for de"),
            ("entities-and-tags", "en=t.tsv de=n.tsv", "n.tsv has entities .*t.tsv has none"),
        )
    ),
    bad("qa", "train-empty", {"t.json": ""}, "t.json: not JSON"),
    bad("qa", "train-list", {"t.json": "[]"}, "t.json: no list 'data'"),
    bad("qa", "train-deep", {"t.json": deep_json()}, "t.json: not JSON"),
    bad("qa", "test-deep", {"s.json": '{"data": ' + deep_json() + "}"}, "s.json: not JSON"),
    bad("qa", "train-latin-1", {"t.json": b'{"data": "\xe9"}'}, "t.json: not UTF-8"),
    bad("qa", "train-cut-off", {"t.json": squad_text(4)[:-20]}, "t.json: not JSON"),
    bad("qa", "train-no-question", {"t.json": '{"data": []}'}, "t.json: no question"),
    bad("qa", "train-number-of-5000-digits", {"t.json": '{"data": 1' + "0" * 5000 + "}"}, "t.json: not JSON"),
    bad("qa", "gzip-cut-off", {"t.json.gz": gz(squad_text(4), cut=9)}, "t.json.gz: damaged gzip", "--train t.json.gz"),
    bad("qa", "id-is-a-number", {"t.json": squad(id=3)}, r"t.json: .*qas\[0\] has no 'id' of type str"),
    bad("qa", "answers-are-a-number", {"t.json": squad(answers=3)}, "t.json: not SQuAD"),
    bad("qa", "answer-elsewhere", {"t.json": squad(answers=[{"text": "dog", "answer_start": 0}])}, "t.json: .*is not in its context"),
    bad("qa", "answer-before-the-start", {"t.json": squad(answers=[{"text": "cat", "answer_start": -7}])}, "t.json: .*is not in its context"),
    bad("qa", "answers-hidden", {"s.json": squad(answers=[])}, "s.json: all 1 answers are empty"),
    bad("qa", "mlqa-without-rules", {"s.json": squad()}, "MLQA's metric has no rules for language sw", "--test sw=s.json --metric mlqa"),
    bad("retrieval", "lengths-differ", {"b.txt": "one\n"}, "a.txt: 3 sentences, b.txt: 1"),
    bad("retrieval", "empty", {"a.txt": ""}, "a.txt: empty"),
    bad("retrieval", "blank-line", {"a.txt": "one\n\ntwo\n"}, "a.txt:2: empty line"),
    bad("retrieval", "latin-1", {"a.txt": b"caf\xe9\n"}, "a.txt:1: .*not UTF-8"),
    bad("retrieval", "gone", {}, "c.txt: [Nn]o such file", "--source c.txt"),
    *(
        Case(name=f"retrieval-parallel-{name}", files={**SPACES, "c.txt": "one\n"}, line=line,
             command=f"eval retrieval --layer 1 --device cpu {words}")
        for name, words, line in (
            ("one-file", "--model m --parallel a.txt", "--parallel names a.txt alone"),
            ("given-twice", "--model m --parallel a.txt b.txt a.txt", "a.txt is given twice"),
            ("and-source", "--model m --parallel a.txt b.txt --source a.txt", "drop --source"),
            ("vectors", "--vectors a.vec b.vec --parallel a.txt b.txt", "--vectors is for one pair"),
            ("lengths-differ", "--model m --parallel a.txt c.txt", "a.txt: 3 sentences, c.txt: 1"),
            ("nothing", "--model m", "--source and --target, or --parallel"),
            ("margin-0", "--model m --margin 0 --parallel a.txt b.txt", "--margin must be"),
        )
    ),
    bad("static", "widths-differ", {"b.vec": vec(THE, 5)}, "widths 4 and 5"),
    bad("static", "vectors-and-model", {}, "give either --model FOLDER or --vectors", "--model m"),
    bad("static", "nan", {"b.vec": "1 2\nthe nan 1\n"}, "b.vec:2"),
]  # fmt: skip

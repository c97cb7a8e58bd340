"""``distill`` and ``pretrain``: numbers, texts and vectors that cannot be meant."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hostile.case import HUGE, Case, Content, numbers
from tests.hostile.models import model
from tests.hostile.parts import SENTENCES, fifo, folder, gz, link_to, vec

DISTILL = "distill --corpus c.txt --teacher m --min-count 1 --device cpu --output out"
PRETRAIN = "pretrain --text en=c.txt --model m --device cpu --block 16 --steps 1 --output out"
ALIGNED = f"{PRETRAIN} --vectors en=en.vec"
LATIN = "caf\xe9 noir\n".encode("latin-1")
TEACHER: dict[str, Content] = {"c.txt": SENTENCES, "m": model()}
MASKED: dict[str, Content] = {"c.txt": SENTENCES * 40, "m": model("masked")}


DISTILL_NUMBERS = numbers("distill", DISTILL, {"c.txt": SENTENCES}, {
    "--min-count": (0, -1, HUGE), "--max-vocabulary": (0, -1, "nan"), "--epochs": (3, -1),
    "--own-weight": (-1, "nan", "inf", 1e30), "--lower-weight": (-1, "nan", 1e30),
    "--mean-share": (-1, 1, "nan", 2), "--ridge": (-1, "nan", "inf", 1e30),
    "--smoothing": (-1, "nan", 1e30), "--learning-rate": (-1, "nan", "inf", 1e30),
    "--threshold": (-1, "nan"), "--negatives": (0, -1, 99999), "--negative-power": ("nan", 99, -99),
    "--batch": (0, -1), "--max-pieces": (0, 2, -1), "--max-occurrences": (-1,),
    "--token-budget": (0, -1), "--checkpoint-minutes": (-1, "nan", "inf"), "--seed": (-1, HUGE),
})  # fmt: skip
PRETRAIN_NUMBERS = numbers("pretrain", f"{PRETRAIN} --loss none", {"c.txt": SENTENCES}, {
    "--weight": (-1, "nan", "inf", 1e30), "--components": (0, -1), "--ridge": (-1, "nan", 1e30),
    "--contrast": (0, -1, "nan"), "--max-words": (0,), "--temperature": (0, 0.5, "nan", "inf"),
    "--block": (0, 3), "--mask-rate": (0, 1, -1, "nan"), "--steps": (0, -1, HUGE),
    "--mlm-batch": (0,), "--align-batch": (0, 1), "--micro-tokens": (0,),
    "--learning-rate": (-1, "nan", "inf", 1e30, 1.5), "--warmup": (-1,),
    "--weight-decay": (-1, "nan"), "--clip": (-1, "nan"), "--dropout": (-0.1, 1, "nan"),
    "--sampled-pieces": (-1,), "--validate-every": (-1,), "--validation-sequences": (-1,),
    "--validation-words": (-1,), "--log-every": (0,), "--checkpoint-minutes": (-1, "nan"),
    "--seed": (-1, HUGE), "--betas": (0.9, 1.0, "nan"),
})  # fmt: skip


def corpus(name: str, content: Content, line: str, *more: str, alone: bool = False) -> list[Case]:
    """A text that neither command can use."""
    return [
        Case(name=f"{command}-text-{name}", command=words, files={**files, "c.txt": content},
             line=line, alone=alone)
        for command, words, files in (
            ("distill", DISTILL, TEACHER), ("pretrain", f"{PRETRAIN} --loss none", MASKED),
        ) if not more or command in more
    ]  # fmt: skip


TEXTS = [
    *corpus("empty", "", "c.txt: no (sentence|text) in it"),
    *corpus("blank-lines", "\n \n\t\n", "c.txt: no (sentence|text) in it"),
    *corpus("wide-spaces", "\u3000\n\u00a0\n", "c.txt: no (sentence|text) in it"),
    *corpus("latin-1", LATIN, "c.txt:1: not UTF-8"),
    *corpus("latin-1-at-the-end", SENTENCES.encode() * 9 + LATIN, "c.txt:28: not UTF-8"),
    *corpus("utf-16", SENTENCES.encode("utf-16"), "c.txt:1: not UTF-8 .*UTF-16"),
    *corpus("gzip-cut-off", gz(SENTENCES * 99, cut=9), "c.txt: broken compressed data"),
    *corpus("gzip-of-nothing", gz(""), "c.txt: no (sentence|text) in it"),
    *corpus("folder", folder, "c.txt: not a file; x2static prepare writes one", "distill"),
    *corpus("fifo", fifo, "c.txt: not a file; x2static prepare writes one", "distill"),
    *corpus("folder", folder, "c.txt: the folder holds no file", "pretrain"),
    *corpus("fifo", fifo, "c.txt: a pipe to which nobody writes", "pretrain"),
    *corpus("dangling-link", link_to("nowhere"), "c.txt.*no such file"),
    Case(name="distill-no-corpus", command=DISTILL.replace("c.txt", "d.txt"), files=TEACHER,
         line="d.txt: no such file"),
    Case(name="pretrain-no-text", command=f"{PRETRAIN} --loss none".replace("c.txt", "d.txt"),
         files=MASKED,
         line="d.txt: no such file"),
]  # fmt: skip


def vectors(name: str, files: Mapping[str, Content], line: str, more: str = "") -> Case:
    """Vectors that ``pretrain`` cannot be aligned to."""
    return Case(
        name=f"pretrain-vectors-{name}",
        command=f"{ALIGNED} {more}",
        files={**MASKED, **files},
        line=line,
    )


THE = ("the", "cat", "dog", "mouse", "sat", "ran", "on", "under", "mat", "house")
VECTORS = [
    vectors("gone", {}, "en.vec: no such file"),
    vectors("empty", {"en.vec": ""}, "en.vec"),
    vectors("latin-1", {"en.vec": b"2 2\ncaf\xe9 1 2\nnoir 1 2\n"}, "en.vec"),
    vectors("not-numbers", {"en.vec": "1 2\nthe one two\n"}, "en.vec:2"),
    vectors("nan", {"en.vec": "2 2\nthe nan 1\ncat 1 2\n"}, "en.vec:2"),
    vectors("all-zero", {"en.vec": "2 2\nthe 0 0\ncat 0 0\n"}, "en.vec: none of its 2 words"),
    vectors("two-widths-of-one-language", {"en.vec": vec(THE), "b.vec": vec(THE, 5)},
            "one width: en.vec is 4, b.vec is 5 wide", "en=b.vec"),
    vectors("two-widths", {"en.vec": vec(THE), "b.vec": vec(THE, 5)}, "widths differ: de 5, en 4", "de=b.vec"),
    vectors("layer-99", {"en.vec": vec(THE)}, "--align-layer 99: this teacher has 3 layers", "--align-layer 99"),
    vectors("pairs-layer-99", {"en.vec": vec(THE)}, "--pairs-layer 99: this teacher has 3", "--pairs-layer 99"),
]  # fmt: skip
SHAPES = [
    Case(
        name=f"pretrain-shape-{name}",
        command=f"pretrain --text en=c.txt --loss none --device cpu --block 16 --steps 1 "
        f"--output out --from-scratch {shape}",
        files={"c.txt": SENTENCES * 40},
        line=f"--from-scratch.*{line}",
    )
    for name, shape, line in (
        ("vocabulary-1", "layers=1,width=16,heads=2,vocabulary=1", "vocabulary=1 is too small"),
        ("vocabulary-8", "layers=1,width=16,heads=2,vocabulary=8", "vocabulary=8 is too small"),
        ("no-layers", "width=16", "layers is missing"),
        ("layers-0", "layers=0,width=16", "layers must be a whole number"),
        ("layers-nan", "layers=nan,width=16", "layers must be a whole number"),
        ("layers-squared", "layers=\u00b2,width=16", "layers must be a whole number"),
        ("a-billion-layers", "layers=1000000000,width=16", "more than 1000"),
        ("width-of-millions", "layers=2,width=10000000", "parameters"),
        ("vocabulary-of-billions", "layers=2,width=64,vocabulary=900000000000", "parameters"),
        ("odd-heads", "layers=1,width=16,heads=3", "cannot be split among 3"),
        ("unknown-name", "depth=1,width=16", "unknown 'depth'"),
    )
]
CLASHES = [
    Case(
        name=f"distill-{name}", command=f"{DISTILL} {words}", files={"c.txt": SENTENCES}, line=line
    )
    for name, words, line in (
        ("epochs-with-closed-form", "--epochs 2", "--epochs 2: the closed form"),
        ("unknown-step", "--postprocess polish", "polish"),
        ("unknown-method", "--method magic", "--method"),
        ("cuda-without-one", "--device cuda", "--device cuda"),
    )
] + [
    Case(name=f"pretrain-{name}", command=f"{PRETRAIN} {words}", files=MASKED, line=line)
    for name, words, line in (
        ("loss-without-vectors", "", "--loss dcca needs --vectors"),
        ("tokenizer-with-model", "--loss none --tokenizer t", "--tokenizer serves --from-scratch"),
        ("lowercase-with-model", "--loss none --lowercase", "--lowercase serves --from-scratch"),
        ("choose-pairs-without", "--loss none --choose pairs", "needs --validation-pairs"),
        ("log-to-paper", "--loss none --log-to paper", "--log-to paper: known are"),
        ("pairs-file-is-gone", "--loss none --validation-pairs p.tsv", "p.tsv: [Nn]o such file"),
        ("block-beyond-positions", "--loss none --block 64", "reads at most 40 pieces"),
    )
]
CASES = [*DISTILL_NUMBERS, *PRETRAIN_NUMBERS, *TEXTS, *VECTORS, *SHAPES, *CLASHES]

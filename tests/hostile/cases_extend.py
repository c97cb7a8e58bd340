"""``extend``: settings, texts, models and languages that cannot be meant."""

from __future__ import annotations

from pathlib import Path

from tests.extend.conftest import NEW_WORDS
from tests.hostile.case import HUGE, Case, Content, numbers
from tests.hostile.models import model
from tests.hostile.parts import SENTENCES, vec

EXTEND = (
    "extend --model m --language fi --text c.txt --vocabulary 33 --steps 1 --block 16 "
    "--device cpu --output out"
)
LINES = "".join(f"{' '.join(NEW_WORDS[n % 15 : n % 15 + 9])}\n" for n in range(60))
FILES: dict[str, Content] = {"c.txt": LINES, "m": model("masked")}
VECTORS: dict[str, Content] = {**FILES, "en.vec": vec(), "fi.vec": vec(seed=1)}
WORDS = "--vectors en=en.vec fi=fi.vec"


def spoiled(content: bytes | None) -> Content:
    """A model beside which lies a language without sense."""

    def make(path: Path) -> None:
        model("masked")(path)
        (path / "languages" / "fi").mkdir(parents=True)
        (path / "languages" / "fi.safetensors").write_bytes(content or b"")

    return make


def refused(name: str, more: str, line: str, files: dict[str, Content] | None = None) -> Case:
    """A case of the command with further flags."""
    return Case(name=f"extend-{name}", command=f"{EXTEND} {more}", files=files or FILES, line=line)


CASES = [
    *numbers("extend", EXTEND, FILES, {
        "--vocabulary": (0, 31, -1, HUGE), "--steps": (0, -1), "--batch": (0,), "--block": (3,),
        "--mask-rate": (0, 1, "nan"), "--learning-rate": (-1, "nan", 2), "--seed": (-1,),
        "--neighbors": (0,), "--micro-tokens": (0,), "--checkpoint-minutes": (-1, "nan"),
    }),
    refused("language-is-a-path", "--language ../fi", "--language: '../fi' is no name"),
    refused("no-text", "--text gone.txt", "gone.txt"),
    refused("empty-text", "", "no text in it", {**FILES, "c.txt": ""}),
    refused("vocabulary-beyond-the-text", "--vocabulary 9000", r"gives \d+ pieces; ask for \d+"),
    refused("vocabulary-of-few-letters", "--vocabulary 33", "too small for this text|^error: --vocab",
            {**FILES, "c.txt": "".join(chr(0x4E00 + n) for n in range(60)) + "\n"}),
    refused("other-writing", "", "most are Cyrillic", {**FILES, "c.txt": "привет мир\n" * 60}),
    refused("no-mask-token", "", "m: no model can be built", {**FILES, "m": model("gpt2")}),
    refused("unknown-start", "--init best", "argument --init"),
    refused("no-vectors", "--init wechsel", "needs --vectors of two languages"),
    refused("one-language", "--init aligned --vectors fi=fi.vec", "needs --vectors", VECTORS),
    refused("vectors-nobody-reads", WORDS, "--vectors serves --init", VECTORS),
    refused("no-dictionary", f"--init wechsel {WORDS}", "needs --lexicon", VECTORS),
    refused("strange-dictionary", f"--init wechsel {WORDS} --lexicon d.txt",
            "none of 1 pairs has its first word", {**VECTORS, "d.txt": "huis\tomena\n"}),
    refused("widths-differ", f"--init wechsel {WORDS} --lexicon d.txt", "4 wide.*5; both languages",
            {**VECTORS, "fi.vec": vec(width=5), "d.txt": "one\tone\n"}),
    refused("output-is-the-model", "--output m", "is the input|exists"),
    Case(name="a-language-that-is-torn",
         command="distill --corpus c.txt --teacher m --language fi --min-count 1 --device cpu --output out",
         files={"c.txt": SENTENCES, "m": spoiled(b"torn")}, line="fi.safetensors: no language"),
    Case(name="a-language-without-header",
         command="distill --corpus c.txt --teacher m --language fi --min-count 1 --device cpu --output out",
         files={"c.txt": SENTENCES, "m": spoiled(bytes([2, 0, 0, 0, 0, 0, 0, 0]) + b"{}")},
         line="fi.safetensors: no language"),
    Case(name="pretrain-freezes-all", files=FILES, line="nothing is left to learn",
         command="pretrain --text en=c.txt --model m --loss none --device cpu --block 16 --steps 1 "
         "--freeze embeddings blocks head words --output out"),
    Case(name="pretrain-freezes-modules-of-none", files=FILES, line="has no such part",
         command="pretrain --text en=c.txt --model m --loss none --device cpu --block 16 --steps 1 "
         "--freeze modules --output out"),
    Case(name="pretrain-learns-what-is-no-part", files=FILES, line="--learn wrods: no part",
         command="pretrain --text en=c.txt --model m --loss none --device cpu --block 16 --steps 1 "
         "--learn wrods --output out"),
]  # fmt: skip

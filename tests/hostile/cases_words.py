"""``distill --words``: lists of words that cannot be meant, and odd ones that can."""

from __future__ import annotations

from itertools import product

from tests.hostile.case import Case, Content
from tests.hostile.models import model
from tests.hostile.parts import SENTENCES, fifo, folder, gz, link_to

COMMAND = "distill --corpus c.txt --teacher m --min-count 1 --device cpu --words w.txt --output out"
SPELLED = [f"{a}{b}{c}" for a, b, c in product("cdhmnrst", "aeou", "dgt")]  # enough to learn from
CORPUS = SENTENCES + "".join(f"the {word} sat on a {word} .\n" for word in SPELLED)


def refused(name: str, words: Content, line: str) -> Case:
    """A list that ends in one line."""
    files = {"c.txt": CORPUS, "m": model(), "w.txt": words}
    return Case(name=name, command=COMMAND, files=files, line=line)


def taken(name: str, words: str | bytes) -> Case:
    """A list of which some words, or all, get vectors."""
    files = {"c.txt": CORPUS, "m": model(), "w.txt": words}
    return Case(name=name, command=COMMAND, files=files, line=None, makes=("out",))


CASES = [
    refused("empty", "", "w.txt: no word there"),
    refused("blank-lines", "\n \n\t\n\r\n", "w.txt: no word there"),
    refused("blanks-of-other-scripts", "\u3000\n\u00a0\n\u2003\n", "w.txt: no word there"),
    refused("phrases-alone", "New York\nthe cat\n", "w.txt: no word there"),
    refused("folder", folder, "w.txt: .*[Ff]older|w.txt: .*directory"),
    refused("dangling-link", link_to("nowhere"), "w.txt.*[Nn]o such file"),
    refused("fifo", fifo, "w.txt: .*pipe"),
    refused("latin-1", b"caf\xe9\n", "w.txt:1: .*not UTF-8"),
    refused("nul", "zebra\nz\x00o\n", r"w.txt:2: word 'z\\x00o' contains a NUL"),
    refused("utf-16", "zebra\nzoo\n".encode("utf-16"), "w.txt:1: .*not UTF-8"),
    refused("a-line-without-end", "z" * (2 << 20), "w.txt:1: a line of more than"),
    Case(name="gone", command=COMMAND, files={"c.txt": CORPUS, "m": model()},
         line="w.txt: [Nn]o such file"),
    Case(name="gzip-cut-off", command=COMMAND.replace("w.txt", "w.gz"),
         files={"c.txt": CORPUS, "m": model(), "w.gz": gz("zebra\n" * 99, cut=9)},
         line="w.gz: damaged gzip"),
    taken("twice-and-phrases", "zebra\nzebra\nNew York\nthe\nzoo\nthe\n"),
    taken("control-tokens", "<s>\n</s>\n<pad>\n<unk>\n<mask>\nzebra\n"),
    taken("control-tokens-alone", "<s>\n<mask>\n"),
    taken("other-scripts", "\u732b\n\u043a\u043e\u0448\u043a\u0430\n\u0642\u0637\u0629\n\u0928\u092e\u0938\u094d\u0924\u0947\n"),
    taken("marks-and-invisible-signs", "\u200b\n\ufeffzoo\n\u0301\n\u202ezoo\n\U0001f63a\n"),
    taken("of-another-system", b"\xef\xbb\xbfzebra\r\nzoo\r\n"),
    taken("longer-than-the-teacher-reads", "zo" * 5_000 + "\nzoo\n"),
    taken("known-already", "the\ncat\n"),
]  # fmt: skip

"""Raw text, dictionaries and maps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save

from tests.hostile.case import HUGE, Case, Content
from tests.hostile.parts import (
    DE,
    EN,
    EN_DE,
    PAIRS,
    SENTENCES,
    deep_json,
    empty_lines,
    fifo,
    folder,
    gz,
    link_to,
    native,
    not_a_number,
    xz,
)

PREPARE = "prepare --language en --tokenizer whitespace --rules all --workers 1 --output o.txt"
ZST = b"\x28\xb5\x2f\xfd"


def prepare(
    name: str, line: str | None, file: str, content: Content, flags: str = "", **more: Any
) -> Case:
    """Prepared text from a file."""
    return Case(
        name=f"prepare-{name}",
        command=f"{PREPARE} --input {file.split('/')[0]} {flags}",
        files={file: content},
        line=line,
        **more,
    )


TEXTS = [
    prepare("gone", "gone.txt: no such file", "s.txt", SENTENCES, "--input gone.txt"),
    prepare("empty", "s.txt: no text in 0 lines", "s.txt", ""),
    prepare("blank", "s.txt: no text in", "s.txt", "\n \n\t\n"),
    prepare("empty-folder", "s: the folder holds no file", "s", folder),
    prepare("hidden-only", "s: the folder holds no file", "s/.hidden", SENTENCES),
    prepare("folder-with-a-bad-file", r"s/b.txt:1: not UTF-8", "s/b.txt", b"\xff\n"),
    prepare("latin-1", r"s.txt:2: not UTF-8 \(byte 0xfc", "s.txt", "ok\nfür\n".encode("latin-1")),
    prepare("utf-16", "s.txt:1: .*iconv -f UTF-16", "s.txt", SENTENCES.encode("utf-16")),
    prepare("surrogate", "s.txt:1: not UTF-8", "s.txt", b"\xed\xa0\x80\n"),
    prepare("cut-character", "s.txt:1: not UTF-8", "s.txt", "für".encode()[:2]),
    prepare("fifo", "s.txt: a pipe to which nobody writes", "s.txt", fifo),
    prepare("zeros", "s.txt:1: a line of more than", "s.txt", link_to("/dev/zero"), alone=True),
    prepare("zeros-skipped", "s.txt:1: a line of more than 1,073,741,824", "s.txt", link_to("/dev/zero"), "--on-error skip", alone=True),
    prepare("null", "s.txt: no text in 0 lines", "s.txt", link_to("/dev/null")),
    prepare("random", r"s\.txt:\d+: not UTF-8", "s.txt", link_to("/dev/urandom"), alone=True),
    prepare("two-billion-empty-lines", "s.gz:.*bytes of blank lines in a row", "s.gz", empty_lines(2), "--on-error skip", alone=True),
    prepare("empty-lines-and-stop", "s.gz:.*bytes of blank lines in a row", "s.gz", empty_lines(1), alone=True),
    prepare("gzipped-zeros", "s.gz:1: a line of more than", "s.gz", gz(b"\0" * 2**27), alone=True),
    prepare("overlong", "s.txt:2: a line of more than 100 bytes", "s.txt", "a b\n" + "x" * 101 + "\n", "--max-line-bytes 100"),
    prepare("cut-gz", "s.gz: broken compressed data", "s.gz", gz(SENTENCES * 100, cut=9)),
    prepare("spoilt-gz", "s.gz: broken compressed data", "s.gz", gz(SENTENCES)[:30] + b"x" * 99),
    prepare("text-named-gz", "s.gz: broken compressed data", "s.gz", SENTENCES),
    prepare("cut-xz", "s.xz: broken compressed data", "s.xz", xz(SENTENCES * 100, cut=9)),
    prepare("spoilt-xz", "s.xz: broken compressed data", "s.xz", xz(SENTENCES)[:30] + b"x" * 99),
    prepare("text-named-xz", "s.xz: broken compressed data", "s.xz", SENTENCES),
    prepare("spoilt-zst", "s.zst: broken compressed data", "s.zst", ZST + b"x" * 99),
    prepare("cut-zst", "s.zst: broken compressed data", "s.zst", ZST),
    prepare("text-named-zst", "s.zst: broken compressed data", "s.zst", SENTENCES),
    prepare("gz-of-a-text-named-txt", None, "s.txt", gz(SENTENCES), makes=("o.txt", "o.txt.run.json")),
    prepare("bom-and-crlf", None, "s.txt", "\ufeff" + SENTENCES.replace("\n", "\r\n"), makes=("o.txt", "o.txt.run.json")),
    prepare("skips", None, "s.txt", b"\xff\n" + SENTENCES.encode(), "--on-error skip", makes=("o.txt", "o.txt.run.json")),
    prepare("nothing-survives", "s.txt: none of 3 sentences was kept", "s.txt", SENTENCES, "--min-tokens 50"),
    prepare("onto-its-input", "o.txt is the --input", "o.txt", SENTENCES),
    prepare("output-exists", "o.txt exists already", "o.txt", "mine", "--input s.txt"),
    prepare("output-in-a-file", "s.txt", "s.txt", SENTENCES, "--output s.txt/o"),
    prepare("output-is-a-folder", "d", "d/x", "mine", "--output d --overwrite --input d/x"),
    prepare("hf-without-name", "--input hf:: expected hf:NAME", "s.txt", "", "--input hf:"),
    prepare("hf-too-long", "expected hf:NAME", "s.txt", "", "--input hf:a:b:c:d"),
    prepare("long-input", "--input is too long for a file", "s.txt", "", f"--input {'x' * 300}"),
    prepare("code", "language", "s.txt", SENTENCES, "--language ../x"),
    prepare("code-empty", "language", "s.txt", SENTENCES, "--language ''"),
    prepare("code-nonsense", "language", "s.txt", SENTENCES, "--language qqqqqqqqq"),
    prepare("tokenizer", "--tokenizer: invalid choice", "s.txt", SENTENCES, "--tokenizer spacy"),
    prepare("rules", "--rules: invalid choice", "s.txt", SENTENCES, "--rules mine"),
    prepare("paper-by-whitespace", "add --min-sentences 1", "s.txt", SENTENCES, "--rules paper"),
    prepare("max-below-min", "--max-tokens 3 is below --min-tokens 4", "s.txt", SENTENCES, "--min-tokens 4 --max-tokens 3"),
    prepare("udpipe-for-whitespace", "--udpipe-model has no use", "s.txt", SENTENCES, "--udpipe-model m"),
    *(
        prepare(f"{flag}={value}", f"--{flag} must be at (least|most)", "s.txt", SENTENCES, f"--{flag}={value}")
        for flag, value in [
            ("max-sentences", -1), ("min-tokens", 0), ("max-tokens", -1), ("min-sentences", 0),
            ("max-line-bytes", 0), ("workers", -1), ("seed", -1), ("seed", HUGE),
        ]
    ),
    Case(name="udpipe-model-is-none", files={"s.txt": SENTENCES, "m.udpipe": "no model"}, line="m.udpipe",
         command="prepare --language en --tokenizer udpipe --udpipe-model m.udpipe --input s.txt --output o.txt"),
    Case(name="udpipe-model-is-gone", files={"s.txt": SENTENCES}, line="m.udpipe: no such file",
         command="prepare --language en --tokenizer udpipe --udpipe-model m.udpipe --input s.txt --output o.txt"),
    Case(name="udpipe-model-is-a-pipe", files={"s.txt": SENTENCES, "m.udpipe": fifo}, line="m.udpipe: not a file",
         command="prepare --language en --tokenizer udpipe --udpipe-model m.udpipe --input s.txt --output o.txt"),
    Case(name="udpipe-model-is-endless", files={"s.txt": SENTENCES, "m.udpipe": link_to("/dev/zero")}, line="m.udpipe", alone=True,
         command="prepare --language en --tokenizer udpipe --udpipe-model m.udpipe --input s.txt --output o.txt"),
]  # fmt: skip

BLI = "eval bli --source en.vec --target de.vec --lexicon x.txt"


def lexicon(name: str, line: str | None, content: Content, command: str = BLI, **more: Any) -> Case:
    """A dictionary, as a test set unless said otherwise."""
    return Case(
        name=f"lexicon-{name}",
        command=command,
        files={**EN_DE, "x.txt": content},
        line=line,
        **more,
    )


ALIGN = "align --source en.vec --target de.vec --lexicon x.txt --output-source a --output-target b"
LEXICONS = [
    lexicon("empty", "x.txt: no pair of single words: it is empty", ""),
    lexicon("blank", "x.txt: no pair", "\n\n"),
    lexicon("folder", "x.txt: Is a directory", folder),
    lexicon("gone", "x.txt: No such file", link_to("gone")),
    lexicon("fifo", "x.txt: a pipe to which nobody writes", fifo),
    lexicon("zeros", "x.txt:1: a line of more than", link_to("/dev/zero"), alone=True, gigabytes=3),
    lexicon("random", "x.txt:", link_to("/dev/urandom"), alone=True),
    lexicon("null", "x.txt: no pair", link_to("/dev/null")),
    lexicon("one-column", "x.txt:2: expected two words, found 'two'", "one one\ntwo\n"),
    lexicon("three-columns", "x.txt:1: 3 words without a tab", "one two three\n"),
    lexicon("empty-cell", "x.txt:1: expected two words", "one\t\n"),
    lexicon("latin-1", "x.txt:1: byte 0xfc at 1 is not UTF-8", "für for\n".encode("latin-1")),
    lexicon("utf-16", "x.txt:1: byte 0xff", PAIRS.encode("utf-16")),
    lexicon("overlong", "x.txt:1: a line of more than", "x" * 2**21 + " y\n"),
    lexicon("phrases", "x.txt: no pair of single words: all 2 pairs are phrases", "a b\tc\nd e\tf\n"),
    lexicon("unknown", "x.txt", "apple Apfel\npear Birne\n"),
    lexicon("align-empty", "x.txt: no pair", "", ALIGN),
    lexicon("align-unknown", "x.txt", "apple Apfel\n", ALIGN),
    lexicon("align-fifo", "x.txt: a pipe", fifo, ALIGN),
    lexicon("align-zeros", "x.txt:1: a line", link_to("/dev/zero"), ALIGN, alone=True),
    lexicon("align-latin-1", "x.txt:1: byte", b"\xff a\n", ALIGN),
    lexicon("cut-gz", "x.txt.gz: damaged gzip", PAIRS, BLI.replace("x.txt", "x.txt.gz")),
    lexicon("crlf-and-bom", None, "\ufeff" + PAIRS.replace("\n", "\r\n")),
    lexicon("hub-gone", "lex/de.txt: No such file", "", "align hub --hub en=en.vec --spokes de=de.vec --lexicons lex/{}.txt --output o"),
    lexicon("validation-gone", "v.txt: No such file", PAIRS, ALIGN + " --validation v.txt"),
    lexicon("validation-empty", "v.txt: no pair", PAIRS, ALIGN + " --validation v.txt"),
]  # fmt: skip
_EMPTY = {"validation-empty": {"v.txt": ""}, "cut-gz": {"x.txt.gz": gz(PAIRS, cut=9)}}
LEXICONS = [
    Case(**{**vars(case), "files": {**case.files, **_EMPTY.get(case.name[8:], {})}})
    for case in LEXICONS
]


def saved_map(
    notes: object = None, *, change: Mapping[str, Any] | None = None, width: int = 4
) -> bytes:
    """A file of maps, with some arrays or its notes changed."""
    arrays: dict[str, Any] = {}
    for side in ("source", "target"):
        arrays[f"{side}.matrix"] = np.eye(width, dtype=np.float32)
        arrays[f"{side}.statistics"] = np.zeros((1, width), np.float32)
    arrays.update(change or {})
    if notes is None:
        notes = {
            "format": "x2static-map",
            "version": 1,
            "steps": {"source": ["unit"], "target": ["unit"]},
        }
    text = notes if isinstance(notes, str) else json.dumps(notes)
    kept = {name: array for name, array in arrays.items() if array is not None}
    return save(kept, {"x2static-map": text})


APPLY = "align apply --map m --vectors en.vec --output o"


def apply(name: str, line: str, content: Content, command: str = APPLY, **more: Any) -> Case:
    """A file of maps, applied."""
    return Case(
        name=f"map-{name}",
        command=command,
        files={"en.vec": EN, "de.vec": DE, "m": content},
        line=line,
        **more,
    )


def arrays(shape: tuple[int, ...], value: float = 1.0, dtype: Any = np.float32) -> Any:
    """An array full of one number."""
    return np.full(shape, value, dtype)


NOT_A_MAP = "m: not a map written by align --save-map"
MAPS = [
    apply("gone", "m: no such file", link_to("gone")),
    apply("folder", "m: no such file", folder),
    apply("fifo", "m: no such file", fifo),
    apply("zeros", "m: no such file", link_to("/dev/zero")),
    apply("empty", NOT_A_MAP, b""),
    apply("text", NOT_A_MAP, "map\n" * 100),
    apply("vectors", NOT_A_MAP, native()),
    apply("cut", NOT_A_MAP, saved_map()[:-5]),
    apply("one-axis", NOT_A_MAP, saved_map(change={"source.matrix": arrays((4,))})),
    apply("no-axis", NOT_A_MAP, saved_map(change={"source.matrix": arrays(())})),
    apply("three-axes", NOT_A_MAP, saved_map(change={"source.matrix": arrays((4, 4, 4))})),
    apply("flat-statistics", NOT_A_MAP, saved_map(change={"source.statistics": arrays((4,))})),
    apply("offset-of-other-width", NOT_A_MAP, saved_map(change={"source.offset": arrays((5,))})),
    apply("offset-nan", NOT_A_MAP, saved_map(change={"source.offset": arrays((4,), np.nan)})),
    apply("nan", f"{NOT_A_MAP} .*source: the matrix holds NaN", saved_map(change={"source.matrix": arrays((4, 4), np.nan)})),
    apply("inf", NOT_A_MAP, saved_map(change={"source.matrix": arrays((4, 4), np.inf)})),
    apply("statistics-nan", NOT_A_MAP, saved_map(change={"source.statistics": arrays((1, 4), np.nan)})),
    apply("whole-numbers", NOT_A_MAP, saved_map(change={"source.matrix": arrays((4, 4), 1, np.int64)})),
    apply("no-matrix", NOT_A_MAP, saved_map(change={"source.matrix": None})),
    apply("other-width", "5", saved_map(width=5)),
    apply("deep-notes", NOT_A_MAP, saved_map(deep_json())),
    apply("notes-in-steps", NOT_A_MAP, saved_map({"steps": {"source": [[[]]], "target": ["unit"]}})),
    apply("steps-a-number", NOT_A_MAP, saved_map({"steps": 7})),
    apply("steps-a-text", NOT_A_MAP, saved_map({"steps": "source"})),
    apply("one-side", NOT_A_MAP, saved_map({"steps": {"source": ["unit"]}})),
    apply("unknown-step", NOT_A_MAP, saved_map({"steps": {"source": ["jump"], "target": ["unit"]}})),
    apply("notes-a-list", NOT_A_MAP, saved_map("[]")),
    apply("notes-a-number", NOT_A_MAP, saved_map("1e400")),
    apply("no-notes", NOT_A_MAP, save({"a": arrays((1,))})),
    apply("side", "--side: invalid choice", saved_map(), APPLY + " --side left"),
    apply("output-exists", "de.vec exists already", saved_map(), "align apply --map m --vectors en.vec --output de.vec"),
    apply("nan-vectors", "n/vectors.safetensors: row 3", saved_map(), "align apply --map m --vectors n --output o"),
]  # fmt: skip
MAPS[-1].files["n/vectors.safetensors"] = native(change=not_a_number)  # type: ignore[index]

CASES = [*TEXTS, *LEXICONS, *MAPS]

"""Files of word vectors, read by every command that reads them."""

from __future__ import annotations

import zlib

import numpy as np

from tests.hostile.case import Case, Content
from tests.hostile.parts import (
    EN,
    EN_DE,
    SCORES,
    archive,
    empty_lines,
    fifo,
    folder,
    gz,
    link_to,
    native,
    not_a_number,
    tensors,
    vec,
    xz,
)

NATIVE = "n/vectors.safetensors"


def twice(words: tuple[str, ...] = ("one", "two", "one")) -> bytes:
    """A native file whose checksum vouches for a word that comes twice."""
    matrix, joined = np.ones((len(words), 4), "<f4"), "\n".join(words).encode()
    size = matrix.nbytes
    header = {
        "__metadata__": {"words_crc32": f"{zlib.crc32(joined):08x}"},
        "vectors": {"dtype": "F32", "shape": [len(words), 4], "data_offsets": [0, size]},
        "words": {
            "dtype": "U8",
            "shape": [len(joined)],
            "data_offsets": [size, size + len(joined)],
        },
    }
    return tensors(header, matrix.tobytes() + joined)


def shape(value: object, end: int = 16) -> bytes:
    """A native file with such a shape."""
    return tensors(
        {
            "vectors": {"dtype": "F32", "shape": value, "data_offsets": [0, end]},
            "words": {"dtype": "U8", "shape": [3], "data_offsets": [end, end + 3]},
        },
        b"\0" * 19,
    )


def export(
    name: str, line: str, file: str, content: Content, flags: str = "", **more: object
) -> Case:
    """Exported as text."""
    target = file.split("/")[0]
    return Case(
        name=f"export-{name}",
        command=f"export {target} --format glove --output o.txt {flags}",
        files={file: content},
        line=line,
        **more,  # type: ignore[arg-type]
    )


FILES = [
    export("folder-without-vectors", "x.vec: no vectors in this folder", "x.vec/a.txt", "a"),
    export("empty-folder", "x.vec: no vectors in this folder", "x.vec", folder),
    export("empty", "x.vec: the file is empty", "x.vec", ""),
    export("empty-gz", "x.vec.gz: ", "x.vec.gz", ""),
    export("gz-of-nothing", "x.vec.gz: the file is empty", "x.vec.gz", gz("")),
    export("fifo", "x.vec: a pipe or a device", "x.vec", fifo),
    export("zeros", "x.vec: a pipe or a device", "x.vec", link_to("/dev/zero")),
    export("null", "x.vec: a pipe or a device", "x.vec", link_to("/dev/null")),
    export("dangling-link", "x.vec: no such file", "x.vec", link_to("gone")),
    export("link-to-itself", "x.vec: ", "x.vec", link_to("x.vec")),
    export("only-a-header", "x.vec: line 1: header says width 4, too much", "x.vec", "10 4\n"),
    export("more-promised", "x.vec:1: header says 99 words, file has 10 rows", "x.vec", EN.replace("10 4", "99 4")),
    export("huge-promise", "x.vec:1: header says 999999999999999 words", "x.vec", EN.replace("10 4", "999999999999999 4")),
    export("huge-width", "x.vec: .*width 999999999", "x.vec", EN.replace("10 4", "10 999999999")),
    export("zero-width", "x.vec: .*width 0", "x.vec", "3 0\na\nb\nc\n"),
    export("wrong-width", "x.vec:2: ", "x.vec", EN.replace("10 4", "10 5")),
    export("ragged", "x.vec:4: ", "x.vec", EN.replace("three ", "three 1 ")),
    export("nan", "x.vec:2: nan is not a finite number", "x.vec", "2 2\na nan 1\nb 1 2\n"),
    export("inf", "x.vec:3: -inf is not a finite number", "x.vec", "2 2\na 0 1\nb -inf 2\n"),
    export("1e400", "x.vec:3: 1e400 is beyond", "x.vec", "2 2\na 0 1\nb 1e400 2\n"),
    export("400-digits", "x.vec:3: ", "x.vec", f"2 2\na 0 1\nb 1{'0' * 399} 2\n"),
    export("word-for-number", "x.vec:3: ", "x.vec", "2 2\na 0 1\nb one 2\n"),
    export("hexadecimal", "x.vec:3: ", "x.vec", "2 2\na 0 1\nb 0x1p3 2\n"),
    export("underscore", "x.vec:3: ", "x.vec", "2 2\na 0 1\nb 1_0 2\n"),
    export("comma", "x.vec:3: ", "x.vec", "2 2\na 0 1\nb 1,5 2\n"),
    export("duplicate", r"x.vec:3: duplicate word 'a' \(first in line 2\)", "x.vec", "2 1\na 1\na 2\n"),
    export("latin-1", "x.vec:2: bad UTF-8", "x.vec", b"2 1\nf\xfcr 1\na 2\n"),
    export("nul-in-word", "x.vec:2: .*NUL", "x.vec", "2 1\na\0b 1\na 2\n"),
    export("no-last-line-end", "x.vec:3: .*truncated", "x.vec", "2 1\na 1\nb 2"),
    export("prose", "x.vec: line 1 is neither", "x.vec", "It was a dark and stormy night\n"),
    export("html", "x.vec: line 1 is neither", "x.vec", "<!DOCTYPE html>\n<html></html>\n"),
    export("json", "x.vec: line 1 is neither", "x.vec", '{"a": [1, 2]}\n'),
    export("csv", "x.vec: ", "x.vec", "a,1,2\nb,2,3\n"),
    export("utf-16", "x.vec: ", "x.vec", EN.encode("utf-16")),
    export("numpy", "x.npz: ", "x.npz", archive(a=np.ones(3))),
    export("random-bytes", "x.vec: ", "x.vec", np.random.default_rng(0).bytes(5000)),
    export("random-bin", "x.bin: ", "x.bin", np.random.default_rng(1).bytes(5000)),
    export("only-zeros", "x.vec: ", "x.vec", b"\0" * 5000),
    export("overlong-line", "x.vec:1: .*no line end", "x.vec", "a " + "1 " * 200_000),
    export("cut-gz", "x.vec.gz: the gzip stream is truncated", "x.vec.gz", gz(EN, cut=20)),
    export("spoilt-gz", "x.vec.gz: the gzip stream is damaged", "x.vec.gz", gz(EN)[:40] + b"spoilt" * 30),
    export("gz-then-garbage", "x.vec.gz: ", "x.vec.gz", gz(EN) + b"garbage"),
    export("xz", "x.vec.xz: ", "x.vec.xz", xz(EN)),
    export("gzipped-zeros", "x.vec.gz: ", "x.vec.gz", gz(b"\0" * 2**26), alone=True),
    export("gzipped-empty-lines", "x.vec.gz: ", "x.vec.gz", empty_lines(1), alone=True),
    export("pickle", "--allow-pickle", "x.kv", b"\x80\x04cos\nsystem\n(S'touch pwned'\ntR."),
    export("truncated-bin", "x.bin: ", "x.bin", b"2 2\na " + b"\0" * 8),
    export("bin-goes-on", "x.bin: ", "x.bin", b"1 1\na " + b"\0" * 40),
    export("bin-nan", "x.bin: row 1: nan", "x.bin", b"1 1\na \0\0\xc0\x7f"),
    export("bin-without-header", "x.bin: ", "x.bin", b"a \0\0\xc0\x7f"),
    export("bin-huge-promise", "x.bin: ", "x.bin", b"999999999999 4\na " + b"\0" * 16),
    export("all-bad-but-skipped", "x.vec: no row could be used", "x.vec", "2 1\na x\nb y\n", "--on-error skip"),
]  # fmt: skip

CRLF = [
    Case(name="export-crlf", command="export x.vec --format glove --output o.txt", line=None,
         files={"x.vec": EN.replace("\n", "\r\n")}, makes=("o.txt", "o.txt.run.json")),
    Case(name="export-bom", command="export x.vec --format glove --output o.txt", line=None,
         files={"x.vec": "\ufeff" + EN}, makes=("o.txt", "o.txt.run.json")),
    Case(name="export-skips-bad-rows", command="export x.vec --format glove --output o.txt --on-error skip",
         files={"x.vec": EN.replace("three ", "three nan ")}, line=None, makes=("o.txt", "o.txt.run.json")),
]  # fmt: skip

FOLDERS = [
    export("native-nan", r"n/vectors.safetensors: row 3 \('three'\) holds NaN", NATIVE, native(change=not_a_number)),
    export("native-twice", r"n/vectors.safetensors: .*duplicate word 'one' \(first in row 1\)", NATIVE, twice()),
    export("native-space", "n/vectors.safetensors: .*a space", NATIVE, twice(("one", "t wo"))),
    export("native-empty-word", "n/vectors.safetensors: .*empty word", NATIVE, twice(("one", ""))),
    export("native-empty-file", "n/vectors.safetensors: truncated", NATIVE, b""),
    export("native-short", "n/vectors.safetensors: truncated", NATIVE, b"\x10\0\0\0\0\0\0\0{}"),
    export("native-huge-header", "n/vectors.safetensors: truncated", NATIVE, b"\xff" * 8 + b"{}"),
    export("native-not-json", "n/vectors.safetensors: truncated or damaged", NATIVE, tensors(b"{nonsense}")),
    export("native-deep", "n/vectors.safetensors: truncated or damaged", NATIVE, tensors(b"[" * 100_000)),
    export("native-deep-table", "n/vectors.safetensors: ", NATIVE, tensors(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)),
    export("native-list", "n/vectors.safetensors: ", NATIVE, tensors([1, 2])),
    export("native-number", "n/vectors.safetensors: ", NATIVE, tensors(7)),
    export("native-nothing", "n/vectors.safetensors: no word vectors", NATIVE, tensors({})),
    export("native-shape-400-digits", "n/vectors.safetensors: ", NATIVE, tensors(b'{"vectors":{"dtype":"F32","shape":[1' + b"0" * 399 + b',4],"data_offsets":[0,16]}}', b"\0" * 16)),
    export("native-shape-1e400", "n/vectors.safetensors: ", NATIVE, tensors(b'{"vectors":{"dtype":"F32","shape":[1e400,4],"data_offsets":[0,16]}}', b"\0" * 16)),
    export("native-shape-5000-digits", "n/vectors.safetensors: ", NATIVE, tensors(b'{"vectors":{"dtype":"F32","shape":[1' + b"0" * 5000 + b',4],"data_offsets":[0,16]}}', b"\0" * 16)),
    export("native-offset-1e400", "n/vectors.safetensors: ", NATIVE, tensors(b'{"vectors":{"dtype":"F32","shape":[1,4],"data_offsets":[0,1e400]}}', b"\0" * 16)),
    export("native-offset-nan", "n/vectors.safetensors: ", NATIVE, tensors(b'{"vectors":{"dtype":"F32","shape":[1,4],"data_offsets":[NaN,NaN]}}', b"\0" * 16)),
    export("native-negative-shape", "n/vectors.safetensors: ", NATIVE, shape([-1, -4])),
    export("native-one-axis", "n/vectors.safetensors: no word vectors", NATIVE, shape([4])),
    export("native-three-axes", "n/vectors.safetensors: no word vectors", NATIVE, shape([1, 2, 2])),
    export("native-no-shape", "n/vectors.safetensors: ", NATIVE, shape(None)),
    export("native-text-shape", "n/vectors.safetensors: ", NATIVE, shape("14")),
    export("native-other-type", "n/vectors.safetensors: ", NATIVE, tensors({"vectors": {"dtype": "BF16", "shape": [1, 4], "data_offsets": [0, 8]}}, b"\0" * 8)),
    export("native-surplus", "n/vectors.safetensors: .*follow the last tensor", NATIVE, native() + b"more"),
    export("native-words-do-not-fit", "n/vectors.safetensors: .*do not fit", NATIVE, native().replace(b"\nten", b" ten")),
    export("native-bad-utf-8", "n/vectors.safetensors: bad UTF-8", NATIVE, native().replace(b"\nten", b"\n\xff\xfe\xfd")),
    export("native-metadata", "n/vectors.safetensors: ", NATIVE, tensors({"__metadata__": [1]})),
    export("native-no-width", "n/vectors.safetensors: |width 0", NATIVE, native(width=0)),
    export("native-fifo", "n/vectors.safetensors: ", NATIVE, fifo),
    export("native-zeros", "n/vectors.safetensors: ", NATIVE, link_to("/dev/zero")),
    export("native-folder", "n/vectors.safetensors: ", NATIVE, folder),
    export("static-embedding", "static-embedding is written only", "n/modules.json", "[]"),
]  # fmt: skip

BAD = {NATIVE: native(change=not_a_number), "scores.txt": SCORES, **EN_DE}
READERS = [
    Case(name=f"nan-{name}", command=command, files=BAD, line="n/vectors.safetensors: row 3 .*holds NaN")
    for name, command in [
        ("neighbors", "neighbors n one"),
        ("neighbors-json", "neighbors n one --json"),
        ("neighbors-in", "neighbors en.vec one --vectors-in n"),
        ("neighbors-csls", "neighbors n one --method csls"),
        ("bli", "eval bli --source n --target de.vec --lexicon pairs.txt"),
        ("bli-target", "eval bli --source en.vec --target n --lexicon pairs.txt --json -"),
        ("bli-exact", "eval bli --source n --target de.vec --lexicon pairs.txt --index exact"),
        ("similarity", "eval similarity --vectors n --dataset scores.txt"),
        ("align", "align --source n --target de.vec --lexicon pairs.txt --output-source a --output-target b"),
        ("align-target", "align --source de.vec --target n --lexicon pairs.txt --output-source a --output-target b"),
        ("hub", "align hub --hub en=en.vec --spokes x=n --lexicons {}pairs.txt --output o"),
        ("export", "export n --format word2vec-binary --output o.bin"),
        ("export-native", "export n --format safetensors --output o"),
    ]
]  # fmt: skip

NEIGHBORS = [
    Case(name="neighbors-unknown-word", command="neighbors en.vec eleven", files=EN_DE, line="en.vec: 'eleven' is not among the 10 words"),
    Case(name="neighbors-unknown-json", command="neighbors en.vec eleven --json", files=EN_DE, line="'eleven' is not among"),
    Case(name="neighbors-odd-word", command="neighbors en.vec ''", files=EN_DE, line="'' is not among"),
    Case(name="neighbors-long-word", command=f"neighbors en.vec {'x' * 200}", files=EN_DE, line="is not among"),
    Case(name="neighbors-very-long-word", command=f"neighbors en.vec {'x' * 5000}", files=EN_DE, line="WORDS is too long"),
    Case(name="neighbors-top-0", command="neighbors en.vec one --top 0", files=EN_DE, line="--top must be at least 1, got 0"),
    Case(name="neighbors-top-negative", command="neighbors en.vec one --top=-3", files=EN_DE, line="--top must be at least 1, got -3"),
    Case(name="neighbors-limit-0", command="neighbors en.vec one --limit 0", files=EN_DE, line="--limit must be at least 1"),
    Case(name="neighbors-beyond-limit", command="neighbors en.vec ten --limit 3", files=EN_DE, line="'ten' is not among the 3 words"),
    Case(name="neighbors-method", command="neighbors en.vec one --method dot", files=EN_DE, line="--method: invalid choice: 'dot'"),
    Case(name="neighbors-width", command="neighbors en.vec one --vectors-in x.vec", files={**EN_DE, "x.vec": vec(width=5)}, line="en.vec is 4 wide and x.vec is 5 wide"),
    Case(name="neighbors-zero", command="neighbors x.vec a", files={"x.vec": "2 2\na 0 0\nb 1 1\n"}, line="x.vec: the vector of 'a' is zero"),
    Case(name="neighbors-lonely", command="neighbors x.vec a", files={"x.vec": "1 2\na 1 0\n"}, line="x.vec has 1 words: no other"),
    Case(name="neighbors-gone", command="neighbors gone.vec a", line="gone.vec: no such file or folder"),
    Case(name="neighbors-file-as-folder", command="neighbors en.vec/x a", files=EN_DE, line="en.vec/x: no such file"),
    Case(name="neighbors-top-huge", command="neighbors en.vec one --top 9000000000000000000", files=EN_DE, line=None),
]  # fmt: skip

OUTPUTS = [
    Case(name="export-exists", command="export en.vec --format glove --output de.vec", files=EN_DE, line="de.vec exists already"),
    Case(name="export-folder-in-place", command="export en.vec --format glove --output d --overwrite", files={**EN_DE, "d/x": "mine"}, line="d "),
    Case(name="export-below-a-file", command="export en.vec --format glove --output de.vec/o.txt", files=EN_DE, line="de.vec"),
    Case(name="export-to-null", command="export en.vec --format glove --output null --overwrite", files={**EN_DE, "null": link_to("/dev/null")}, line="null"),
    Case(name="export-bin-name", command="export en.vec --format glove --output o.bin", files=EN_DE, line="o.bin: .bin would be read as binary"),
    Case(name="export-half-too-large", command="export x.vec --format safetensors --dtype float16 --output o", files={"x.vec": "1 1\na 70000\n"}, line="too large for float16"),
    Case(name="export-half-text", command="export en.vec --format glove --dtype float16 --output o.txt", files=EN_DE, line="float16"),
    Case(name="export-limit-0", command="export en.vec --format glove --output o.txt --limit 0", files=EN_DE, line="--limit must be at least 1"),
    Case(name="export-format", command="export en.vec --format excel --output o.txt", files=EN_DE, line="--format: invalid choice: 'excel'"),
    Case(name="export-gensim-gz", command="export en.vec --format gensim --output o.gz", files=EN_DE, line="o.gz: gensim's format is not compressed"),
    Case(name="export-long-output", command=f"export en.vec --format glove --output {'o' * 300}", files=EN_DE, line="--output is too long for a file"),
    *[
        Case(name=f"export-name-{size}", command=f"export en.vec --format {form} --output {'o' * size}", files=EN_DE, line="File name too long; choose another --output")
        for size, form in ((240, "glove"), (247, "safetensors"), (255, "word2vec"))
    ],
    Case(name="export-not-a-dtype", command="export en.vec --format safetensors --output o --dtype float8", files=EN_DE, line="--dtype: invalid choice"),
]  # fmt: skip

CASES = [*FILES, *CRLF, *FOLDERS, *READERS, *NEIGHBORS, *OUTPUTS]

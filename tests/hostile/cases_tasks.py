"""Test sets, alignments, reports, runs and the local page."""

from __future__ import annotations

import json
from typing import Any

from tests.hostile.case import HUGE, Case, Content, numbers
from tests.hostile.parts import (
    EN,
    EN_DE,
    PAIRS,
    SCORES,
    SENTENCES,
    deep_json,
    deep_toml,
    fifo,
    folder,
    gz,
    link_to,
    native,
    not_a_number,
    vec,
)

SIMILARITY = "eval similarity --vectors en.vec --dataset x.txt"
BLI = "eval bli --source en.vec --target de.vec --lexicon pairs.txt"
ALIGN = (
    "align --source en.vec --target de.vec --lexicon pairs.txt --output-source a --output-target b"
)
HUB = "align hub --hub en=en.vec --spokes de=de.vec --lexicons {}pairs.txt --output o"
QA = "eval qa --model gone --train x.json --test en=x.json --output o"
TAGGING = "eval tagging --model gone --train x.txt --test en=x.txt --output o"
ALL: dict[str, Content] = {**EN_DE, "scores.txt": SCORES, "depairs.txt": PAIRS}


def case(name: str, line: str | None, command: str, **files: Content) -> Case:
    """A command among files that are in order, and some that are not: ``x_txt`` is x.txt."""
    return Case(
        name=name,
        command=command,
        line=line,
        files={**ALL, **{file.replace("_", "."): content for file, content in files.items()}},
    )


SIMILARITIES = [
    case("similarity-empty", "x.txt: empty", SIMILARITY, x_txt=""),
    case("similarity-folder", "x.txt: Is a directory", SIMILARITY, x_txt=folder),
    case("similarity-gone", "x.txt: No such file", SIMILARITY),
    case("similarity-fifo", "x.txt: a pipe", SIMILARITY, x_txt=fifo),
    case("similarity-zeros", "x.txt:1: a line of more", SIMILARITY, x_txt=link_to("/dev/zero")),
    case("similarity-header-only", "x.txt", SIMILARITY, x_txt="word1\tword2\tscore\n"),
    case("similarity-no-score", "x.txt:1: ", SIMILARITY, x_txt="a\tb\n"),
    case("similarity-1e400", "x.txt:2: the score 1e400 is too large", SIMILARITY, x_txt="one two 1\nthree four 1e400\n"),
    case("similarity-minus-1e400", "x.txt:1: the score -1e400 is too large", SIMILARITY, x_txt="one two -1e400\nthree four 1\n"),
    case("similarity-400-digits", "x.txt:2: the score 1000", SIMILARITY, x_txt="one two 1\nthree four 1" + "0" * 400 + "\n"),
    case("similarity-nan", "x.txt:2: expected two words and a score", SIMILARITY, x_txt="one two 1\nthree four nan\n"),
    case("similarity-latin-1", "x.txt:1: byte 0xfc", SIMILARITY, x_txt="für one 1\n".encode("latin-1")),
    case("similarity-unknown", "x", SIMILARITY, x_txt="apple pear 1\nplum fig 2\n"),
    case("similarity-constant", None, SIMILARITY, x_txt="one two 1\nthree four 1\n"),
    case("similarity-overlong", "x.txt:1: a line of more", SIMILARITY, x_txt="x" * 2**21),
    case("similarity-two-for-one", "pair them up", SIMILARITY + " --target de.vec --target-dataset x.txt x.txt", x_txt=SCORES),
    case("similarity-target-alone", "--target-dataset needs --target", SIMILARITY + " --target-dataset x.txt", x_txt=SCORES),
    case("similarity-width", "en.vec and x.vec: vectors of widths 4 and 5 share no space", SIMILARITY + " --target x.vec", x_txt=SCORES, x_vec=vec(width=5)),
    *(
        case(f"similarity-back-off-{value}", "--back-off must be a finite number", f"eval similarity --vectors en.vec --dataset scores.txt --back-off={value}")
        for value in ("nan", "inf", "-inf", "1e400")
    ),
    *numbers("eval-similarity", "eval similarity --vectors en.vec --dataset scores.txt", ALL, {"--max-vocabulary": (-1, HUGE, "x"), "--back-off": ("x",), "--case": ("upper",), "--phrases": ("join",)}),
]  # fmt: skip

BLIS = [
    case("bli-width", "en.vec and de.vec: vectors of widths 5 and 4 share no space", BLI, en_vec=vec(width=5)),
    *[case(f"bli-json-name-{size}", "File name too long; choose another --json", f"{BLI} --json {'s' * size}") for size in (240, 255)],
    case("bli-target-gone", "gone.vec: no such file", BLI + " --target gone.vec"),
    case("bli-two-sources", "--source: 2 files for 1 --lexicon", BLI + " --source en.vec de.vec"),
    case("bli-induce-two", "--induce writes one", BLI + " --lexicon pairs.txt depairs.txt --induce o"),
    case("bli-cuda-exact", "--device cuda", BLI + " --device cuda --index exact"),
    case("bli-induce-exists", "depairs.txt exists already", BLI + " --induce depairs.txt"),
    *numbers("eval-bli", BLI, ALL, {"--k": (0, -1, HUGE, "x", "nan"), "--csls": (0, -1, HUGE), "--max-vocabulary": (-1, HUGE), "--induce-cutoff": (0, HUGE), "--method": ("dot",), "--index": ("annoy",), "--case": ("upper",), "--device": ("tpu",)}),
]  # fmt: skip

RETRIEVAL = "eval retrieval --source s.txt --target t.txt --vectors en.vec de.vec"
RETRIEVALS = [
    case("retrieval-gone", "s.txt: ", RETRIEVAL, t_txt=SENTENCES),
    case("retrieval-empty", "s.txt", RETRIEVAL, s_txt="", t_txt=""),
    case("retrieval-lengths", "[23]", RETRIEVAL, s_txt="one two\nthree four\n", t_txt="one\ntwo\nthree\n"),
    case("retrieval-fifo", "s.txt: a pipe", RETRIEVAL, s_txt=fifo, t_txt=SENTENCES),
    case("retrieval-latin-1", "s.txt:1: ", RETRIEVAL, s_txt=b"f\xfcr\n", t_txt="one\n"),
    case("retrieval-zeros", "s.txt:1: ", RETRIEVAL, s_txt=link_to("/dev/zero"), t_txt="one\n"),
    case("retrieval-both", "either --model FOLDER or --vectors", RETRIEVAL + " --model m", s_txt="one\n", t_txt="one\n"),
    case("retrieval-neither", "either --model FOLDER or --vectors", "eval retrieval --source s.txt --target t.txt"),
    case("retrieval-one-vector", "--vectors takes two files", "eval retrieval --source s.txt --target t.txt --vectors en.vec"),
    case("retrieval-unpaired", "pair them up", RETRIEVAL + " --target t.txt t.txt"),
    case("retrieval-unknown-words", "s.txt: none of its words has a vector in en.vec or de.vec", RETRIEVAL, s_txt="apple\npear\n", t_txt="plum\nfig\n"),
    *numbers("eval-retrieval", RETRIEVAL, ALL, {"--csls": (0, HUGE), "--max-pieces": (2, -1), "--max-vocabulary": (-1,), "--batch-pieces": (0,), "--layer": ("x", HUGE), "--case": ("upper",), "--method": ("dot",)}),
]  # fmt: skip

ALIGNS = [
    case("align-width", "wide", ALIGN, en_vec=vec(width=5)),
    case("align-one-output", "two outputs have the same name", ALIGN + " --output-target a"),
    case("align-no-lexicon", "give --lexicon FILE", "align --preset supervised --source en.vec --target de.vec --output-source a --output-target b"),
    case("align-lexicon-unused", "--lexicon is not used", ALIGN + " --preset identical"),
    case("align-preset", "--preset: invalid choice", ALIGN + " --preset best"),
    case("align-auto-alone", "--choice auto decides on held-out", ALIGN + " --choice auto"),
    case("align-ridge-for-rcsls", "--ridge is not for method rcsls", ALIGN + " --preset rcsls --ridge 1"),
    case("align-target-below-a-file", "de.vec: Not a directory", ALIGN + " --output-target de.vec/x"),
    case("align-source-below-a-file", "de.vec: Not a directory", ALIGN + " --output-source de.vec/x/y"),
    *[case(f"align-map-name-{size}", "File name too long; choose another --save-map", f"{ALIGN} --save-map {'m' * size}") for size in (240, 255)],
    case("align-exists", "scores.txt exists already", ALIGN + " --output-target scores.txt"),
    case("align-onto-its-input", "de.vec is the input", ALIGN + " --output-target de.vec"),
    case("align-induce-exists", "depairs.txt exists already", ALIGN + " --induce depairs.txt"),
    case("align-zero-vectors", "x.vec", ALIGN + " --source x.vec", x_vec="2 4\none 0 0 0 0\ntwo 0 0 0 0\n"),
    case("align-equal-vectors", "x.vec", ALIGN + " --source x.vec", x_vec="2 4\none 1 1 1 1\ntwo 1 1 1 1\n"),
    case("align-huge-numbers", None, "neighbors x.vec one", x_vec="2 4\none 1e38 1e38 0 0\ntwo 1e38 0 1e38 0\n"),
    case("hub-bare-name", "NAME=FILE", HUB + " --spokes de.vec"),
    case("hub-twice", "'de' is named twice", HUB + " --spokes de=de.vec de=en.vec"),
    case("hub-is-a-spoke", "'en' is named twice", HUB + " --spokes en=de.vec"),
    case("hub-gone", "gone.vec: no such file", HUB + " --hub en=gone.vec"),
    case("hub-spoke-gone", "gone.vec: no such file", HUB + " --spokes de=gone.vec"),
    case("hub-lexicon-gone", "lex-de.txt: No such file", HUB + " --lexicons lex-{}.txt"),
    case("hub-pattern", "--lexicons: give a pattern with", HUB + " --spokes de=de.vec fr=de.vec --lexicons pairs.txt"),
    case("hub-validation-pattern", "--validation: give a pattern", HUB + " --spokes de=de.vec fr=de.vec --validation pairs.txt"),
    case("hub-empty-lexicon", "depairs.txt: no pair", HUB, depairs_txt=""),
    case("hub-width", "wide", HUB, de_vec=vec(width=5)),
    case("hub-output-is-a-file", "pairs.txt", HUB + " --output pairs.txt"),
    *numbers("align", ALIGN, ALL, {
        "--ridge": ("nan", "inf", "x", "1e400", -1), "--cutoff": (-1, HUGE), "--csls": (-1, HUGE), "--rounds": (0,),
        "--seed": (-1, HUGE), "--threads": (-1,), "--restarts": (-1,), "--patience": (0, -1), "--dimensions": (-1,),
        "--threshold": ("nan", "-inf"), "--keep-initial": ("nan", 2, 0), "--keep-multiplier": ("nan", 0.5),
        "--smoothing": ("nan", 1.5, -1), "--start-words": (0,), "--source-reweight": ("inf",), "--max-vocabulary": (-1,),
        "--induce-cutoff": (-1,), "--mapping": ("affine",), "--normalize": ("scale",), "--method": ("magic",), "--device": ("tpu",),
    }),
    *numbers("align-hub", HUB, ALL, {"--rounds": (0, HUGE), "--seed": (-1, HUGE), "--method": ("magic",), "--cutoff": (-1,), "--max-vocabulary": (-1,), "--threads": (-1,), "--choice": ("best",)}),
]  # fmt: skip

QUESTIONS = json.dumps({"data": [{"paragraphs": [{"context": "a b", "qas": []}]}]})
DOWNSTREAM = [
    case("qa-gone", "gone|x.json", QA),
    case("qa-deep", "x.json: not JSON", QA, x_json=deep_json()),
    case("qa-deep-gz", "x.json.gz: not JSON", QA.replace("x.json", "x.json.gz"), x_json_gz=gz(deep_json())),
    case("qa-list", "x.json", QA, x_json="[]"),
    case("qa-number", "x.json", QA, x_json="1e400"),
    case("qa-empty", "x.json: not JSON", QA, x_json=""),
    case("qa-latin-1", "x.json: not UTF-8", QA, x_json=b'{"a": "\xfc"}'),
    case("qa-fifo", "x.json: a pipe", QA, x_json=fifo),
    case("qa-folder", "x.json: a folder; give its files", QA, x_json=folder),
    case("qa-cut-gz", "x.json.gz: damaged gzip", QA.replace("x.json", "x.json.gz"), x_json_gz=gz(QUESTIONS, cut=9)),
    case("qa-no-questions", "x.json", QA, x_json=QUESTIONS),
    case("qa-nested-data", "x.json", QA, x_json='{"data": ' + deep_json(200) + "}"),
    case("tagging-empty", "x.txt: no tagged sentence", TAGGING, x_txt=""),
    case("tagging-one-column", "x.txt:2: 'dog' is not a word and its tag", TAGGING, x_txt="the\tDET\ndog\n"),
    case("tagging-empty-tag", "x.txt:1: ", TAGGING, x_txt="the\t\n"),
    case("tagging-latin-1", "x.txt:2: byte 0xfc", TAGGING, x_txt=b"a\tDET\nf\xfcr\tADP\n"),
    case("tagging-short-conllu", "x.txt:2: 3 columns; CoNLL-U has 10", TAGGING, x_txt="1\tthe\tthe\tDET\t_\t_\t_\t_\t_\t_\n2\tdog\tNOUN\n"),
    case("tagging-conllu-number", "x.txt:1: 'x' is no token number", TAGGING, x_txt="x\tthe\tthe\tDET\t_\t_\t_\t_\t_\t_\n"),
    case("tagging-conllu-no-tag", "x.txt:1: ", TAGGING, x_txt="1\tthe\tthe\t\t_\t_\t_\t_\t_\t_\n"),
    case("tagging-conllu-no-word", "x.txt:1: ", TAGGING, x_txt="1\t\tthe\tDET\t_\t_\t_\t_\t_\t_\n"),
    case("tagging-fifo", "x.txt: a pipe", TAGGING, x_txt=fifo),
    case("tagging-zeros", "x.txt:1: a line", TAGGING, x_txt=link_to("/dev/zero")),
    *numbers("eval-qa", "eval qa --model m --train x.json --test en=x.json --output o", ALL, {"--epochs": (0, -1, HUGE), "--batch": (0,), "--seeds": (0,), "--learning-rate": ("nan", 0, "inf"), "--stride": (-1,), "--max-pieces": (0,), "--weight-decay": ("nan", "inf"), "--preset": ("huge",)}),
    *numbers("eval-tagging", "eval tagging --model m --train x.txt --test en=x.txt --output o", ALL, {"--epochs": (0,), "--batch": (0,), "--seeds": (0,), "--learning-rate": ("nan", -1), "--max-pieces": (0,), "--metric": ("f2",)}),
]  # fmt: skip


RUN: dict[str, Content] = {
    "r/plan.json": json.dumps({"languages": ["en"], "hub": "en", "tasks": []}),
    "r/sentences/en.txt": SENTENCES,
}


def report(name: str, line: str | None, flags: str = "", **files: Content) -> Case:
    """A run folder ``r``, perhaps with a ``plan`` of its own, shown as a page."""
    own = {"r/plan.json": files.pop("plan")} if "plan" in files else {}
    return Case(
        name=f"report-{name}",
        command=f"report r {flags}",
        line=line,
        files={**RUN, **own, **files},
        makes=("r",) if line is None else (),
    )


REPORTS = [
    Case(name="report-gone", command="report gone", line="gone: no such folder"),
    Case(name="report-file", command="report f", files={"f": "x"}, line="f: no such folder"),
    Case(name="report-empty", command="report r", files={"r": folder}, line="r: no run here"),
    *numbers("report", "report r", RUN, {
        "--seed": (-1, HUGE), "--top": (0, HUGE, "x"), "--vocabulary": (99,), "--num-words": (-1,), "--map-words": (-1,),
    }),
    report("deep-plan", None, plan=deep_json()),
    report("nested-plan", None, plan='{"languages": ["en"], "tasks": [{"language": "en", "stage": "distill", "settings": ' + deep_json(400) + "}]}"),
    report("nested-languages", None, plan='{"languages": ' + deep_json(400) + "}"),
    report("plan-of-huge-numbers", None, plan='{"languages": ["en"], "tasks": [{"language": "en", "stage": "distill", "seconds": 1e400}]}'),
    report("plan-of-numbers", None, plan='{"languages": [1, 2], "tasks": [3]}'),
    report("plan-is-latin-1", None, plan=b'{"hub": "\xfc"}'),
    report("words-without-vectors", "no vectors, so --words", "--words cat"),
    report("page-of-somebody", "r/report.html exists already", **{"r/report.html": "mine"}),
    report("output-is-a-folder", "r/sentences", "--output r/sentences"),
    report("nan-vectors", None, **{"r/vectors/en/vectors.safetensors": native(change=not_a_number)}),
    report("spoilt-vectors", None, **{"r/vectors/en/vectors.safetensors": b"x" * 100}),
]  # fmt: skip


def explore(name: str, line: str, command: str, **files: Content) -> Case:
    """The local page, which must not start."""
    return Case(
        name=f"explore-{name}", command=f"explore --port 0 {command}", files=files, line=line
    )


EXPLORES = [
    explore("gone", "gone: no such folder", "gone"),
    explore("text-gone", "--texts: gone.txt: no such file", "f --texts de=gone.txt", **{"f/de.vec": EN}),
    explore("text-folder", "--texts: t: not a file", "f --texts de=t", **{"f/de.vec": EN, "t": folder}),
    explore("text-unknown", "no vectors of 'xx'", "f --texts xx=t.txt", **{"f/de.vec": EN, "t.txt": "a"}),
    explore("text-no-name", "is not NAME=FILE", "f --texts t.txt", **{"f/de.vec": EN, "t.txt": "a"}),
    explore("text-twice", "'de' is named twice", "f --texts de=t.txt de=t.txt", **{"f/de.vec": EN, "t.txt": "a"}),
    explore("file", "f", "f", f="x"),
    explore("empty", "f: no vectors", "f", f=folder),
    explore("search", "--search: invalid choice", "f --search wide"),
    explore("port", "--port must lie between 0 and 65535", "f --port 65536"),
    explore("negative-port", "--port", "f --port=-1"),
    explore("no-host", "--host must not be empty", "f --host ''"),
    explore("other-host", "cannot listen on 203.0.113.9", "f --host 203.0.113.9", **{"f/en.vec": EN}),
    explore("host-is-no-name", "cannot listen on|--host", "f --host 'no such host'", **{"f/en.vec": EN}),
    explore("long-host", "cannot listen on|--host", f"f --host {'x' * 200}", **{"f/en.vec": EN}),
]  # fmt: skip

BENCH = """output = "out"
teacher = "xlm-roberta-base"
hub = "en"
lexicons = "{}pairs.txt"
[languages]
en = "s.txt"
de = "s.txt"
"""


def run(name: str, line: str, toml: Content, command: str = "run w.toml", **more: Any) -> Case:
    """A workbench file."""
    return Case(
        name=f"run-{name}",
        command=command,
        line=line,
        **more,
        files={**ALL, "s.txt": SENTENCES, "w.toml": toml},
    )


RUNS = [
    run("gone", "gone.toml: No such file", BENCH, "run gone.toml"),
    run("folder", "w.toml: Is a directory", folder),
    run("fifo", "w.toml: a pipe to which nobody writes", fifo),
    run("zeros", "w.toml: more than 16,777,216 bytes", link_to("/dev/zero"), alone=True),
    run("deep", "w.toml: not readable as TOML: nested too deep", deep_toml()),
    run("latin-1", "w.toml: not UTF-8", b"output = '\xfc'"),
    run("json", "w.toml: not readable as TOML", '{"output": "o"}'),
    run("no-languages", "w.toml: 'languages' is missing", BENCH.split("[languages]", maxsplit=1)[0]),
    run("unknown-key", "w.toml: unknown 'colour'", "colour = 1\n" + BENCH),
    run("output-number", "w.toml: output: expected a text", BENCH.replace('"out"', "3")),
    run("nul", "w.toml: output holds a NUL", BENCH.replace('"out"', '"o\\u0000"')),
    run("long-name", "w.toml: languages.de is too long", BENCH.replace('de = "s.txt"', f'de = "{"x" * 300}"')),
    run("long-path", "w.toml: languages.de is too long", BENCH.replace('de = "s.txt"', f'de = "{"x/" * 2500}"')),
    run("corpus-gone", "w.toml: languages.de: corpus .*gone.txt: no such file", BENCH.replace('de = "s.txt"', 'de = "gone.txt"')),
    run("corpus-nested", "w.toml: languages.de", BENCH.replace('de = "s.txt"', "de = " + "[" * 200 + "]" * 200)),
    run("hub-unknown", "w.toml: hub: 'fr' is not under", BENCH.replace('hub = "en"', 'hub = "fr"')),
    run("code-is-a-path", "w.toml: .*\\.\\./x", BENCH.replace("de =", '"../x" =')),
    run("url", "w.toml: output: ", BENCH.replace('"out"', '"s3://b/o"')),
    run("huge-number", r"w.toml: \[distill\]: .*at most", BENCH + f"[distill]\nepochs = {HUGE}\n"),
    run("nan", r"w.toml: \[distill\]: .*finite", BENCH + "[distill]\nridge = nan\n"),
    run("infinite", r"w.toml: \[distill\]: .*finite", BENCH + "[distill]\nown_weight = inf\n"),
    run("wrong-type", r"w.toml: \[distill\]: epochs must be int", BENCH + '[distill]\nepochs = "3"\n'),
    run("unknown-setting", r"w.toml: \[distill\]: unknown setting", BENCH + "[distill]\nepoch = 3\n"),
    run("set-by-the-run", r"w.toml: \[distill\]: 'corpus' is set by the run", BENCH + '[distill]\ncorpus = "s.txt"\n'),
    run("corpora-in-the-output", "w.toml: languages.de: corpus .* lie in one another", BENCH.replace('"out"', '"."').replace('en = "s.txt"', 'en = "hf:x"')),
    run("output-in-a-corpus", "w.toml: languages.de: corpus .* lie in one another", BENCH.replace('de = "s.txt"', 'de = "."')),
    run("output-is-a-file", "s.txt", BENCH.replace('"out"', '"s.txt"').replace('"s.txt"\nde = "s.txt"', '"en.vec"\nde = "de.vec"')),
    run("workers-0", "--workers must be at least 1", BENCH, "run w.toml --workers 0"),
    run("only-unknown", "--only|nothing", BENCH, "run w.toml --only xx/distill"),
    run("from-unknown", "--from", BENCH, "run w.toml --from bake"),
    run("processes", r"w.toml: \[pretrain\]: processes must be 1", BENCH + "[pretrain]\nprocesses = 0\n"),
]  # fmt: skip

CASES = [*SIMILARITIES, *BLIS, *RETRIEVALS, *ALIGNS, *DOWNSTREAM, *REPORTS, *EXPLORES, *RUNS]

"""``languages ...``, ``eval impact``, ``eval nli``, ``pretrain --groups``: what cannot be meant."""

from __future__ import annotations

import json

from tests.eval.downstream_pieces import tagged_text
from tests.hostile.case import HUGE, Case, Content, numbers
from tests.hostile.models import model, without
from tests.hostile.parts import SENTENCES, deep_json, fifo, folder, gz, link_to

LINES = "the cat sat on the mat\na dog ran\nthe red house\nthe big tree\n"
TEXTS: dict[str, Content] = {"de.txt": LINES, "fr.txt": LINES, "m": model("teacher")}
REPRESENT = "languages represent --model m --text de.txt fr.txt --output o --device cpu"
DISTANCE = "languages distance --output o.tsv --languages"
IMPACT = "eval impact --before m --after m --text de.txt --device cpu"
NLI = "eval nli --model m --train t.tsv --test de=s.tsv --device cpu"
PAIRS = "a cat\ta dog\tneutral\nthe mat\tthe rug\tentailment\n"
ASKED: dict[str, Content] = {"t.tsv": PAIRS, "s.tsv": PAIRS, "m": model("bert")}
TABLE = "first\tsecond\tsyntactic\n" + "".join(
    f"{a}\t{b}\t0.{i}{j}\n"
    for i, a in enumerate(("de", "en", "fr", "hi"))
    for j, b in enumerate(("fr", "hi", "sw"), 3)
    if a < b
)
SCORES = "source\ttarget\tf1\nde\ten\t0.5\nen\tde\t0.4\nde\tfr\t0.3\nen\tfr\t0.2\n"
GROUPS = json.dumps({"groups": [{"name": "g", "languages": ["de"]}], "random": [[]]})
PRETRAIN = "pretrain --model m --text de.txt --loss none --steps 1 --output o --device cpu"


def case(
    name: str, line: str | None, command: str, files: dict[str, Content] | None = None
) -> Case:
    """A command that must fail, among files."""
    return Case(name=name, command=command, line=line, files=files or {})


CASES = [
    *numbers("represent", REPRESENT, TEXTS, {
        "--max-sentences": (0, 1, -1, HUGE, "x"), "--enough": (-1, "nan", 3), "--max-pieces": (0, 3),
        "--batch-pieces": (0,), "--layer": (5, -6, "x"), "--pool": ("max",),
    }),
    case("represent-empty", "de.txt: 0 of 0 sentences", REPRESENT, {**TEXTS, "de.txt": ""}),
    case("represent-blank", "de.txt: 0 of 0 sentences", REPRESENT, {**TEXTS, "de.txt": "\n \n\n"}),
    case("represent-one-sentence", "de.txt: 1 of 1 sentences", REPRESENT, {**TEXTS, "de.txt": "the cat\n"}),
    case("represent-gone", "--text fr.txt: no such file", REPRESENT, {"de.txt": LINES, "m": model("teacher")}),
    case("represent-no-pattern", "--text .*: no file matches", "languages represent --model m --text 'x*.txt' --output o", TEXTS),
    case("represent-folder", "de.txt: the folder holds no file", REPRESENT, {**TEXTS, "de.txt": folder}),
    case("represent-fifo", "de.txt: a pipe", REPRESENT, {**TEXTS, "de.txt": fifo}),
    case("represent-latin-1", "de.txt:1: not UTF-8", REPRESENT, {**TEXTS, "de.txt": b"\xfcber\n"}),
    case("represent-cut-gzip", "de.txt: broken compressed", REPRESENT, {**TEXTS, "de.txt": gz(LINES * 200, cut=9)}),
    case("represent-no-model", "m: ", REPRESENT, {"de.txt": LINES, "fr.txt": LINES}),
    case("represent-no-weights", "cannot be loaded", REPRESENT, {**TEXTS, "m": without("*.safetensors", "teacher")}),
    case("represent-into-its-text", "is the input", "languages represent --model m --text de.txt --output de.txt", TEXTS),
    case("represent-over-another", "o exists|o is|o: ", REPRESENT, {**TEXTS, "o/mine.txt": "mine"}),
    case("distance-one", "--languages needs at least 2 languages, got 1", f"{DISTANCE} de"),
    case("distance-unknown", "--languages: 'qqx' is a language that no table knows; the closest are", f"{DISTANCE} de qqx"),
    case("distance-name", "'germna' is .*did you mean 'de'", f"{DISTANCE} fr germna"),
    case("distance-twice", "--languages: de is named twice", f"{DISTANCE} de de"),
    case("distance-path", "'../x' is a language that no table knows", f"{DISTANCE} de ../x"),
    case("distance-kind", "argument --kind", f"{DISTANCE} de fr --kind semantic"),
    case("distance-lexical-alone", "--kind lexical needs --word-lists", f"{DISTANCE} de fr --kind lexical"),
    case("distance-lists-alone", "--word-lists serves --kind lexical", f"{DISTANCE} de fr --word-lists x{{}}"),
    case("distance-lists-pattern", "no {} for the language", f"{DISTANCE} de fr --kind lexical --word-lists x"),
    case("distance-list-gone", "xde.txt: No such file", f"{DISTANCE} de fr --kind lexical --word-lists x{{}}.txt"),
    case("distance-list-bad", "xde.txt:1: expected a word and its meaning", f"{DISTANCE} de fr --kind lexical --word-lists x{{}}.txt", {"xde.txt": "Haus\n", "xfr.txt": "maison house\n"}),
    case("distance-no-means", "o2: no folder of x2static languages represent", f"{DISTANCE} de fr --kind representation --representations o2", {"o2/languages.json": "{}"}),
    case("distance-space-gone", "--vectors: no file of fr", f"{DISTANCE} de fr --kind spectral --vectors de=x.vec", {"x.vec": "1 1\na 1\n"}),
    case("distance-output-there", "o.tsv", f"{DISTANCE} de fr", {"o.tsv": "mine"}),
    *numbers("distance", f"{DISTANCE} de fr", {}, {"--min-shared": (0, -1, "x"), "--max-words": (1,), "--metric": ("l2",)}),
    case("cluster-gone", "g: no folder of", "languages cluster --representations g --output o"),
    case("cluster-text", "g: no folder of", "languages cluster --representations g --output o", {"g": "x"}),
    case("cluster-torn", "g: no folder of", "languages cluster --representations g --output o", {"g/languages.json": '{"languages": ["de"], "states": ["4.cls"]}', "g/means.npz": b"PK"}),
    *numbers("cluster", "languages cluster --representations g --output o", {}, {"--groups": (0, -1), "--most-groups": (1,), "--draws": (0,), "--permutations": (0,), "--seed": (-1,), "--linkage": ("ward",)}),
    case("analyse-gone", "d.tsv: No such file", "languages analyse --distances d.tsv --output o"),
    case("analyse-empty", "d.tsv: empty", "languages analyse --distances d.tsv --output o", {"d.tsv": ""}),
    case("analyse-zeros", "d.tsv:1: a line of more", "languages analyse --distances d.tsv --output o", {"d.tsv": link_to("/dev/zero")}),
    case("analyse-two-languages", "--distances: 2 languages in all of the files; at least 4", "languages analyse --distances d.tsv --output o", {"d.tsv": "first\tsecond\tx\nde\ten\t0.5\n"}),
    case("analyse-scores-two", "--scores f1: 3 of its 3 languages", "languages analyse --distances d.tsv --scores s.tsv --output o", {"d.tsv": TABLE, "s.tsv": SCORES}),
    case("analyse-kind", "--kinds far: there are syntactic", "languages analyse --distances d.tsv --kinds far --output o", {"d.tsv": TABLE}),
    case("analyse-scores-deep", "s.json: not readable as results", "languages analyse --distances d.tsv --scores s.json --output o", {"d.tsv": TABLE, "s.json": deep_json()}),
    case("recommend-unknown", "--target: 'qqx' is", "languages recommend --target qqx"),
    case("recommend-few", "--scores: 2 targets|--scores: 1 targets|--scores: 0 targets", "languages recommend --target sw --scores s.tsv", {"s.tsv": SCORES}),
    case("recommend-itself", "--sources: the target alone", "languages recommend --target sw --sources sw"),
    *numbers("recommend", "languages recommend --target sw", {}, {"--top": (0,), "--ridge": (0, "nan")}),
    case("impact-empty", "de.txt: empty", IMPACT, {**TEXTS, "de.txt": ""}),
    case("impact-three", "de.txt: 3 sentences that both models can read; CKA needs at least 4", IMPACT, {**TEXTS, "de.txt": "the cat\na dog\nthe mat\n"}),
    case("impact-depths", "--before has 4 layers and --after 3", IMPACT.replace("--after m", "--after n"), {**TEXTS, "n": model("masked")}),
    case("impact-layer", "--layers 9: this teacher has 4", f"{IMPACT} --layers 9", TEXTS),
    case("impact-layer-word", "--layers last: give numbers", f"{IMPACT} --layers last", TEXTS),
    *numbers("impact", IMPACT, TEXTS, {"--max-sentences": (3, 0), "--shuffles": (-1,), "--seed": (-1,), "--batch-pieces": (0,), "--pool": ("max",)}),
    case("nli-empty", "t.tsv: empty", NLI, {**ASKED, "t.tsv": ""}),
    case("nli-one-column", "t.tsv: no labels", NLI, {**ASKED, "t.tsv": "a cat\n"}),
    case("nli-one-label", "t.tsv: 1 different labels", NLI, {**ASKED, "t.tsv": "a\tb\tneutral\n"}),
    case("nli-unseen", "s.tsv: labels maybe are not among", NLI, {**ASKED, "s.tsv": "a\tb\tmaybe\n"}),
    case("nli-labels-count", "s.tsv: 2 pairs, but --labels has 1", f"{NLI} --labels l.txt", {**ASKED, "s.tsv": "a\tb\nc\td\n", "l.txt": "neutral\n"}),
    case("nli-columns", "t.tsv:2: 2 columns, 3 expected", NLI, {**ASKED, "t.tsv": "a\tb\tneutral\na\tb\n"}),
    case("nli-tags", "t.tsv", NLI, {**ASKED, "t.tsv": tagged_text(3)}),
    case("nli-sources-pattern", "--train t.tsv: --sources needs {}", f"{NLI} --sources de en", ASKED),
    case("nli-sources-twice", "--sources names a language twice", f"{NLI} --sources de de", ASKED),
    case("nli-groups-bad", "--groups g.json: no groups.json", NLI.replace("t.tsv", "'{}.tsv'") + " --groups g.json", {**ASKED, "g.json": "[]"}),
    case("nli-freeze", "--freeze blocks: give", f"{NLI} --freeze blocks", ASKED),
    case("nli-freeze-0", "--freeze blocks:0: blocks are counted from 1", f"{NLI} --freeze blocks:0", ASKED),
    case("nli-freeze-depth", "--freeze blocks:9: m has 4 blocks", f"{NLI} --freeze blocks:9", ASKED),
    case("pretrain-groups-gone", "--groups g.json: No such file", f"{PRETRAIN} --groups g.json", {"de.txt": SENTENCES, "m": model("masked")}),
    case("pretrain-groups-bad", "--groups g.json: no groups.json", f"{PRETRAIN} --groups g.json", {"de.txt": SENTENCES, "m": model("masked"), "g.json": deep_json()}),
    case("pretrain-groups-lack", "--text has fr, which no group", f"{PRETRAIN.replace('de.txt', 'de.txt fr.txt')} --groups g.json", {"de.txt": SENTENCES, "fr.txt": SENTENCES, "m": model("masked"), "g.json": GROUPS}),
    case("pretrain-controls-alone", "--controls needs --groups", f"{PRETRAIN} --controls all", {"de.txt": SENTENCES, "m": model("masked")}),
]  # fmt: skip

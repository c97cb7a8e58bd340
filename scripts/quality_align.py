"""How good is each way of aligning: every preset on real vectors and real dictionaries.

    export X2STATIC_DATA=...   # folder with mono/, muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality_align.py --work WORK --output docs/results/quality-align

Vectors are trained by gensim on each language's sentences (settings below; one worker, so that
another run has the same numbers), maps are learned from MUSE's training dictionary, translations
are scored on its test dictionary. Every finished vector file and score is kept in the work folder:
a stopped run goes on, and ``--methods`` or ``--pairs`` do a part of the work first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.sgns import num_tokens, sentences_of, train_skip_gram  # noqa: E402

KEPT_COUNT = 10
TRAINING: dict[str, Any] = {
    "vector_size": 300, "sg": 1, "window": 5, "negative": 5, "sample": 1e-4,
    "min_count": 5, "workers": 1, "seed": 1,
}  # fmt: skip
SENTENCES = 250_000
TOKENS = 40_000_000  # read in training: a small corpus is read more often, any at least ten times
TRAINED = ("es-en", "de-en", "fr-en", "fi-en", "ru-en", "hi-en", "ja-en", "zh-en")
RELEASED = ("zhang2017/es-en", "zhang2017/zh-en")
TOKENIZERS = {"ja": "fugashi", "zh": "jieba"}
FEW = 100
# What the published VecMap scores on the released vectors: nearest neighbour, CSLS.
PUBLISHED = {
    "zhang2017/es-en": {
        "supervised": (77.61, 78.63),
        "aaai2018": (77.61, 79.13),
        "emnlp2016": (75.32, 78.12),
    },
    "zhang2017/zh-en": {"supervised": (52.94, 67.65)},
}


@dataclass(frozen=True)
class Method:
    """A row of the table.

    Attributes:
        stated: what the table says.
        flags: for ``x2static align``; empty for a transcription in float64.
        seeds: ``lexicon``, ``few`` or ``none``.
    """

    stated: str
    flags: tuple[str, ...]
    seeds: str = "lexicon"

    @property
    def is_reference(self) -> bool:
        """Computed by scripts/vecmap_float64.py."""
        return not self.flags


def preset(name: str, *more: str) -> tuple[str, ...]:
    """Flags of a preset."""
    return ("--preset", name, *more)


METHODS = {
    "emnlp2016": Method("`emnlp2016`: orthogonal", preset("emnlp2016")),
    "aaai2018": Method("`aaai2018`", preset("aaai2018")),
    "supervised": Method("`supervised`: plain VecMap", preset("supervised")),
    "acl2017-seed": Method("`acl2017-seed`", preset("acl2017-seed")),
    "semi-supervised": Method("`semi-supervised --fast`", preset("semi-supervised", "--fast")),
    "rcsls": Method("`rcsls`", preset("rcsls")),
    "bootstrap": Method("`bootstrap`", preset("bootstrap")),
    "semi-bootstrap": Method("`semi-bootstrap --fast`", preset("semi-bootstrap", "--fast")),
    "tuned": Method("`tuned`", preset("tuned")),
    "few-semi-supervised": Method(
        "`semi-supervised --fast`", preset("semi-supervised", "--fast"), "few"
    ),
    "few-semi-bootstrap": Method(
        "`semi-bootstrap --fast`", preset("semi-bootstrap", "--fast"), "few"
    ),
    "few-tuned": Method("`tuned`", preset("tuned"), "few"),
    "acl2017": Method("`acl2017`: numerals", preset("acl2017"), "none"),
    "identical": Method(
        "`identical --fast`: words spelled alike", preset("identical", "--fast"), "none"
    ),
    "unsupervised": Method(
        "`unsupervised --fast` (= `acl2018`)", preset("unsupervised", "--fast"), "none"
    ),
    "acl2018": Method(
        "`acl2018`, the published stopping rule, cutoff 4,000",
        preset("acl2018", "--cutoff", "4000"), "none",
    ),
    "float64-emnlp2016": Method("`emnlp2016` transcribed in float64", ()),
    "float64-aaai2018": Method("`aaai2018` transcribed in float64", ()),
    "float64-supervised": Method("`supervised` transcribed in float64", ()),
    "float64-acl2018": Method("`acl2018` transcribed in float64, cutoff 4,000", (), "none"),
}  # fmt: skip
SECTIONS = {
    "lexicon": "from the whole dictionary",
    "few": f"from the dictionary's first {FEW} source words",
    "none": "without a dictionary",
}
DEFAULT = [name for name in METHODS if name not in ("acl2018", "float64-acl2018")]


@dataclass(frozen=True)
class Bench:
    """Where things lie."""

    data: Path
    work: Path
    threads: int

    def corpus(self, language: str) -> Path:
        """Prepared sentences."""
        return self.work / f"{language}.txt"

    def epochs(self, language: str) -> int:
        """How often training reads a language's sentences."""
        return max(10, TOKENS // num_tokens(self.corpus(language)))

    def trained(self, language: str) -> Path:
        """Vectors trained on a language; another training, another name."""
        settings = {**TRAINING, "epochs": self.epochs(language)}
        key = json.dumps([settings, SENTENCES], sort_keys=True)
        return self.work / f"{language}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"

    def vectors(self, language: str) -> Path:
        """Those of words seen often enough."""
        trained = self.trained(language)
        return trained.with_name(f"{trained.name}-{KEPT_COUNT}")

    def sides(self, pair: str) -> tuple[Path, Path]:
        """Vectors of both languages of a pair."""
        first, second = pair.removeprefix("zhang2017/").split("-")
        if pair in RELEASED:
            folder = self.data / "vectors-zhang2017" / f"{first}-{second}"
            return folder / f"word2vec.{first}", folder / f"word2vec.{second}"
        return self.vectors(first), self.vectors(second)

    def lexicon(self, pair: str, part: str) -> Path:
        """MUSE's dictionary of a pair: ``train`` or ``test``."""
        numbers = {"train": "0-5000", "test": "5000-6500"}[part]
        return self.data / "muse" / part / f"{pair.removeprefix('zhang2017/')}.{numbers}.txt"

    def few(self, pair: str) -> Path:
        """A dictionary of the first source words only that both vocabularies know."""
        from x2static.core.lexicon import read_lexicon
        from x2static.core.vector_file import read_vectors

        path = self.work / f"{pair.replace('/', '-')}.{KEPT_COUNT}.{FEW}.txt"
        if not path.exists():
            source, target = (read_vectors(side) for side in self.sides(pair))
            known = read_lexicon(self.lexicon(pair, "train")).within(source.index, target.index)
            lines = [f"{a}\t{b}\n" for a, b in known.split(FEW)[0]]
            path.write_text("".join(lines), encoding="utf-8")
        return path

    def result(self, pair: str, method: str) -> Path:
        """The score of a method on a pair."""
        return self.work / f"scores-{KEPT_COUNT}" / f"{pair.replace('/', '-')}.{method}.json"


def x2static(*arguments: object, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess:
    """Run our own program; what it says to standard output is kept."""
    command = [sys.executable, "-m", "x2static", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode not in allowed:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    return done


def prepare(bench: Bench, language: str) -> None:
    """Tokenised sentences in lower case."""
    if not bench.corpus(language).exists():
        x2static("prepare", "--language", language, "--input",
                 bench.data / "mono" / f"{language}.txt.gz", "--output", bench.corpus(language),
                 "--tokenizer", TOKENIZERS.get(language, "icu"), "--rules", "all", "--lowercase",
                 "--workers", 1, "--max-sentences", SENTENCES)  # fmt: skip


def train(bench: Bench, language: str) -> None:
    """Vectors of one language, if they are not there."""
    prepare(bench, language)
    output = bench.trained(language)
    if output.exists():
        return
    epochs = bench.epochs(language)
    print(f"training {language}, {epochs} epochs", flush=True)
    train_skip_gram(bench.corpus(language), output, epochs, TRAINING)


def keep_frequent(bench: Bench, language: str) -> None:
    """Leave out rare words, whose vectors are mostly noise in corpora of this size."""
    if bench.vectors(language).exists():
        return
    from x2static.core.vector_file import read_vectors, write_vectors

    vectors = read_vectors(bench.trained(language))
    counts = Counter(word for words in sentences_of(bench.corpus(language)) for word in words)
    size = sum(counts[word] >= KEPT_COUNT for word in vectors.words)
    write_vectors(vectors.head(size), bench.vectors(language), "safetensors")


def processor_seconds() -> float:
    """Of this process and of those it waited for: a pause does not count."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def align(bench: Bench, pair: str, method: Method, outputs: Sequence[Path]) -> dict[str, Any]:
    """Align with our program; what it says of the result."""
    source, target = bench.sides(pair)
    flags: list[object] = list(method.flags)
    if method.seeds != "none":
        few = method.seeds == "few"
        flags += ["--lexicon", bench.few(pair) if few else bench.lexicon(pair, "train")]
    done = x2static("align", "--source", source, "--target", target, "--output-source", outputs[0],
                    "--output-target", outputs[1], *flags, "--threads", bench.threads,
                    "--accept-failure", "--overwrite", "--json", allowed=(0, 2))  # fmt: skip
    if done.returncode:
        return {"refused": True}
    said = json.loads(done.stdout)
    kept = ("failed", "mutual_rate", "found_again", "lift", "iterations", "objective",
            "final_pairs", "tuning")  # fmt: skip
    return {name: said[name] for name in kept if name in said}


def transcribe(bench: Bench, pair: str, name: str, outputs: Sequence[Path]) -> dict[str, Any]:
    """Align by the formulas in float64."""
    from align.seeds import lexicon_rows
    from scripts import vecmap_float64
    from x2static.core.lexicon import read_lexicon
    from x2static.core.vector_file import read_vectors, write_vectors
    from x2static.core.vectors import WordVectors

    source, target = (read_vectors(side) for side in bench.sides(pair))
    said: dict[str, Any] = {}
    if name == "acl2018":
        x, z, history = vecmap_float64.unsupervised(source.matrix, target.matrix, 4000)
        said = {"iterations": len(history), "objective": history[-1][1]}
    else:
        lexicon = read_lexicon(bench.lexicon(pair, "train"))
        pairs = lexicon_rows(lexicon, source, target, pair)
        x, z = vecmap_float64.supervised(name, source.matrix, target.matrix, tuple(pairs))
    for vectors, mapped, output in zip((source, target), (x, z), outputs, strict=True):
        mapped = mapped.astype(np.float32)
        write_vectors(WordVectors(vectors.words, mapped), output, "safetensors")
    return said


def score(bench: Bench, pair: str, name: str) -> dict[str, Any]:
    """A method's score on a pair, made if it is not there."""
    place = bench.result(pair, name)
    if place.exists():
        return json.loads(place.read_text(encoding="utf-8"))
    method = METHODS[name]
    outputs = [bench.work / f"mapped.{side}" for side in ("source", "target")]
    before = processor_seconds()
    if method.is_reference:
        said = transcribe(bench, pair, name.removeprefix("float64-"), outputs)
    else:
        said = align(bench, pair, method, outputs)
    said["cpu_seconds"] = round(processor_seconds() - before, 1)
    if not said.get("refused"):
        answer = bench.work / "score.json"
        test = bench.lexicon(pair, "test")
        x2static("eval", "bli", "--source", outputs[0], "--target", outputs[1], "--lexicon", test,
                 "--method", "nn", "csls", "--json", answer)  # fmt: skip
        rows = json.loads(answer.read_text(encoding="utf-8"))["rows"]
        for row in rows:
            said[row["method"]] = row["p@1"]
        for key in ("queries", "coverage", "source_words", "target_words"):
            said[key] = rows[0][key]
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(pair, name, said, flush=True)
    return said


Results = dict[str, dict[str, dict[str, Any]]]


def found_so_far(bench: Bench, pairs: Sequence[str]) -> Results:
    """All scores that the work folder holds: method, then pair."""
    results: Results = {}
    for name in METHODS:
        for pair in pairs:
            place = bench.result(pair, name)
            if place.exists():
                said = json.loads(place.read_text(encoding="utf-8"))
                results.setdefault(name, {})[pair] = said
    return results


def cell(said: dict[str, Any] | None, figure: str = "csls", digits: int = 1) -> str:
    """A figure in percent; a dagger where the program itself says that it failed."""
    if said is None:
        return ""
    if figure not in said:
        return "refused"
    return f"{100 * said[figure]:.{digits}f}{'†' if said.get('failed') else ''}"


def trained_table(results: Results, pairs: Sequence[str]) -> list[str]:
    """CSLS P@1 of every method on the vectors trained here."""
    lines = [f"| method | {' | '.join(pairs)} | average |", "|---" * (len(pairs) + 2) + "|"]
    for seeds, stated in SECTIONS.items():
        names = [name for name, method in METHODS.items() if method.seeds == seeds]
        rows = [(name, results.get(name, {})) for name in names]
        rows = [(name, row) for name, row in rows if any(pair in row for pair in pairs)]
        if rows:
            lines.append(f"| *{stated}* |" + " |" * (len(pairs) + 1))
        for name, row in rows:
            cells = [cell(row.get(pair)) for pair in pairs]
            known = [row[pair]["csls"] for pair in pairs if "csls" in row.get(pair, {})]
            mean = f"{100 * float(np.mean(known)):.1f}" if len(known) == len(pairs) else ""
            lines.append(f"| {METHODS[name].stated} | {' | '.join(cells)} | {mean} |")
    for figure, stated, text in (
        ("coverage", "*test words covered*", lambda value: f"{100 * value:.0f} %"),
        ("source_words", "*source words*", lambda value: f"{value:,}"),
    ):
        cells = [column(results, pair, figure, text) for pair in pairs]
        lines.append(f"| {stated} | {' | '.join(cells)} | |")
    return lines


def column(results: Results, pair: str, figure: str, text: Callable[[Any], str]) -> str:
    """A figure that all methods of a pair share."""
    known = [row[pair][figure] for row in results.values() if figure in row.get(pair, {})]
    return text(known[0]) if known else ""


def released_table(results: Results) -> list[str]:
    """Nearest neighbour and CSLS on the released vectors, beside the published figures."""
    heads = [f"{pair.removeprefix('zhang2017/')} {what}" for pair in RELEASED
             for what in ("NN", "CSLS", "NN published", "CSLS published")]  # fmt: skip
    lines = [f"| method | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, row in results.items():
        if not any(pair in row for pair in RELEASED):
            continue
        cells = []
        for pair in RELEASED:
            said = row.get(pair)
            figures = [cell(said, "nn", 2), cell(said, digits=2)]
            published = PUBLISHED[pair].get(name)
            figures += [f"{value:.2f}" for value in published] if published else ["", ""]
            cells += figures
        section = {"few": f", {FEW} words", "none": ""}.get(METHODS[name].seeds, "")
        lines.append(f"| {METHODS[name].stated}{section} | {' | '.join(cells)} |")
    return lines


def tuning_table(results: Results) -> list[str]:
    """What `tuned` decided on the fifth of each dictionary that it held back."""
    lines = ["| pair | ridge | re-weighting | mutual pairs | polished | held-back CSLS P@1, "
             "published map | chosen |", "|---" * 7 + "|"]  # fmt: skip
    for pair, said in results.get("tuned", {}).items():
        tuning = said["tuning"]
        yes = ["yes" if tuning[name] else "no" for name in ("bootstrapped", "polished")]
        scores = [f"{100 * tuning[name]:.1f}" for name in ("plain", "held_back")]
        lines.append(f"| {pair} | {tuning['ridge']:g} | {tuning['reweight']:g} | "
                     f"{' | '.join(yes + scores)} |")  # fmt: skip
    return lines


def signs_table(results: Results, pairs: Sequence[str]) -> list[str]:
    """How self-learning without a dictionary went, and what the program said of it."""
    lines = ["| run | pair | iterations | objective | mutual rate | found again | lift | verdict | "
             "CSLS P@1 | CPU s |", "|---" * 10 + "|"]  # fmt: skip
    for name, row in results.items():
        for pair in pairs:
            said = row.get(pair, {})
            if METHODS[name].seeds != "none" or "csls" not in said:
                continue
            signs = [f"{said[key]:.3f}" if key in said else "" for key in
                     ("objective", "mutual_rate", "found_again", "lift")]  # fmt: skip
            verdict = {True: "failed", False: "converged"}.get(said.get("failed"), "")
            lines.append(f"| {METHODS[name].stated} | {pair} | {said.get('iterations', '')} | "
                         f"{' | '.join(signs)} | {verdict} | {100 * said['csls']:.1f} | "
                         f"{said['cpu_seconds']:.0f} |")  # fmt: skip
    return lines


def report(results: Results) -> str:
    """All tables in Markdown."""
    recipe = (
        f"gensim skip-gram, {TRAINING['vector_size']} wide, window {TRAINING['window']}, "
        f"{TRAINING['negative']} negatives, {TOKENS:,} words read, words seen at least "
        f"{KEPT_COUNT} times, up to {SENTENCES:,} sentences a language"
    )
    trained = [pair for pair in TRAINED if any(pair in row for row in results.values())]
    parts = [
        f"CSLS P@1 in percent, MUSE test dictionaries, vectors trained here ({recipe}):\n",
        *trained_table(results, trained),
        "\n† the program itself says that the run has failed; without `--accept-failure` a run "
        "without a dictionary then starts again, and in the end writes nothing.\n",
        "Released vectors (Zhang et al. 2017, 50 wide), beside what the published VecMap scores:\n",
        *released_table(results),
        "\nWhat `tuned` chose, by the part of the training dictionary that it held back:\n",
        *tuning_table(results),
        "\nRuns without a dictionary (first attempt, whatever it was worth):\n",
        *signs_table(results, [*TRAINED, *RELEASED]),
    ]
    return "\n".join(parts) + "\n"


def write(bench: Bench, output: Path) -> str:
    """The tables and the figures behind them."""
    results = found_so_far(bench, [*TRAINED, *RELEASED])
    methods = {
        name: {"flags": list(METHODS[name].flags), "seeds": METHODS[name].seeds, "pairs": row}
        for name, row in results.items()
    }
    recipe = {"gensim": TRAINING, "sentences": SENTENCES, "tokens": TOKENS, "kept": KEPT_COUNT}
    data = {"training": recipe, "methods": methods}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    text = report(results)
    output.with_suffix(".md").write_text(text, encoding="utf-8")
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Train what is asked for, align, score, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="folder for vectors and scores")
    parser.add_argument("--output", type=Path, required=True, help="results: NAME.json and NAME.md")
    parser.add_argument("--pairs", nargs="+", choices=[*TRAINED, *RELEASED],
                        default=[*RELEASED, *TRAINED])  # fmt: skip
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=DEFAULT)
    parser.add_argument("--threads", type=int, default=0, help="of self-learning; 0: every core")
    options = parser.parse_args(argv)
    if options.data is None:
        parser.error("--data: give the data folder, or set X2STATIC_DATA")
    options.work.mkdir(parents=True, exist_ok=True)
    bench = Bench(Path(options.data).resolve(), options.work.resolve(), options.threads)
    for pair in options.pairs:
        if pair in TRAINED:
            for language in pair.split("-")[::-1]:
                train(bench, language)
                keep_frequent(bench, language)
        for name in options.methods:
            score(bench, pair, name)
        write(bench, options.output)
    print(write(bench, options.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())

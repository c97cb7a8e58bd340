"""How good is each way of aligning: every preset on real vectors and real dictionaries.

    export X2STATIC_DATA=...   # folder with mono/, muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality/align.py --work WORK --output docs/results/quality-align

fastText vectors are trained by gensim on each language's sentences (settings below; one worker, so
that another run has the same numbers), maps are learned from MUSE's training dictionary,
translations are scored on its test dictionary. Beside them stand released vectors, and those that
the demo's teacher gives (WORK/distilled may be the folder of scripts/quality/teacher.py, which
makes the same). Every finished vector file and score is kept in the work folder: a stopped run
goes on, and ``--methods`` or ``--pairs`` do a part of the work first. After a change of the program
take another WORK.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality import teacher as quality_teacher  # noqa: E402
from scripts.quality.align_methods import DEFAULT, FEW, LEARNING_WORDS, METHODS, Method  # noqa: E402
from scripts.quality.align_tables import (  # noqa: E402
    Results,
    bare,
    others_table,
    released_table,
    signs_table,
    trained_table,
    tuning_table,
)
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.sgns import num_tokens, train_skip_gram  # noqa: E402
from scripts.train_demo_teacher import OUTPUT as TEACHER  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.core.storage.files import sha256  # noqa: E402

TRAINING: dict[str, Any] = {
    "vector_size": 300, "sg": 1, "window": 5, "negative": 5, "sample": 1e-4, "min_count": 5,
    "min_n": 3, "max_n": 6, "bucket": 500_000, "workers": 1, "seed": 1,
}  # fmt: skip
SENTENCES = 250_000
TOKENS = 40_000_000  # read in training: a small corpus is read more often, any at least ten times
TRAINED = ("es-en", "de-en", "fr-en", "fi-en", "ru-en", "hi-en", "ja-en", "zh-en")
RELEASED = ("zhang2017/es-en", "zhang2017/zh-en")
DISTILLED = ("distilled/de-en", "distilled/fr-en", "distilled/es-en")
PAIRS = (*RELEASED, *TRAINED, *DISTILLED)
TOKENIZERS = {"ja": "fugashi", "zh": "jieba"}


def languages_of(pair: str) -> tuple[str, str]:
    """Source and target."""
    source, _, target = bare(pair).partition("-")
    return source, target


@dataclass(frozen=True)
class AlignWork(Workspace):
    """Where things lie."""

    threads: int

    @property
    def distilled(self) -> quality_teacher.TeacherWork:
        """Where the vectors of the demo's teacher lie."""
        return quality_teacher.TeacherWork(self.data, self.work / "distilled", TEACHER)

    def corpus(self, language: str) -> Path:
        """Prepared sentences."""
        return self.work / f"{language}-{SENTENCES}.txt"

    def epochs(self, language: str) -> int:
        """How often training reads a language's sentences."""
        return max(10, TOKENS // num_tokens(self.corpus(language)))

    def trained(self, language: str) -> Path:
        """Vectors trained on a language; another training, another name."""
        settings = {**TRAINING, "epochs": self.epochs(language)}
        key = json.dumps([settings, SENTENCES], sort_keys=True)
        return self.work / f"{language}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"

    def sides(self, pair: str) -> tuple[Path, Path]:
        """Vectors of both languages of a pair."""
        first, second = languages_of(pair)
        if pair in DISTILLED:
            own = self.distilled
            return own.vectors("default", first), own.vectors("default", second)
        if pair in RELEASED:
            folder = self.data / "vectors-zhang2017" / f"{first}-{second}"
            return folder / f"word2vec.{first}", folder / f"word2vec.{second}"
        return self.trained(first), self.trained(second)

    def lexicon(self, pair: str, part: str) -> Path:
        """MUSE's dictionary of a pair: ``train`` or ``test``."""
        numbers = {"train": "0-5000", "test": "5000-6500"}[part]
        return self.data / "muse" / part / f"{bare(pair)}.{numbers}.txt"

    def few(self, pair: str) -> Path:
        """A dictionary of the first source words only that both vocabularies know."""
        from x2static.core.text.lexicon import read_lexicon
        from x2static.core.vector_file import read_vectors

        source, target = (read_vectors(side) for side in self.sides(pair))
        known = read_lexicon(self.lexicon(pair, "train")).within(source.index, target.index)
        path = self.work / f"{pair.replace('/', '-')}.{FEW}.txt"
        path.write_text("".join(f"{a}\t{b}\n" for a, b in known.split(FEW)[0]), encoding="utf-8")
        return path

    def result(self, pair: str, method: str) -> Path | None:
        """Where the score of a method on a pair is kept, if the pair's vectors are there.

        Other vectors, dictionaries or flags, another name.
        """
        if pair in TRAINED and not all(self.corpus(name).exists() for name in languages_of(pair)):
            return None
        sides = self.sides(pair)
        if not all(side.exists() for side in sides):
            return None
        about = METHODS[method]
        inputs = [*sides, self.lexicon(pair, "train"), self.lexicon(pair, "test")]
        key = json.dumps([about.flags, about.seeds, FEW, *map(digest_of, inputs)])
        name = f"{pair.replace('/', '-')}.{method}.{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        return self.work / "scores" / f"{name}.json"


@cache
def digest_of(path: Path) -> str:
    """SHA-256 of a file or folder that does not change while this program runs."""
    return sha256(path)


def prepare(bench: AlignWork, language: str) -> None:
    """Tokenized sentences in lower case."""
    if not bench.corpus(language).exists():
        x2static("prepare", "--language", language, "--input",
                 bench.data / "mono" / f"{language}.txt.gz", "--output", bench.corpus(language),
                 "--tokenizer", TOKENIZERS.get(language, "icu"), "--rules", "all", "--lowercase",
                 "--workers", 1, "--max-sentences", SENTENCES)  # fmt: skip


def train(bench: AlignWork, language: str) -> None:
    """Vectors of one language, if they are not there."""
    prepare(bench, language)
    output = bench.trained(language)
    if output.exists():
        return
    epochs = bench.epochs(language)
    print(f"training {language}, {epochs} epochs", flush=True)
    train_skip_gram(bench.corpus(language), output, epochs, TRAINING, subwords=True)


def processor_seconds() -> float:
    """Of this process and of those it waited for: a pause does not count."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def align(bench: AlignWork, pair: str, method: Method, outputs: Sequence[Path]) -> dict[str, Any]:
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
    kept = ("failed", "mutual_rate", "found_again", "lift", "agreement", "iterations", "objective",
            "final_pairs", "tuning")  # fmt: skip
    return {name: said[name] for name in kept if name in said}


def transcribe(bench: AlignWork, pair: str, name: str, outputs: Sequence[Path]) -> dict[str, Any]:
    """Align by the formulas in float64."""
    from align.seeds import lexicon_rows
    from scripts.quality import vecmap_float64
    from x2static.core.text.lexicon import read_lexicon
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


def score(bench: AlignWork, pair: str, name: str) -> dict[str, Any]:
    """A method's score on a pair, made if it is not there."""
    place = bench.result(pair, name)
    if place is None:
        raise SystemExit(f"{pair}: its vectors are missing")
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
            said[f"{row['method']}_others"] = row["other_p@1"]
        for key in ("queries", "coverage", "alike", "source_words", "target_words"):
            said[key] = rows[0][key]
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(pair, name, said, flush=True)
    return said


def found_so_far(bench: AlignWork, pairs: Sequence[str]) -> Results:
    """All scores that the work folder holds: method, then pair."""
    results: Results = {}
    for name in METHODS:
        for pair in pairs:
            place = bench.result(pair, name)
            if place is not None and place.exists():
                said = json.loads(place.read_text(encoding="utf-8"))
                results.setdefault(name, {})[pair] = said
    return results


def shares_alike(results: Results, pairs: Sequence[str]) -> str:
    """Least and largest share of covered test words spelled like a translation, in percent."""
    shares = [
        100 * row[pair]["alike"]
        for row in results.values()
        for pair in pairs
        if "alike" in row.get(pair, {})
    ]
    return f"{min(shares):.0f} to {max(shares):.0f}" if shares else "some"


def report(results: Results) -> str:
    """All tables in Markdown."""
    recipe = (
        f"fastText by gensim: skip-gram, {TRAINING['vector_size']} wide, window "
        f"{TRAINING['window']}, {TRAINING['negative']} negatives, {TRAINING['min_n']} to "
        f"{TRAINING['max_n']} letters, {TOKENS:,} words read, words seen at least "
        f"{TRAINING['min_count']} times, up to {SENTENCES:,} sentences a language"
    )
    trained, distilled = (
        [pair for pair in group if any(pair in row for row in results.values())]
        for group in (TRAINED, DISTILLED)
    )
    tables = {
        f"CSLS P@1 in percent, MUSE test dictionaries, vectors trained here ({recipe}); "
        f"self-learning among the {LEARNING_WORDS:,} most frequent words of each side": (
            trained_table(results, trained),
            trained,
        ),
        "The same of the test words that are not spelled like a translation of theirs (names, "
        "mostly; a method that starts from words spelled alike has learned from the others)": (
            others_table(results, trained),
            trained,
        ),
        "Vectors that the demo's teacher gives (CSLS P@1 in percent, 256 wide, all sentences of "
        f"the text; of the covered test words {shares_alike(results, distilled)} % are spelled "
        "like their translation)": (trained_table(results, distilled), distilled),
        "Released vectors (Zhang et al. 2017, 50 wide), beside the published VecMap's figures": (
            released_table(results, RELEASED),
            [pair for pair in RELEASED if any(pair in row for row in results.values())],
        ),
        "What `tuned` chose, and CSLS P@1 on words of the training dictionary that it held back "
        "(on the words that decided, the choice is the best of about 26, its score optimistic)": (
            tuning_table(results),
            list(results.get("tuned", {})),
        ),
        "Runs without a dictionary (first attempt, whatever it was worth)": (
            signs_table(results, PAIRS),
            [name for name in results if METHODS[name].seeds == "none"],
        ),
    }
    parts = ["\n".join([f"{head}:\n", *lines]) for head, (lines, rows) in tables.items() if rows]
    dagger = (
        "† the program itself says that the result is not to be trusted; an `unsupervised` run "
        "then starts again, and in the end writes nothing, unless `--accept-failure` is given."
    )
    return "\n\n".join([*parts[:1], dagger, *parts[1:]]) + "\n"


def write(bench: AlignWork, output: Path) -> str:
    """The tables and the figures behind them."""
    results = found_so_far(bench, PAIRS)
    methods = {
        name: {"flags": list(METHODS[name].flags), "seeds": METHODS[name].seeds, "pairs": row}
        for name, row in results.items()
    }
    recipe = {"gensim": TRAINING, "sentences": SENTENCES, "tokens": TOKENS}
    data = {"training": recipe, "methods": methods}
    text = report(results)
    made = provenance(seeds=(TRAINING["seed"],), n=f"{SENTENCES} sentences at most", repeats=1)
    write_results(output, data, text, made)
    return text


def main(argv: Sequence[str]) -> int:
    """Train what is asked for, align, score, write the tables."""
    parser = quality_parser(str(__doc__))
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=PAIRS)
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=DEFAULT)
    parser.add_argument("--threads", type=int, default=0, help="of self-learning; 0: every core")
    options = parse(parser, argv)
    options.work.mkdir(parents=True, exist_ok=True)
    bench = AlignWork(options.data.resolve(), options.work.resolve(), options.threads)
    for pair in options.pairs:
        for language in languages_of(pair)[::-1]:
            if pair in TRAINED:
                train(bench, language)
            elif pair in DISTILLED:
                quality_teacher.make(bench.distilled, "default", language)
        for name in options.methods:
            score(bench, pair, name)
        write(bench, options.output)
    print(write(bench, options.output))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

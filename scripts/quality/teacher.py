"""Is the demo's teacher worth distilling? Its vectors against skip-gram's on the same sentences.

    export X2STATIC_DATA=...   # folder with mono/, muse/, wordsim/
    .venv/bin/python scripts/quality/teacher.py --work WORK --output docs/results/demo-teacher

Translation is MUSE's test dictionary, CSLS P@1: before alignment, and after the plain supervised
VecMap on MUSE's training dictionary. Similarity is Spearman's correlation on the words known to
all. WORK may be that of scripts/train-demo-teacher, whose sentences and skip-gram vectors are then
used as they are; distilled vectors of another teacher are refused, not used.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.sgns import num_tokens, train_skip_gram  # noqa: E402
from scripts.train_demo_teacher import HUB, OUTPUT, SKIP_GRAM, WORDS_READ, prepare  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.core.text.lexicon import read_lexicon  # noqa: E402

SPOKES = ("de", "fr", "es")
SETS = {
    "en": (
        "EN-SIMLEX-999.txt",
        "EN-WS-353-ALL.txt",
        "EN-MEN-TR-3k.txt",
        "EN-RW-STANFORD.txt",
        "semeval2017-2/en.test.txt",
    ),
    "de": ("semeval2017-2/de.test.txt",),
    "es": ("semeval2017-2/es.test.txt", "multisimlex/es.tsv"),
    "fr": ("multisimlex/fr.tsv",),
}
METHODS: dict[str, tuple[str, tuple[object, ...]]] = {
    "skip-gram": ("skip-gram, 256 wide", ()),
    "default": ("distilled, default preset", ()),
    "closed-form": ("distilled, preset `closed-form`", ("--preset", "closed-form")),
    "aggregate": ("distilled, aggregate", ("--method", "aggregate")),
    "decontextual": ("distilled, words alone", ("--method", "decontextual")),
}


@dataclass(frozen=True)
class TeacherWork(Workspace):
    """Where things lie.

    Attributes:
        teacher: the model to be judged.
    """

    teacher: Path

    def vectors(self, method: str, language: str) -> Path:
        """A method's vectors of a language."""
        return self.work / method / language


def make(bench: TeacherWork, method: str, language: str) -> None:
    """A method's vectors of a language, of words seen five times or more."""
    sentences, output = prepare(bench.data, bench.work, language), bench.vectors(method, language)
    if method == "skip-gram":
        if not output.exists():
            epochs = max(5, WORDS_READ // num_tokens(sentences))
            train_skip_gram(sentences, output, epochs, SKIP_GRAM)
        return
    x2static("distill", "--corpus", sentences, "--teacher", bench.teacher, "--output", output,
             "--min-count", SKIP_GRAM["min_count"], "--resume", *METHODS[method][1])  # fmt: skip


def translation(bench: TeacherWork, method: str, language: str) -> dict[str, float]:
    """CSLS P@1 before and after alignment, and the share of queries covered."""
    sides = {"before": [bench.vectors(method, name) for name in (language, HUB)]}
    mapped = bench.work / "mapped" / f"{method}-{language}"
    sides["after"] = [mapped / language, mapped / HUB]
    muse = bench.data / "muse"
    source, target = sides["before"]
    x2static("align", "--preset", "supervised", "--source", source, "--target", target,
             "--lexicon", muse / "train" / f"{language}-{HUB}.0-5000.txt",
             "--output-source", sides["after"][0], "--output-target", sides["after"][1],
             "--overwrite")  # fmt: skip
    whole = muse / "test" / f"{language}-{HUB}.5000-6500.txt"
    lexicons = {"": whole, " unlike": spelled_differently(whole, bench.work)}
    found = {}
    for name, (source, target) in sides.items():
        for kind, lexicon in lexicons.items():
            answer = bench.work / "scores" / f"bli-{method}-{language}-{name}{kind}.json"
            x2static("eval", "bli", "--source", source, "--target", target, "--lexicon", lexicon,
                     "--method", "csls", "--json", answer)  # fmt: skip
            row = json.loads(answer.read_text(encoding="utf-8"))["rows"][0]
            found |= {name + kind: row["p@1"], "coverage" + kind: row["coverage"]}
    return found


def spelled_differently(lexicon: Path, work: Path) -> Path:
    """The words of a dictionary of which no translation is the word itself."""
    pairs = read_lexicon(lexicon)
    alike = {source for source, target in pairs if source == target}
    path = work / f"unlike.{lexicon.name}"
    path.write_text("".join(f"{a}\t{b}\n" for a, b in pairs if a not in alike), encoding="utf-8")
    return path


def similarity(bench: TeacherWork, method: str, language: str) -> dict[str, Any]:
    """Mean Spearman correlation over a language's sets, and mean coverage."""
    answer = bench.work / "scores" / f"similarity-{method}-{language}.json"
    x2static("eval", "similarity", "--vectors", bench.vectors(method, language), "--phrases",
             "skip", "--dataset", *(bench.data / "wordsim" / name for name in SETS[language]),
             "--json", answer)  # fmt: skip
    rows = json.loads(answer.read_text(encoding="utf-8"))["rows"]
    return {
        "spearman": statistics.mean(row["spearman"] for row in rows),
        "coverage": statistics.mean(row["coverage"] for row in rows),
    }


def measure(bench: TeacherWork, method: str) -> dict[str, Any]:
    """All figures of a method."""
    for language in (HUB, *SPOKES):
        make(bench, method, language)
    return {
        "method": method,
        "bli": {language: translation(bench, method, language) for language in SPOKES},
        "similarity": {language: similarity(bench, method, language) for language in SETS},
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as Markdown: all test words, those spelled differently, similarity."""
    head = ["vectors, test words", *(f"{name}-{HUB}, unaligned" for name in SPOKES)]
    head += [*(f"{name}-{HUB}, aligned" for name in SPOKES), *(f"similarity {n}" for n in SETS)]
    lines = [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for kind, stated in (("", "all"), (" unlike", "spelled differently")):
        for row in rows:
            figures = [row["bli"][n][when + kind] for when in ("before", "after") for n in SPOKES]
            cells = [f"{100 * figure:.1f}" for figure in figures]
            if not kind:
                cells += [f"{100 * row['similarity'][name]['spearman']:.1f}" for name in SETS]
            cells += [""] * (len(head) - 1 - len(cells))
            lines.append(f"| {METHODS[row['method']][0]}, {stated} | {' | '.join(cells)} |")
        shares = [rows[-1]["bli"][name]["coverage" + kind] for _ in range(2) for name in SPOKES]
        if not kind:
            shares += [rows[-1]["similarity"][name]["coverage"] for name in SETS]
        shown = [f"{100 * share:.0f} %" for share in shares]
        shown += [""] * (len(head) - 1 - len(shown))
        lines.append(f"| *{stated}: covered* | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    """Make what is missing, score, write the table."""
    parser = quality_parser(__doc__)
    parser.add_argument("--teacher", type=Path, default=OUTPUT)
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    options = parse(parser, argv)
    bench = TeacherWork(options.data, options.work, options.teacher)
    rows = [measure(bench, method) for method in options.methods]
    made = provenance(seeds=(0, 1), n="the demo's sentences", repeats=1)
    write_results(options.output, rows, table(rows), made)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Preparing text: tokenizers per core, processes, memory.

X2STATIC_DATA names a folder with real text (``mono/LANG.txt.gz``, a sentence a line) and real
UDPipe models (``udpipe/*.udpipe``). Tokenizer rows count sentences per second of processor time,
one thread on both sides. A tokenizer's reference is the plain loop a user would write over the
library; for UDPipe it is spacy-udpipe's full pipeline, as the paper's published code runs it. The
floor of the UDPipe rows is UDPipe's own tokenizer.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as the process of `single_threaded`
    sys.path.insert(0, str(ROOT))

from scripts.paired import REPEATS, compared, in_turns, processor_seconds  # noqa: E402
from x2static.core.errors import ConfigError  # noqa: E402
from x2static.core.text.corpus import iter_sentences  # noqa: E402
from x2static.prepare.cleaning import clean  # noqa: E402
from x2static.prepare.seen import SeenHashes  # noqa: E402
from x2static.prepare.tokenizers.build import build_tokenizer  # noqa: E402
from x2static.prepare.tokenizers.interface import TokenizerPlan  # noqa: E402
from x2static.prepare.tokenizers.udpipe import UdpipeTokenizer  # noqa: E402
from x2static.prepare.worker import ONE_THREAD  # noqa: E402

Row = dict[str, Any]
UDPIPE_GOAL = 5.0
MODELS = {"fr": "french-partut-ud-2.0-170801.udpipe", "ta": "tamil-ud-2.0-170801.udpipe"}

_PREPARE = """
import json, sys, time
from pathlib import Path
from scripts.peak_memory import peak_megabytes
from x2static.prepare.config import PrepareConfig
from x2static.prepare.stage import prepare

language, source, output, workers = sys.argv[1:]
start = time.perf_counter()
outcome = prepare(PrepareConfig(
    language=language, input=source, output=Path(output), tokenizer="icu", workers=int(workers),
    min_sentences=1, max_sentences=20_000, overwrite=True))
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peak": peak_megabytes(), **outcome.data["counts"]}))
"""


def rows(scratch: Path, quick: bool = False, repeats: int = REPEATS) -> list[Row]:
    """All rows; ``quick`` takes a tenth of the text."""
    data = data_folder()
    scale = 10 if quick else 1
    return [
        *single_threaded(scale, repeats),
        reading_row(data, scratch, 1_000_000 // scale, repeats),
        *process_rows(data, scratch, 4 // min(scale, 2), repeats),
        dedup_row(4_000_000 // scale),
    ]


def single_threaded(scale: int, repeats: int) -> list[Row]:
    """The rows per core, in a process whose matrix products have one thread, as in a worker."""
    words = [sys.executable, __file__, str(scale), str(repeats)]
    answer = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}
    )
    found: list[Row] = json.loads(answer.stdout)
    return found


def rows_per_core(scale: int, repeats: int) -> list[Row]:
    """Tokenizers against their references."""
    data = data_folder()
    return [
        *(row for code in MODELS for row in udpipe_rows(data, code, 8000 // scale, repeats)),
        *icu_rows(data, 40_000 // scale, repeats),
        library_row(data, "ja", "fugashi", plain_fugashi(), 20_000 // scale, repeats),
        library_row(data, "zh", "jieba", plain_jieba(), 20_000 // scale, repeats),
    ]


def data_folder() -> Path:
    """The folder of real text and models."""
    folder = os.environ.get("X2STATIC_DATA")
    if folder is None or not Path(folder, "mono").is_dir():
        raise ConfigError(
            "bench prepare needs real text: set X2STATIC_DATA to a folder with mono/ and udpipe/"
        )
    return Path(folder)


def lines_of(data: Path, language: str, count: int) -> list[str]:
    """Clean lines of a language."""
    with gzip.open(data / "mono" / f"{language}.txt.gz", "rt", encoding="utf-8") as stream:
        return [clean(line.strip()) for line in islice(stream, count)]


def per_second(count: int, work: Callable[[], Any]) -> Callable[[], float]:
    """A side that handles ``count`` sentences; by processor time, as one thread works."""
    side = processor_seconds(work)
    return lambda: count / side()


def udpipe_rows(data: Path, language: str, count: int, repeats: int) -> Iterator[Row]:
    """Our use of a UDPipe tokenizer, against the full pipeline and against UDPipe's own."""
    model = str(data / "udpipe" / MODELS[language])
    lines = lines_of(data, language, count)
    tokenizer = UdpipeTokenizer(model)
    sentences = sum(map(len, tokenizer.split(lines)))
    few = lines[: count // 10]
    num_few = sum(map(len, tokenizer.split(few)))
    same = [tokenizer._split_one(" ".join(line.split())) for line in few] == tokenizer.split(few)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import spacy_udpipe

        pipeline = spacy_udpipe.load_from_path(language, model)
        figures = in_turns(
            {
                "ours": per_second(sentences, lambda: tokenizer.split(lines)),
                "own": per_second(num_few, lambda: [tokenizer._split_one(line) for line in few]),
                "full": per_second(num_few, lambda: [pipeline(line) for line in few]),
            },
            repeats,
        )
    yield {
        "name": f"UDPipe {language}, against spacy-udpipe's full pipeline",
        "unit": "sentences/s/core",
        **compared(figures["ours"], figures["full"], more_is_better=True),
        "goal": UDPIPE_GOAL, "floor": max(figures["own"]),
        "note": f"{'same' if same else 'OTHER'} sentences as UDPipe on {len(few):,} lines",
    }  # fmt: skip
    yield {
        "name": f"UDPipe {language}, against UDPipe's own tokenizer", "unit": "sentences/s/core",
        **compared(figures["ours"], figures["own"], more_is_better=True),
    }  # fmt: skip


def icu_rows(data: Path, count: int, repeats: int) -> Iterator[Row]:
    """Our use of ICU against the loop of icu-tokenizer, in two scripts."""
    for language in ("en", "hi"):
        yield library_row(data, language, "icu", plain_icu(language), count, repeats)


def library_row(
    data: Path,
    language: str,
    name: str,
    plain: Callable[[str], list[str]],
    count: int,
    repeats: int,
) -> Row:
    """A tokenizer of ours against the plain loop over its library."""
    lines = lines_of(data, language, count)
    tokenizer = build_tokenizer(TokenizerPlan(name=name, language=language))
    sentences = sum(map(len, tokenizer.split(lines)))
    figures = in_turns(
        {
            "ours": per_second(sentences, lambda: tokenizer.split(lines)),
            "plain": per_second(sentences, lambda: [plain(line) for line in lines]),
        },
        repeats,
    )
    return {
        "name": f"{name} {language}, against a plain loop", "unit": "sentences/s/core",
        **compared(figures["ours"], figures["plain"], more_is_better=True),
    }  # fmt: skip


def plain_icu(language: str) -> Callable[[str], list[str]]:
    """Slices at break positions, a sentence at a time."""
    import icu

    locale = icu.Locale(language)
    sentence_breaks = icu.BreakIterator.createSentenceInstance(locale)
    word_breaks = icu.BreakIterator.createWordInstance(locale)

    def pieces(breaks: Any, text: str) -> list[str]:
        breaks.setText(text)
        ends = [0, *breaks]
        found = (text[start:end].strip() for start, end in itertools.pairwise(ends))
        return [piece for piece in found if piece]

    return lambda line: [
        " ".join(pieces(word_breaks, sentence)) for sentence in pieces(sentence_breaks, line)
    ]


def plain_fugashi() -> Callable[[str], list[str]]:
    """Node objects and their surfaces."""
    import fugashi

    tagger = fugashi.Tagger()
    return lambda line: [" ".join(word.surface for word in tagger(line))]


def plain_jieba() -> Callable[[str], list[str]]:
    """``jieba.lcut`` of each line."""
    build_tokenizer(TokenizerPlan(name="jieba", language="zh"))  # imports it without its warnings
    import jieba

    jieba.initialize()
    return lambda line: [" ".join(jieba.lcut(line))]


def reading_row(data: Path, scratch: Path, count: int, repeats: int) -> Row:
    """Reading a prepared corpus back, against Python's own way of reading lines."""
    path = scratch / "corpus.txt.gz"
    lines = lines_of(data, "en", min(count, 200_000))
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as stream:
        for line in islice(itertools.cycle(lines), count):
            stream.write(line + "\n")

    def plainly() -> int:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            return sum(1 for line in stream if line.strip())

    figures = in_turns(
        {
            "ours": per_second(count, lambda: sum(1 for _ in iter_sentences(path))),
            "plain": per_second(count, plainly),
        },
        repeats,
    )
    return {
        "name": f"reading {count:,} sentences, .gz", "unit": "sentences/s",
        **compared(figures["ours"], figures["plain"], more_is_better=True),
    }  # fmt: skip


def process_rows(data: Path, scratch: Path, copies: int, repeats: int) -> Iterator[Row]:
    """The whole command: two processes against one, and memory on a text four times as long."""
    text = gzip.decompress((data / "mono" / "de.txt.gz").read_bytes())
    short, long = scratch / "short.txt", scratch / "long.txt"
    short.write_bytes(text)
    with long.open("wb") as stream:
        for copy in range(copies):
            # other words in every copy, so that the set of seen sentences grows too
            stream.write(text.replace(b" ", b" x%d" % copy, -1) if copy else text)
    one, many = (run_prepare(text_of_size, scratch, 1) for text_of_size in (short, long))

    def speed(workers: int) -> float:
        result = run_prepare(short, scratch, workers)
        return float(result["sentences"] / result["seconds"])

    figures = in_turns({"two": lambda: speed(2), "one": lambda: speed(1)}, repeats)
    yield {
        "name": "whole command (ICU, de): 2 processes against 1", "unit": "sentences/s",
        **compared(figures["two"], figures["one"], more_is_better=True),
        "note": f"{len(os.sched_getaffinity(0))} cores",
    }  # fmt: skip
    growth = many["peak"] - one["peak"]
    yield {
        "name": f"peak memory, {one['sentences']:,} and {many['sentences']:,} sentences",
        "unit": "MiB", "ours": many["peak"], "reference": one["peak"],
        "note": f"grows by {growth:.0f} MiB; the set of seen sentences alone by "
        f"{(many['sentences'] - one['sentences']) * 8 / 2**20:.0f}",
    }  # fmt: skip


def run_prepare(source: Path, scratch: Path, workers: int) -> Row:
    """One run in a process of its own."""
    words = [sys.executable, "-c", _PREPARE, "de", source, scratch / "out.txt.gz", workers]
    answer = subprocess.run(
        list(map(str, words)),
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    result: Row = json.loads(answer.stdout)
    return result


def dedup_row(count: int) -> Row:
    """Memory of the set of seen sentences against a Python set of the same hashes."""
    hashes = np.random.default_rng(0).integers(0, 2**63, size=count).astype(np.uint64)
    seen = SeenHashes()
    start = time.process_time()
    for batch in np.array_split(hashes, max(count // 2000, 1)):
        seen.add(batch)
    spent = time.process_time() - start
    python_set = set(hashes.tolist())
    reference = (sys.getsizeof(python_set) + sum(map(sys.getsizeof, python_set))) / count
    ours = seen.nbytes / count
    return {
        "name": f"seen sentences, {count:,}", "unit": "bytes/sentence", "ours": ours,
        "reference": reference, "ratio": reference / ours, "goal": 4.0,
        "note": f"{count / spent:,.0f} sentences/s looked up and added",
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(rows_per_core(*map(int, sys.argv[1:]))))

"""What a busy machine costs: pre-training and reading with a teacher, alone and beside busy loops.

Each way of waiting is a process of its own with the same work: ours, the runtime's default, passive
waiting, one thread. They take turns, beside 0, 2 and 4 processes that only burn time. The reference
alone is the default, beside others the best of the three. What else runs on the machine is in the
column `load`; a row that it has disturbed too much claims nothing.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # before this folder, where align.py is another

from scripts.paired import REPEATS, best, compared, in_turns  # noqa: E402

DEMO = ROOT / "scripts" / "demo_data"
WAYS = {
    "ours": {},
    "default": {},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
KINDS = {"pretrain": "pieces/s", "teacher": "sentences/s"}
Row = dict[str, Any]


def rows(scratch: Path, *, quick: bool = False, repeats: int = REPEATS) -> list[Row]:
    """All rows: two kinds of work, three crowds."""
    text = scratch / "en.txt"
    with gzip.open(DEMO / "en.txt.gz", "rt", encoding="utf-8") as stream:
        text.write_text(
            "".join(line for line, _ in zip(stream, range(2_000), strict=False)), "utf-8"
        )
    crowds, seconds = ((0, 2), 1.0) if quick else ((0, 2, 4), 3.0)
    return [row for kind in KINDS for row in rows_of(kind, text, scratch, crowds, repeats, seconds)]


def rows_of(
    kind: str, text: Path, scratch: Path, crowds: tuple[int, ...], repeats: int, seconds: float
) -> list[Row]:
    """One kind of work in every crowd."""
    found = []
    with ExitStack() as stack:
        workers = {
            way: stack.enter_context(worker(kind, way, text, scratch / f"{kind} {way}"))
            for way in WAYS
        }
        sides: dict[str, Callable[[], float]] = {
            way: (lambda rate=rate: rate(seconds)) for way, rate in workers.items()
        }
        for crowd in crowds:
            with busy(crowd):
                in_turns(sides, 1)  # ours must notice first, as it does once in a night
                figures = in_turns(sides, repeats)
            rivals = ["default"] if crowd == 0 else [way for way in WAYS if way != "ours"]
            rival = best(figures, rivals, more_is_better=True)
            found.append(
                {
                    "name": f"{kind}, beside {crowd} busy processes, against {rival}"
                    if crowd
                    else f"{kind}, alone, against {rival}",
                    "unit": KINDS[kind],
                    **compared(figures["ours"], figures[rival], more_is_better=True),
                    "goal": 0.7 if crowd else 0.97,
                    "note": "; ".join(
                        f"{way} {median(rate):,.0f}" for way, rate in figures.items()
                    ),
                }
            )
    return found


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Beside so many processes that never sleep."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@contextmanager
def worker(kind: str, way: str, text: Path, scratch: Path) -> Iterator[Callable[[float], float]]:
    """A process that works when asked, for so many seconds, and answers with its rate."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_", "KMP_"))}
    with subprocess.Popen(
        [sys.executable, __file__, kind, way, str(text), str(scratch)],
        env=variables | WAYS[way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        asked, answers = process.stdin, process.stdout
        if asked is None or answers is None:
            raise TypeError("no pipes")

        def rate(seconds: float) -> float:
            asked.write(f"{seconds}\n")
            asked.flush()
            return float(answers.readline())

        try:
            yield rate
        finally:
            asked.close()


def pretraining(text: Path, scratch: Path) -> Callable[[int], int]:
    """Updates of the demo's masked language modelling; each answers with its pieces."""
    from scripts.benchmarks.pretrain import TINY, Ours, Size

    scratch.mkdir()
    model = DEMO / "teacher"
    ours = Ours(scratch, Size("demo", TINY, "lines", 8, 1), text, model, block=64)
    return lambda step: ours.updater.run(step).pieces


def reading(text: Path, _scratch: Path) -> Callable[[int], int]:
    """Batches of sentences through the demo's teacher, as for distilling and retrieval."""
    from x2static.teacher.encoder import load_teacher
    from x2static.teacher.sentences import SentenceEncoder

    teacher = load_teacher(str(DEMO / "teacher"), -1)
    encoder = SentenceEncoder(teacher, specials=False, max_pieces=256, batch_pieces=4096)
    lines = text.read_text(encoding="utf-8").splitlines()

    def read(step: int) -> int:
        first = 16 * (step % (len(lines) // 16))
        return len(encoder.encode(lines[first : first + 16]))

    return read


def serve(kind: str, way: str, text: str, scratch: str) -> None:
    """The worker's side."""
    from x2static.core.machine.threads import AdaptedWaiting

    do = {"pretrain": pretraining, "teacher": reading}[kind](Path(text), Path(scratch))
    step = 0
    with AdaptedWaiting(is_wanted=way == "ours"):
        for line in sys.stdin:
            began, made = time.perf_counter(), 0
            while (seconds := time.perf_counter() - began) < float(line):
                made += do(step)
                step += 1
            print(made / seconds, flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])

"""`x2static explore` as its users meet it: a process, HTTP, 40 languages x 200,000 x 300.

The spaces are made up: topics of Zipf sizes, groups of kindred words in them, a falling spectrum.
Each language says the same things with noise of its own, in an order of its own, so that
translations exist; no two share a row, a file or a code. That takes 9.6 GB on disk, and 0.6 GB for
the codes. ``--quick`` makes small ones; X2STATIC_BENCH_LANGUAGES changes their number.

The server is started without codes, makes them, and is started again. The files are read once
before that: they are in the page cache as far as memory holds them (but for one row). Numpy holds
unit rows in memory, multiplies all of them by the query and sorts the largest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from x2static.core.formats.native import map_native
from x2static.core.formats.safetensors_file import map_tensors
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import FloatMatrix, WordVectors

WIDTH = 300
TOPICS, KINDRED = 500, 12  # topics, and words in a group of kindred ones, about
NOISE = 0.5
QUESTIONS, NEIGHBORS = 50, 10
FROM_DISK = 10  # questions when no vector is in memory
REFERENCES = 3  # languages that numpy looks through
START_SECONDS, LOOK_UP_MS = 2.0, 50.0
_ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


class Question(NamedTuple):
    """A word, its language, and its row there."""

    language: str
    word: str
    row: int


class Answer(NamedTuple):
    """What came back.

    Attributes:
        seconds: from the first byte sent to the last one read.
        neighbors: words by language, best first.
    """

    seconds: float
    neighbors: dict[str, list[str]]


class Making(NamedTuple):
    """How the codes came to be.

    Attributes:
        seconds: until those of all languages were there.
        megabytes: the most memory that the server held meanwhile; None where it cannot be told.
    """

    seconds: float
    megabytes: int | None


def rows(scratch: Path, quick: bool = False) -> list[Row]:
    """All rows."""
    languages, words = (5, 45_000) if quick else (40, 200_000)
    languages = int(os.environ.get("X2STATIC_BENCH_LANGUAGES", languages))
    folder = scratch / "aligned"
    names = write_languages(folder, languages, words)
    questions = draw_questions(folder, names)
    with Server(folder) as first:
        making = wait_for_codes(first)
    read_all(folder)
    with Server(folder) as server:
        early = ask(server, questions[0])
        loading = wait_for_codes(server)
        spent = server.processor_seconds()
        answers = [ask(server, question) for question in questions]
        spent = (server.processor_seconds() - spent) / len(answers)
        memory = server.megabytes()
    cold = from_disk(folder, questions[:FROM_DISK])
    numpy_seconds, recall = compare(folder, names, questions, answers)
    size = f"{languages} x {words:,} x {WIDTH}"
    median, slow = milliseconds(answers, 0.5), milliseconds(answers, 0.95)
    return [
        row(f"start to first page, {size}", "s", first.seconds, START_SECONDS, goal=1.0,
            note="no codes yet; reference: the limit that was set"),
        row("start to first page, codes on disk", "s", server.seconds, START_SECONDS, goal=1.0,
            note="reference: the limit that was set"),
        row(f"look-up, {size}", "ms", median, LOOK_UP_MS, goal=1.0,
            floor=f"reading the codes alone: {codes_milliseconds(folder):.0f} ms",
            note=f"95th percentile {slow:.0f} ms, {1000 * spent:.0f} ms of processor time; "
            "reference: the limit that was set"),
        row("look-up, all rows by numpy", "ms", median, 1000 * numpy_seconds,
            note=f"measured on {min(REFERENCES, languages)} languages, for {languages} of them"),
        row("first look-up, at once after the start", "ms", milliseconds([early], 0.5),
            note=f"all codes are read {loading.seconds:.1f} s later"),
        row("look-up, no vector in memory yet", "ms", milliseconds(cold, 0.5)),
        row("share of the ten nearest that are found", "", recall, note="exact: numpy"),
        row("making the codes", "s", making.seconds, note=f"{making.megabytes} MB held, at most"),
        row("memory of the server beside the mapped files", "MB", memory),
    ]  # fmt: skip


def milliseconds(answers: Sequence[Answer], share: float) -> float | None:
    """What this share of the answers took at most; None for no answers."""
    return 1000 * float(np.quantile([one.seconds for one in answers], share)) if answers else None


def write_languages(folder: Path, languages: int, words: int) -> list[str]:
    """Write the spaces, one after the other, and give their names."""
    rng = np.random.default_rng(20240611)
    spread = np.arange(1, WIDTH + 1, dtype=np.float32) ** np.float32(-0.5)
    share = 1 / np.arange(1, TOPICS + 1)
    groups = words // KINDRED + 1
    topics = rng.standard_normal((TOPICS, WIDTH), dtype=np.float32)
    kindred = topics[rng.choice(TOPICS, groups, p=share / share.sum())]
    kindred += rng.standard_normal((groups, WIDTH), dtype=np.float32)
    meanings = kindred[rng.integers(0, groups, words)]
    meanings += rng.standard_normal((words, WIDTH), dtype=np.float32)
    meanings *= spread
    names = [f"l{number:02}" for number in range(languages)]
    for name in names:
        order = np.argsort(np.log(np.arange(1, words + 1)) + 0.2 * rng.standard_normal(words))
        matrix = rng.standard_normal((words, WIDTH), dtype=np.float32)
        matrix *= NOISE * spread
        matrix += meanings[order]
        write_vectors(WordVectors(spellings(rng, order), matrix), folder / name, "safetensors")
    return names


def spellings(rng: np.random.Generator, numbers: NDArray[np.int64]) -> list[str]:
    """Words of usual lengths that no two rows share; they end in the number of the meaning."""
    lengths = rng.integers(1, 9, size=len(numbers))
    letters = rng.integers(97, 123, size=int(lengths.sum()), dtype=np.uint8).tobytes().decode()
    ends = np.cumsum(lengths)
    return [
        f"{letters[end - length : end]}{number}"
        for end, length, number in zip(
            ends.tolist(), lengths.tolist(), numbers.tolist(), strict=True
        )
    ]


def draw_questions(folder: Path, names: Sequence[str]) -> list[Question]:
    """Words of all languages in turn, frequent ones and rare ones."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(QUESTIONS):
        name = names[number % len(names)]
        words = map_native(folder / name).words.decode().split("\n")
        place = int(len(words) ** rng.random()) - 1
        found.append(Question(name, words[place], place))
    return found


class Server:
    """``x2static explore`` in a process of its own, and a connection to it.

    Attributes:
        seconds: from its start until the page and the overview were read.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; entering starts the server."""
        self._folder = folder

    def __enter__(self) -> Server:
        began = time.perf_counter()
        command = [sys.executable, "-m", "x2static", "explore", str(self._folder), "--port", "0"]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if self._process.stderr is None:
            raise RuntimeError("the server's lines cannot be read")
        port = next(
            int(line.split(":")[2].split("/")[0])
            for line in self._process.stderr
            if line.startswith("open http:")
        )
        self._connection = HTTPConnection("127.0.0.1", port, timeout=600)
        self.read("/")
        self.overview()
        self.seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.communicate(timeout=60)

    def read(self, path: str) -> bytes:
        """The body of what lies at an address."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status} {body.decode()}")
        return body

    def overview(self) -> dict[str, Any]:
        """Languages, and how they are searched."""
        found: dict[str, Any] = json.loads(self.read("/api/overview"))
        return found

    def megabytes(self) -> int | None:
        """Memory of its own, without pages of mapped files; only Linux tells."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return None
        return int(status.read_text().split("RssAnon:")[1].split()[0]) // 1024

    def processor_seconds(self) -> float:
        """What its threads have spent, all together; 0 where it cannot be told."""
        place = Path(f"/proc/{self._process.pid}/stat")
        if not place.exists():
            return 0.0
        fields = place.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_codes(server: Server) -> Making:
    """Wait until every language has its short list."""
    began, most = time.perf_counter(), server.megabytes()
    while not server.overview()["search"]["ready"]:
        time.sleep(0.1)
        most = max(most, server.megabytes() or 0) if most is not None else None
    for language in server.overview()["spaces"][0]["languages"]:
        if "shortlist" not in language:
            raise RuntimeError(f"no short list where one is measured: {language}")
    return Making(time.perf_counter() - began, most)


def read_all(folder: Path) -> None:
    """Have the files in the page cache, as far as it holds them."""
    for place in folder.rglob("*.safetensors"):
        with place.open("rb", buffering=0) as stream:
            while stream.read(1 << 21):
                pass


def from_disk(folder: Path, questions: Sequence[Question]) -> list[Answer]:
    """Answers of a server whose vectors lie on disk alone; none where the system cannot forget."""
    if not hasattr(os, "posix_fadvise"):
        return []
    for place in folder.glob("*/vectors.safetensors"):
        with place.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with Server(folder) as server:
        wait_for_codes(server)
        return [ask(server, question) for question in questions]


def ask(server: Server, question: Question) -> Answer:
    """Look a word up in all languages."""
    fields = {
        "space": "vectors", "language": question.language, "word": question.word,
        "count": NEIGHBORS,
    }  # fmt: skip
    began = time.perf_counter()
    body = server.read(f"/api/neighbors?{urlencode(fields)}")
    seconds = time.perf_counter() - began
    results = json.loads(body)["results"]
    return Answer(
        seconds, {one["language"]: [near["word"] for near in one["neighbors"]] for one in results}
    )


def compare(
    folder: Path, names: Sequence[str], questions: Sequence[Question], answers: Sequence[Answer]
) -> tuple[float, float]:
    """Seconds of numpy for a look-up in all languages, and the share of its answers that we gave.

    Numpy holds rows of length 1 in memory, multiplies all of them, and sorts the largest.
    """
    seconds, found, total = [], 0, 0
    queries = [map_native(folder / asked.language).matrix[asked.row] for asked in questions]
    for name in names[-REFERENCES:]:
        vectors = read_vectors(folder / name)
        matrix = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
        for question, query, answer in zip(questions, queries, answers, strict=True):
            began = time.perf_counter()
            nearest = numpy_nearest(matrix, query)
            seconds.append(time.perf_counter() - began)
            words = [vectors.words[row] for row in nearest]
            expected = [
                word for word in words if (name, word) != (question.language, question.word)
            ][:NEIGHBORS]
            found += len({*expected} & {*answer.neighbors[name]})
            total += len(expected)
    return float(np.median(seconds)) * len(names), found / total


def numpy_nearest(matrix: FloatMatrix, query: FloatMatrix) -> list[int]:
    """The nearest rows, one more than are asked for: the word itself may be among them."""
    scores = matrix @ query
    best = np.argpartition(scores, -NEIGHBORS - 1)[-NEIGHBORS - 1 :]
    ordered: list[int] = best[np.argsort(-scores[best])].tolist()
    return ordered


def codes_milliseconds(folder: Path) -> float:
    """Milliseconds to read all codes from memory once, with as many threads as there are cores."""
    codes = [
        np.array(map_tensors(place)[0]["codes"]).ravel()
        for place in sorted((folder / "explore.index").iterdir())
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            list(pool.map(np.max, codes))
            times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def row(
    name: str, unit: str, ours: float | None, reference: float | None = None, *,
    goal: float | None = None, floor: str = "", note: str = "",
) -> Row:  # fmt: skip
    """One figure where less is better."""
    ratio = None if reference is None or ours is None else reference / ours
    return {
        "name": name, "unit": unit, "ours": ours, "reference": reference, "ratio": ratio,
        "goal": goal, "holds": None if goal is None or ratio is None else ratio >= goal,
        **({"floor": floor} if floor else {}), **({"note": note} if note else {}),
    }  # fmt: skip

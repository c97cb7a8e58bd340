"""Alignment: the self-learning loop against bare BLAS and the plain numpy way, and whole commands.

The spaces are made up: Zipf-sized clusters, a falling spectrum, a hidden rotation, independent
noise. ``iteration`` rows time one turn of the loop at the published settings (keep 0.1, cutoff
20,000), after the bounds have settled; their floor is the bare product of the two matrices.
Both sides have the same cores. The plain way reads with the faster of two readers, formats whole
rows over Python's numbers, and writes numpy's binary file where ours writes its own.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from align.vecmap.alignment import align_matrices
from align.vecmap.induce.coarse import has_fast_integers
from align.vecmap.induce.induction import Ranks, draw_ranks
from align.vecmap.induce.tiled import Product, TiledInducer
from align.vecmap.normalization import fit_normalization
from align.vecmap.presets import FAST_SCHEDULE, preset_settings
from scripts.paired import REPEATS, compared, in_turns, seconds
from scripts.peak_memory import x2static_alone
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import FloatMatrix, WordVectors

WIDTH = 300
STEPS = ("unit", "center", "unit")
Row = dict[str, Any]


def rows(scratch: Path, quick: bool = False, repeats: int = REPEATS) -> list[Row]:
    """All rows; ``quick`` uses smaller vocabularies and leaves the long runs out."""
    cutoff, words = (6_000, 20_000) if quick else (20_000, 200_000)
    found = [*iterations(cutoff, repeats), *supervised(scratch, words, repeats)]
    return found if quick else [*found, *unsupervised(cutoff)]


def planted(size: int, noise: float = 1.0) -> tuple[FloatMatrix, FloatMatrix]:
    """Two spaces with a hidden rotation; row i translates row i."""
    rng = np.random.default_rng(20240611)
    spread = np.arange(1, WIDTH + 1, dtype=np.float32) ** np.float32(-0.5)
    centers = rng.standard_normal((500, WIDTH), dtype=np.float32) * spread
    share = 1 / np.arange(1, 501)
    latent = centers[rng.choice(500, size, p=share / share.sum())]
    latent += rng.standard_normal((size, WIDTH), dtype=np.float32) * spread
    other = latent + noise * rng.standard_normal((size, WIDTH), dtype=np.float32) * spread
    rotation = np.linalg.qr(rng.standard_normal((WIDTH, WIDTH)))[0].astype(np.float32)
    return latent, other @ rotation


def iterations(cutoff: int, repeats: int) -> list[Row]:
    """One turn of the loop: ours, bare BLAS, and numpy with masks drawn for every similarity."""
    latent, other = planted(cutoff)
    source = fit_normalization(latent, STEPS).apply(latent)
    target = fit_normalization(other, STEPS).apply(other)
    rotation = np.linalg.svd(source.T @ target)
    turned = source @ (rotation[0] @ rotation[2])
    products: tuple[Product, ...] = ("float32", "int8") if has_fast_integers() else ("float32",)
    sides: dict[str, Callable[[], float]] = {
        product: (lambda product=product: one_turn(turned, target, product))  # type: ignore[misc]
        for product in products
    }
    sides["bare"] = seconds(lambda: bare_product(turned, target))
    sides["numpy"] = seconds(lambda: numpy_turn(turned, target, 0.1))
    figures = in_turns(sides, repeats)
    floor = round(min(figures["bare"]), 3)
    return [
        {
            "name": f"iteration {cutoff}, {product}: {name} / ours", "unit": "s",
            **compared(figures[product], figures[side], more_is_better=False),
            "goal": goal, "floor": floor,
        }
        for product in products
        for name, side, goal in (("bare BLAS", "bare", 0.5), ("numpy", "numpy", None))
    ]  # fmt: skip


def one_turn(source: FloatMatrix, target: FloatMatrix, product: Product) -> float:
    """Median seconds of a turn with a slightly turning space, once the bounds have settled."""
    rng = np.random.default_rng(1)
    inducer = TiledInducer(10, product=product)
    taken = []
    for number in range(8):
        moved = source + 0.002 * rng.standard_normal(source.shape, dtype=np.float32)
        ranks = draw_ranks(rng, 0.1, len(source), len(target))
        began = time.perf_counter()
        inducer.induce(moved, target, ranks)
        if number >= 3:
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def bare_product(source: FloatMatrix, target: FloatMatrix) -> None:
    """The similarities, computed and forgotten block by block."""
    block = np.empty((1000, len(target)), np.float32)
    for at in range(0, len(source), 1000):
        part = source[at : at + 1000]
        np.matmul(part, target.T, out=block[: len(part)])


def numpy_turn(source: FloatMatrix, target: FloatMatrix, keep: float) -> Ranks:
    """The plain way: both directions, a mask number for every similarity, partition and argmax."""
    rng = np.random.default_rng(0)
    matches = []
    for queries, others in ((source, target), (target, source)):
        means = np.concatenate(
            [
                np.partition(others[at : at + 1000] @ queries.T, -10, axis=1)[:, -10:].mean(axis=1)
                for at in range(0, len(others), 1000)
            ]
        )
        found = []
        for at in range(0, len(queries), 1000):
            scores = queries[at : at + 1000] @ others.T - means / 2
            scores *= rng.random(scores.shape) < keep
            found.append(scores.argmax(axis=1))
        matches.append(np.concatenate(found))
    return Ranks(*matches)


def supervised(scratch: Path, words: int, repeats: int) -> list[Row]:
    """The command, files included, against numpy in float32 with plain, but competent, files."""
    source, target = planted(words, noise=0.5)
    paths = scratch / "de.vec", scratch / "en.vec"
    for path, letter, matrix in zip(paths, "qw", (source, target), strict=True):
        names = [f"{letter}{i}" for i in range(words)]
        write_vectors(WordVectors(names, matrix), path, "word2vec")
    lexicon = scratch / "train.txt"
    lexicon.write_text("".join(f"q{i} w{i}\n" for i in range(5000)))
    reader = min(READERS, key=lambda name: seconds(lambda: READERS[name](paths[0]))())
    memory = 0.0

    def ours(kind: str) -> float:
        nonlocal memory
        taken, gigabytes = command(scratch, paths, lexicon, kind)
        memory = max(memory, gigabytes)
        return taken

    def plain(write: Callable[[Path, list[str], FloatMatrix], None]) -> Callable[[], float]:
        return seconds(lambda: numpy_supervised(scratch, paths, lexicon, READERS[reader], write))

    figures = in_turns(
        {
            "text": lambda: ours("vec"), "native": lambda: ours("safetensors"),
            "numpy text": plain(write_lines), "numpy binary": plain(write_binary),
        },
        repeats,
    )  # fmt: skip
    name = f"supervised {words} x {WIDTH}, files included"
    note = f"numpy reads with {reader}"
    return [
        {
            "name": f"{name}: {what}", "unit": "s",
            **compared(figures[one], figures[other], more_is_better=False),
            "goal": 3.0, "note": more,
        }
        for what, one, other, more in (
            ("text to text", "text", "numpy text", f"{note}; peak {memory:.2f} GB"),
            ("text to binary", "native", "numpy binary", f"{note}, writes .npy"),
        )
    ]  # fmt: skip


def command(
    scratch: Path, paths: tuple[Path, Path], lexicon: Path, kind: str
) -> tuple[float, float]:
    """Seconds and peak gigabytes of ``x2static align`` in a process of its own."""
    ending = ".vec" if kind == "vec" else ""
    outputs = [str(scratch / f"out-{side}{ending}") for side in ("de", "en")]
    arguments = [
        "align", "--preset", "supervised", "--source", str(paths[0]), "--target", str(paths[1]),
        "--lexicon", str(lexicon), "--output-source", outputs[0], "--output-target", outputs[1],
        "--overwrite",
    ]  # fmt: skip
    seconds, megabytes = x2static_alone(arguments)
    return seconds, megabytes / 1024


def numpy_supervised(
    scratch: Path,
    paths: tuple[Path, Path],
    lexicon: Path,
    read: Callable[[Path], tuple[list[str], FloatMatrix]],
    write: Callable[[Path, list[str], FloatMatrix], None],
) -> None:
    """The plain way: read lines, normalise, whiten, rotate, re-weight, write lines."""
    languages = [read(path) for path in paths]
    pairs = [line.split() for line in lexicon.read_text().splitlines()]
    (x_words, x), (z_words, z) = languages
    indices = [{word: i for i, word in enumerate(words)} for words in (x_words, z_words)]
    left = [indices[0][a] for a, _ in pairs]
    right = [indices[1][b] for _, b in pairs]
    for matrix in (x, z):
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix -= matrix.mean(axis=0)
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    whitens = []
    for matrix, chosen in ((x, left), (z, right)):
        _, s, vt = np.linalg.svd(matrix[chosen], full_matrices=False)
        whitens.append(vt.T @ np.diag(1 / s) @ vt)
    xw, zw = x @ whitens[0], z @ whitens[1]
    u, s, vt = np.linalg.svd(xw[left].T @ zw[right])
    xw, zw = xw @ u, zw @ vt.T
    xw, zw = xw * s**0.5, zw * s**0.5
    xw = xw @ u.T @ np.linalg.inv(whitens[0]) @ u
    zw = zw @ vt @ np.linalg.inv(whitens[1]) @ vt.T
    write(scratch / "plain-de", x_words, xw)
    write(scratch / "plain-en", z_words, zw)


def write_lines(path: Path, words: list[str], matrix: FloatMatrix) -> None:
    """As text: one format for the whole row, over Python's own numbers."""
    template = " %.6g" * matrix.shape[1] + "\n"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"{matrix.shape[0]} {matrix.shape[1]}\n")
        for word, vector in zip(words, matrix.tolist(), strict=True):
            stream.write(word + template % tuple(vector))


def write_binary(path: Path, words: list[str], matrix: FloatMatrix) -> None:
    """As numpy's own file, and the words beside it."""
    np.save(path.with_suffix(".npy"), matrix)
    path.with_suffix(".txt").write_text("\n".join(words) + "\n", encoding="utf-8")


def read_split(path: Path) -> tuple[list[str], FloatMatrix]:
    """Words and float32 matrix: each line split, its pieces converted together."""
    return _read(path, lambda text: np.array(text.split(), dtype=np.float32))


def read_parsed(path: Path) -> tuple[list[str], FloatMatrix]:
    """The same with numpy's own parser."""
    return _read(path, lambda text: np.fromstring(text, dtype=np.float32, sep=" "))


def _read(path: Path, parse: Callable[[str], FloatMatrix]) -> tuple[list[str], FloatMatrix]:
    words = []
    with path.open(encoding="utf-8") as stream:
        count, width = map(int, stream.readline().split())
        matrix = np.empty((count, width), np.float32)
        for number in range(count):
            word, vector = stream.readline().split(" ", 1)
            words.append(word)
            matrix[number] = parse(vector)
    return words, matrix


READERS = {"str.split": read_split, "np.fromstring": read_parsed}


def unsupervised(cutoff: int) -> list[Row]:
    """Whole unsupervised runs by the published stopping rule and by the fast one."""
    source, target = planted(cutoff)
    found = []
    for name, schedule, limit in (
        ("published stopping rule", {}, 600.0),
        ("fast stopping rule", FAST_SCHEDULE, 120.0),
    ):
        settings = preset_settings("unsupervised", **schedule)
        began = time.perf_counter()
        result = align_matrices(source, target, settings)
        taken = time.perf_counter() - began
        x, z = (
            m / np.linalg.norm(m, axis=1, keepdims=True)
            for m in (result.source.apply(source)[:3000], result.target.apply(target))
        )
        right = float(((x @ z.T).argmax(axis=1) == np.arange(3000)).mean())
        note = f"{len(result.history)} iterations, P@1 {right:.4f} of the first 3,000 words"
        found.append(
            row(f"unsupervised {cutoff} x {WIDTH}, {name} (limit)", taken, limit, 1.0, note=note)
        )
    return found


def row(
    name: str,
    ours: float,
    reference: float,
    goal: float | None,
    *,
    floor: float | None = None,
    note: str = "",
) -> Row:
    """A row in the form that ``scripts/bench`` wants; all in seconds, the smaller the better."""
    ratio = reference / ours
    return {
        "name": name, "unit": "s", "ours": round(ours, 3), "reference": round(reference, 3),
        "ratio": round(ratio, 2), "goal": goal, "holds": None if goal is None else ratio >= goal,
        "floor": None if floor is None else round(floor, 3), "note": note,
    }  # fmt: skip

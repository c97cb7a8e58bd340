"""How fast pre-training is beside a plain transformers Trainer, and what alignment costs.

Both do the same masked language modelling on the same text with the same model, batch, precision,
threads and allocator. The Trainer runs as its own example does (blocks of one length, labels for
all positions; lines padded to the batch's longest), with as many sequences at once and the
attention that are fastest here.
"""

from __future__ import annotations

import ctypes
import gc
import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from scripts.pair_rows import (
    detection_row,
    drawing_row,
    joining_row,
    sampling_row,
    write_pairs,
)
from scripts.paired import REPEATS, compared, in_turns

BASE = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "vocab_size": 250_002,
}  # fmt: skip
SMALL = {
    "hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4,
    "intermediate_size": 1024, "vocab_size": 16_000,
}  # fmt: skip
TINY = SMALL | {"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128}
BLOCK = 128


@dataclass(frozen=True)
class Size:
    """What is measured.

    Attributes:
        name: the model in words.
        shape: of the model.
        unit: blocks or lines.
        batch: sequences in an update.
        updates: how many are timed, after one that is not.
    """

    name: str
    shape: dict[str, int]
    unit: str
    batch: int
    updates: int


def real_lines(count: int, target: Path) -> Path:
    """English lines of the data folder."""
    data = os.environ.get("X2STATIC_DATA")
    if not data:
        raise SystemExit("set X2STATIC_DATA to the data folder (it holds mono/en.txt.gz)")
    with gzip.open(Path(data) / "mono" / "en.txt.gz", "rt", encoding="utf-8") as stream:
        lines = [line for _, line in zip(range(count), stream, strict=False)]
    target.write_text("".join(lines), encoding="utf-8")
    return target


def build_model(folder: Path, shape: dict[str, int], text: Path) -> Path:
    """Random weights of a shape; the tokenizer has as many pieces as the text gives, at most 16k.

    Scoring costs what the shape's vocabulary says, whether or not the text uses all of it.
    """
    import torch
    import transformers

    from continued_pretraining.text.tokenizer import train_tokenizer

    pieces = min(16_000, shape["vocab_size"])
    tokenizer = train_tokenizer({"en": [text]}, pieces, 512, {"en": 1.0})
    torch.manual_seed(0)
    config = transformers.XLMRobertaConfig(
        **shape, max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    transformers.XLMRobertaForMaskedLM(config).save_pretrained(folder)
    tokenizer.hugging_face.save_pretrained(folder)
    return folder


def write_vectors(target: Path, text: Path, width: int = 300) -> Path:
    """Random vectors of the most frequent words; alignment costs the same whatever they are."""
    import re
    from collections import Counter

    import numpy as np

    words = Counter(re.findall(r"\w+", text.read_text(encoding="utf-8")))
    rng = np.random.default_rng(0)
    rows = [w for w, _ in words.most_common(20_000)]
    with target.open("w", encoding="utf-8") as stream:
        stream.write(f"{len(rows)} {width}\n")
        for word in rows:
            stream.write(word + " " + " ".join(f"{x:.3f}" for x in rng.normal(size=width)) + "\n")
    return target


@dataclass(frozen=True)
class Update:
    """One update.

    Attributes:
        seconds: it took.
        pieces: of its text.
        text: forward operations of its text, head included.
        words: forward operations of its words.
    """

    seconds: float
    pieces: int
    text: float
    words: float


class Ours:
    """Updates of this project's loop, timed one by one."""

    def __init__(
        self, scratch: Path, size: Size, text: Path, model: Path, /, **settings: Any
    ) -> None:
        from continued_pretraining.config import PretrainConfig
        from continued_pretraining.processes import Processes
        from continued_pretraining.training.materials import gather
        from continued_pretraining.training.optimizer import make_optimizer
        from continued_pretraining.training.speed import Flops
        from continued_pretraining.training.update import Updater, trained_parameters
        from x2static.core.storage.run_record import RunRecord
        from x2static.core.text.pair_sources import find_pair_sources
        from x2static.core.text.sources import find_sources

        config = PretrainConfig(
            **{
                "text": (f"en={text}",), "output": scratch / "out", "model": str(model),
                "loss": "none", "unit": size.unit, "block": BLOCK, "mlm_batch": size.batch,
                "cache_folder": scratch / "cache", "learning_rate": 1e-5,
                "validation_sequences": 8, **settings,
            }
        )  # fmt: skip
        found = [find_sources(entries, "") for entries in (config.text, config.vectors)]
        pairs = find_pair_sources(config.bitext, "")
        inputs = [path for part in found for paths in part.values() for path in paths]
        inputs += [one.path for source in pairs for one in source.texts.values()]
        processes = Processes(config.device)
        record = RunRecord("bench", config, inputs)
        self.materials = gather(config, found[0], found[1], processes, scratch, record, pairs)
        model_ = self.materials.model
        named = trained_parameters(self.materials.objectives, model_.hugging_face)
        self.updater = Updater(
            self.materials.reader, self.materials.objectives, self.materials.planners,
            make_optimizer(named, 1e-5, (0.9, 0.999), 0.0), processes, 1.0, 0, self.materials.held,
        )  # fmt: skip
        model_.hugging_face.train()
        self.flops, self.device, self.low = Flops.of(model_), model_.device, model_.low

    def run(self, updates: int) -> list[Update]:
        """Updates 1 to ``updates``, after one that is not counted."""
        self.updater.run(0)
        return [self._time(step) for step in range(1, updates + 1)]

    def fastest(self, updates: int) -> Update:
        """The fastest of them by piece; what slows others is not ours."""
        return min(self.run(updates), key=lambda one: one.seconds / one.pieces)

    def _time(self, step: int) -> Update:
        synchronize(self.device)
        began = time.perf_counter()
        done = self.updater.run(step)
        synchronize(self.device)
        seconds = time.perf_counter() - began
        depth = self.materials.model.depth
        text = self.flops.encoder(done.pieces, done.sequences, depth)
        for objective in self.materials.objectives.text:
            text += objective.operations * done.counts[objective.name]
        words = 0.0
        for name, pieces in done.row_pieces.items():
            if pieces:
                words += self.flops.encoder(pieces, done.rows[name], depth)
        return Update(seconds, done.pieces, text, words)


def synchronize(device: Any) -> None:
    """Wait for a GPU."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize()


@dataclass(frozen=True)
class Way:
    """How the Trainer is run.

    Attributes:
        bf16: whether it computes in bf16 where it can.
        at_once: sequences that go through the model together.
        attention: name of its implementation.
    """

    bf16: bool
    at_once: int
    attention: str

    def __str__(self) -> str:
        """In words."""
        precision = "bf16" if self.bf16 else "fp32"
        return f"{precision}, {self.at_once} sequences at once, {self.attention} attention"


def trainer_rate(size: Size, text: Path, model: Path, scratch: Path, way: Way) -> float:
    """Real pieces per second of transformers' Trainer on the same work."""
    import torch
    import transformers

    from x2static.core.machine.heap import keep_freed_memory

    keep_freed_memory()  # as ours does
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    lines = text.read_text(encoding="utf-8").splitlines()
    wanted = size.batch * (size.updates + 1)
    if size.unit == "lines":
        rows = tokenizer(lines[:wanted], truncation=True, max_length=BLOCK)["input_ids"]
    else:
        flat = [i for r in tokenizer(lines, add_special_tokens=False)["input_ids"] for i in r]
        inner = BLOCK - 2
        rows = [[0, *flat[n * inner : (n + 1) * inner], 2] for n in range(wanted)]
    network = transformers.AutoModelForMaskedLM.from_pretrained(
        model, attn_implementation=way.attention
    )
    marks: list[float] = []

    class Watch(transformers.TrainerCallback):
        def on_step_end(self, *_args: Any, **_options: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            marks.append(time.perf_counter())

    arguments = transformers.TrainingArguments(
        output_dir=str(scratch / "trainer"), max_steps=size.updates + 1,
        per_device_train_batch_size=way.at_once,
        gradient_accumulation_steps=size.batch // way.at_once,
        bf16=way.bf16, report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True,
        learning_rate=1e-5, use_cpu=not torch.cuda.is_available(), dataloader_pin_memory=False,
    )  # fmt: skip
    collator = transformers.DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    trainer = transformers.Trainer(
        model=network, args=arguments, data_collator=collator,
        train_dataset=[{"input_ids": row} for row in rows], callbacks=[Watch()],
    )  # fmt: skip
    trainer.train()
    pieces = sum(map(len, rows)) / len(rows) * size.batch
    del trainer, network
    give_back()
    return pieces * (len(marks) - 1) / (marks[-1] - marks[0])


def give_back() -> None:
    """Free what lies in cycles, as models do, and the heap: two models' updates fit in 24 GB."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)


def rate_row(scratch: Path, size: Size, text: Path, repeats: int) -> dict[str, Any]:
    """Our rate beside the Trainer's, in equal precision and with the Trainer's best settings."""
    import torch

    model = build_model(scratch / f"model-{size.shape['hidden_size']}", size.shape, text)
    ours = Ours(scratch, size, text, model)
    is_low = ours.low is torch.bfloat16
    ways = [
        Way(is_low, at_once, attention)
        for at_once in sorted({min(size.batch, n) for n in (8, 16, 64)})
        for attention in ("sdpa", "eager")
    ]
    short = replace(size, updates=1)
    way = max(ways, key=lambda one: trainer_rate(short, text, model, scratch, one))

    def our_rate() -> float:
        done = ours.run(size.updates)
        return sum(one.pieces for one in done) / sum(one.seconds for one in done)

    figures = in_turns(
        {"ours": our_rate, "theirs": lambda: trainer_rate(size, text, model, scratch, way)}, repeats
    )
    return {
        "name": f"MLM, {size.name}, against Trainer", "unit": "pieces/s",
        **compared(figures["ours"], figures["theirs"], more_is_better=True), "goal": 2,
        "note": f"{size.unit}, {size.batch} sequences an update; ours "
        f"{'bf16' if is_low else 'fp32'}; Trainer: {way} (best of {len(ways)}), same "
        "threads and allocator",
    }  # fmt: skip


def alignment_row(scratch: Path, size: Size, text: Path, words: int, loss: str) -> dict[str, Any]:
    """What an update takes longer with words, beside what their way through the encoder costs."""
    model = scratch / f"model-{size.shape['hidden_size']}"
    vectors = write_vectors(scratch / "en.vec", text)
    plain = Ours(scratch, size, text, model).run(size.updates)
    give_back()
    aligned = Ours(
        scratch, size, text, model, loss=loss, vectors=(f"en={vectors}",), align_batch=words
    ).run(size.updates)
    return {
        "name": f"{loss} on {words:,} words, {size.name}: time beside their encoder's",
        "unit": "s/update", **compare(plain, aligned),
        "floor": "reference: the words' operations at the speed of the text's",
    }  # fmt: skip


def compare(plain: Sequence[Update], aligned: Sequence[Update]) -> dict[str, Any]:
    """What words cost, from the same updates without and with them.

    The text of an update is the same in both runs, so that the difference is the words'. Where the
    median difference is not above twice its own error, nothing is claimed: the goal is left out.
    """
    steps = list(zip(plain, aligned, strict=True))
    extra = [with_words.seconds - without.seconds for without, with_words in steps]
    allowed = median(
        without.seconds * with_words.words / without.text for without, with_words in steps
    )
    middle = median(extra)
    # of a median of n normal numbers: 1.25 times the mean's; their deviation is 1.48 times this
    error = 1.25 * 1.48 * median(abs(one - middle) for one in extra) / len(extra) ** 0.5
    is_clear = middle > 2 * error
    note = f"an update without words: {median(one.seconds for one in plain):.3g} s"
    return {
        "ours": middle, "reference": allowed, "ratio": allowed / middle if is_clear else None,
        "goal": 1 / 1.15 if is_clear else None,
        "note": note if is_clear else f"{note}; within noise ({2 * error:.2g} s)",
    }  # fmt: skip


MEMORY_PROGRAM = """
import json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from scripts.benchmarks import pretrain as bench
from scripts.peak_memory import peak_megabytes
size = bench.Size("", bench.{shape}, "blocks", {batch}, 1)
ours = bench.Ours(
    Path({scratch!r}), size, Path({text!r}), Path({model!r}), loss="dcca",
    vectors=("en=" + {vectors!r},), align_batch=1024, micro_tokens=2048,
)
ours.run(1)
print(json.dumps(peak_megabytes() << 20))
"""


def memory_row(scratch: Path, shape: str, text: Path, batch: int) -> dict[str, Any]:
    """Peak memory of whole updates with a statistic of 1,024 rows, in a process of its own."""
    width = globals()[shape]["hidden_size"]
    program = MEMORY_PROGRAM.format(
        root=str(Path(__file__).resolve().parents[2]), shape=shape, batch=batch,
        scratch=str(scratch),
        text=str(text), model=str(scratch / f"model-{width}"), vectors=str(scratch / "en.vec"),
    )  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    peak = int(answer.stdout.splitlines()[-1])
    return {
        "name": f"peak memory, {shape.lower()} shape, dcca on 1,024 words", "unit": "GB",
        "ours": peak / 1e9, "reference": 11.0, "ratio": 11e9 / peak, "goal": 1,
        "note": "resident memory of the process; reference: the paper's card",
    }  # fmt: skip


def pair_rows(scratch: Path, size: Size, text: Path, repeats: int) -> list[dict[str, Any]]:
    """What replaced-token detection and sentence pairs cost."""
    model = scratch / f"model-{size.shape['hidden_size']}"
    plain = Ours(scratch, size, text, model)
    detecting = Ours(
        scratch, size, text, model, mlm_weight=0.0, mrtd_weight=1.0, mrtd_batch=size.batch
    )
    found = [detection_row(size, plain, detecting, repeats)]
    pattern = write_pairs(scratch / "pairs", text, 2_000)
    learning = Ours(
        scratch, size, text, model, text=(), mlm_weight=0.0, bitext=(pattern,), tlm_batch=size.batch
    )
    return [*found, drawing_row(size, learning), sampling_row()]


def gpu_rows(scratch: Path, text: Path, repeats: int) -> list[dict[str, Any]]:
    """The paper's sizes on a GPU: utilisation, 7,500 updates, memory."""
    import torch

    from continued_pretraining.training.peak import peak_flops

    size = Size("xlm-roberta-base shape", BASE, "blocks", 64, 20)
    rows = [rate_row(scratch, size, text, repeats), *pair_rows(scratch, size, text, repeats)]
    row = alignment_row(scratch, size, text, 1024, "dcca")
    model = scratch / "model-768"
    plain = Ours(scratch, size, text, model)
    fastest = plain.fastest(size.updates)
    peak = peak_flops(plain.device, plain.low)
    share = 3 * fastest.text / fastest.seconds / peak
    rows += [row, {
        "name": "utilisation, MLM, xlm-roberta-base shape", "unit": "share", "ours": share,
        "reference": 0.4, "ratio": share / 0.4, "goal": 1,
        "floor": f"peak {peak / 1e12:.0f} TFLOP/s",
    }]  # fmt: skip
    del plain
    give_back()  # what is not collected would count as the next one's
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    vectors = scratch / "en.vec"
    paper = Ours(
        scratch, size, text, model, loss="dcca", vectors=(f"en={vectors}",), micro_tokens=4096
    )
    seconds = paper.fastest(size.updates).seconds * 7500
    used = torch.cuda.max_memory_allocated()
    return [*rows, {
        "name": "7,500 updates of the paper (64 blocks, 1,024 words)", "unit": "minutes",
        "ours": seconds / 60, "reference": 60, "ratio": 3600 / seconds, "goal": 1,
    }, {
        "name": "peak GPU memory, 1,024-row statistic", "unit": "GB", "ours": used / 1e9,
        "reference": 11.0, "ratio": 11e9 / used, "goal": 1, "note": "micro-batches of 4,096 pieces",
    }]  # fmt: skip


def rows(scratch: Path, *, quick: bool = False, repeats: int = REPEATS) -> Iterator[dict[str, Any]]:
    """All rows of this benchmark; the GPU ones where there is one."""
    import torch

    text = real_lines(2_000 if quick else 20_000, scratch / "en.txt")
    if torch.cuda.is_available():
        yield from gpu_rows(scratch, text, repeats)
        return
    if quick:
        tiny = Size("2 x 64", TINY, "lines", 32, 4)
        yield rate_row(scratch, tiny, text, repeats)
        yield alignment_row(scratch, tiny, text, 64, "dcca")
        yield from pair_rows(scratch, tiny, text, repeats)
        yield memory_row(scratch, "TINY", text, 8)
        yield joining_row(8, 10_000)
        return
    base = Size("xlm-roberta-base shape", BASE, "blocks", 16, 3)
    small = Size("6 x 256", SMALL, "lines", 256, 10)
    for size in (small, base):
        yield rate_row(scratch, size, text, repeats)
        give_back()
    yield from pair_rows(scratch, replace(small, batch=64), text, repeats)
    yield alignment_row(scratch, base, text, 256, "dcca")
    for loss in ("dcca", "infonce"):
        yield alignment_row(scratch, small, text, 1024, loss)
    yield memory_row(scratch, "BASE", text, 16)
    yield joining_row(100, 1_000_000)

"""How near the distiller comes to the bare teacher, and how far from the published way.

Rows compare runs of this process on the same sentences: text to vectors by the distiller, the
truncated teacher alone over the same batches, and a plain transcription of the published loop's
behaviour (all layers, random batches of 128 padded to the longest) in the precision and with the
attention that are fastest here, on the same threads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from scripts.paired import REPEATS, compared, in_turns

PRESETS: dict[str, dict[str, Any]] = {
    "default": {"preset": "default"},
    "paper": {"preset": "paper", "epochs": 1},  # else it learns until it has converged
}
SENTENCES = {"xlm-roberta-base shape": 2048, "small teacher": 16_384}
SHAPES: dict[str, dict[str, int]] = {
    "xlm-roberta-base shape": {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072,
    },
    "small teacher": {
        "hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4,
        "intermediate_size": 1024,
    },
}  # fmt: skip
GPU_SENTENCES = 1_000_000


def build_teacher(folder: Path, shape: dict[str, int], corpus: Path) -> Path:
    """Random weights of a given shape behind a unigram tokenizer trained on the corpus."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=8000, special_tokens=specials, unk_token="<unk>", show_progress=False
    )
    lines = corpus.read_text(encoding="utf-8").splitlines()
    backend.train_from_iterator(lines[:20_000], trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        unk_token="<unk>", mask_token="<mask>", model_max_length=512,
    )  # fmt: skip
    torch.manual_seed(0)
    config = transformers.XLMRobertaConfig(
        **shape, vocab_size=backend.get_vocab_size(), max_position_embeddings=514, pad_token_id=1
    )
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def real_sentences(count: int, target: Path) -> Path:
    """English sentences of the data folder, split into words plainly, repeated to size."""
    import gzip
    import re

    data = os.environ.get("X2STATIC_DATA")
    if not data:
        raise SystemExit("set X2STATIC_DATA to the data folder (it holds mono/en.txt.gz)")
    with gzip.open(Path(data) / "mono" / "en.txt.gz", "rt", encoding="utf-8") as stream:
        lines = [" ".join(re.findall(r"\w+|[^\w\s]", line)) for line in stream]
    lines = [line for line in lines if len(line.split()) >= 7]
    with target.open("w", encoding="utf-8") as out:
        for number in range(count):
            out.write(lines[number % len(lines)] + "\n")
    return target


def settings(corpus: Path, teacher: Path, output: Path, **others: Any) -> Any:
    """Settings of a benchmark run."""
    from x2static.core.config import build
    from x2static.distill.config import DistillConfig

    flags = {"corpus": corpus, "teacher": str(teacher), "output": output, "overwrite": True}
    return build(DistillConfig, {**flags, **others}, None, "distill")


def bare_forward(config: Any, materials: Any) -> tuple[float, int]:
    """Seconds of the truncated teacher alone over the batches the distiller makes, and pieces."""
    from x2static.distill.readings.readings import run_teacher

    planner, teacher = materials.planner(config), materials.teacher
    pools = [planner.plan(planner.shuffled(0, n), None, (0, n)) for n in range(planner.num_pools)]
    batches = [b for p in pools for b in p.batches(teacher.pieces, materials.token_budget(config))]
    run_teacher(teacher, batches[0])
    began = time.perf_counter()
    for batch in batches:
        run_teacher(teacher, batch)
    _synchronize(teacher)
    return time.perf_counter() - began, sum(int(b.lengths.sum()) for b in batches)


def published_loop(
    corpus: Path, teacher: Path, device: str, limit: int, *, precision: str, attention: str
) -> float:
    """Sentences/s of the published behaviour, written plainly from its description.

    Every layer, batches of 128 sentences in random order padded to the longest, one context per
    sentence from the last layer, targets sub-sampled, ten negatives, sparse Adam. Precision and
    attention are not part of it: the peer gets the best of those that this machine has.
    """
    import torch
    import transformers

    rng = np.random.default_rng(0)
    lines = corpus.read_text(encoding="utf-8").splitlines()[:limit]
    tokenizer = transformers.AutoTokenizer.from_pretrained(teacher)
    model = transformers.AutoModel.from_pretrained(
        teacher, dtype=getattr(torch, precision), attn_implementation=attention
    )
    model = model.to(device).eval()
    words = sorted({word for line in lines for word in line.split()})
    ids = {word: number for number, word in enumerate(words)}
    counts = np.bincount([ids[w] for line in lines for w in line.split()]).astype(float)
    share = counts / counts.sum()
    keep = np.minimum(1, np.sqrt(5e-6 / share) + 5e-6 / share)
    power = np.sqrt(counts) / np.sqrt(counts).sum()
    table = torch.nn.Embedding(len(words), model.config.hidden_size, sparse=True).to(device)
    optimizer = torch.optim.SparseAdam(table.parameters(), lr=1e-3)
    order, began = rng.permutation(len(lines)), time.perf_counter()
    for first in range(0, len(order), 128):
        batch = [lines[row] for row in order[first : first + 128]]
        encoded = tokenizer(
            batch, padding=True, truncation=True, max_length=200, return_tensors="pt"
        ).to(device)
        with torch.no_grad():
            states = model(encoded["input_ids"], encoded["attention_mask"]).last_hidden_state
        mask = encoded["attention_mask"][..., None]
        context = (states.float() * mask).sum(1) / mask.sum(1)
        pairs = [(row, ids[w]) for row, line in enumerate(batch) for w in line.split()]
        pairs = [(row, word) for row, word in pairs if rng.random() < keep[word]]
        if not pairs:
            continue
        rows, targets = (torch.tensor(column, device=device) for column in zip(*pairs, strict=True))
        drawn = rng.choice(len(words), size=(len(pairs), 10), p=power)
        loss = _logistic((context[rows] * table(targets)).sum(1))
        for column in range(10):
            negatives = torch.from_numpy(drawn[:, column]).to(device)
            loss = loss + _logistic(-(context[rows] * table(negatives)).sum(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if device == "cuda":
        torch.cuda.synchronize()
    return len(lines) / (time.perf_counter() - began)


def _logistic(score: Any) -> Any:
    import torch

    return torch.log(1 + torch.exp(-score.clamp(-20, 20))).mean()


def _synchronize(teacher: Any) -> None:
    import torch

    if teacher.device.type == "cuda":
        torch.cuda.synchronize()


def throughput_rows(scratch: Path, name: str, sentences: int, repeats: int) -> list[dict[str, Any]]:
    """Distiller against bare forward and against the published loop, for one shape of teacher."""
    corpus = real_sentences(sentences, scratch / f"{sentences}.txt")
    folder = build_teacher(scratch / name.replace(" ", "-"), SHAPES[name], corpus)
    configs = [
        settings(corpus, folder, scratch / "vectors", min_count=2, cache="off", **flags)
        for flags in PRESETS.values()
    ]
    rows = [bare_row(scratch, config, name, sentences, repeats) for config in configs]
    if name == "xlm-roberta-base shape":
        rows.append(published_row(configs[-1], sentences, repeats))
    return rows


def bare_row(scratch: Path, config: Any, name: str, sentences: int, repeats: int) -> dict[str, Any]:
    """A preset's whole run against the truncated teacher alone."""
    from x2static.distill.learning.materials import gather_materials
    from x2static.distill.stage import load_for

    teacher = load_for(config)
    materials = gather_materials(config, scratch / f"materials-{name[:5]}", teacher)
    pieces = bare_forward(config, materials)[1]
    figures = in_turns(
        {
            "ours": lambda: pieces / distilling(config),
            "bare": lambda: pieces / bare_forward(config, materials)[0],
        },
        repeats,
    )
    epochs = ", one epoch" if config.epochs == 1 else ""
    return {
        "name": f"distill, {config.preset} preset{epochs}, {name}", "unit": "pieces/s",
        **compared(figures["ours"], figures["bare"], more_is_better=True), "goal": 0.7,
        "floor": "reference: the truncated teacher alone over the same batches",
        "note": f"{sentences:,} sentences, {teacher.precision}; without loading the teacher",
    }  # fmt: skip


def published_row(config: Any, sentences: int, repeats: int) -> dict[str, Any]:
    """The paper's preset against the published loop at its best precision and attention here."""
    from x2static.distill.stage import load_for

    teacher = load_for(config)
    corpus, folder, device = config.corpus, Path(config.teacher), teacher.device.type

    def loop(limit: int, precision: str, attention: str) -> float:
        return published_loop(
            corpus, folder, device, limit, precision=precision, attention=attention
        )

    precisions = {"bf16": ("bfloat16", "float32")}.get(teacher.precision, ("float32",))
    ways = [(p, a) for p in precisions for a in ("sdpa", "eager")]
    way = max(ways, key=lambda one: loop(min(sentences, 256), *one))
    figures = in_turns(
        {
            "ours": lambda: sentences / distilling(config),
            "published": lambda: loop(min(sentences, 512), *way),
        },
        repeats,
    )
    return {
        "name": "distill, paper preset, one epoch, against the published loop, "
        "xlm-roberta-base shape",
        "unit": "sentences/s",
        **compared(figures["ours"], figures["published"], more_is_better=True), "goal": 15,
        "note": f"ours {teacher.precision}; the loop: 12 layers, random batches of 128 padded to "
        f"the longest, {way[0]}, {way[1]} attention (best of {len(ways)}), same threads and "
        "allocator",
    }  # fmt: skip


def distilling(config: Any) -> float:
    """Seconds of a whole run, without those it takes to load the teacher."""
    from x2static.distill.stage import distill

    began = time.perf_counter()
    distill(config)
    return time.perf_counter() - began - teacher_seconds(config)


def teacher_seconds(config: Any) -> float:
    """Seconds it takes to load and hash the teacher, which a long run pays once."""
    from x2static.distill.learning.materials import teacher_fingerprint
    from x2static.distill.stage import load_for

    began = time.perf_counter()
    teacher = load_for(config)
    teacher_fingerprint(config.teacher, teacher)
    return time.perf_counter() - began


MEMORY_SCRIPT = """
import sys
from pathlib import Path
from scripts.benchmarks.distill import settings
from scripts.peak_memory import peak_megabytes
from x2static.distill.stage import distill
corpus, teacher, output = map(Path, sys.argv[1:4])
flags = {"preset": "paper", "epochs": 1, "layer": 1, "min_count": 20, "threshold": 1e-7}
distill(settings(corpus, teacher, output, **flags))
print(peak_megabytes())
"""


FINISH_SCRIPT = """
import sys, torch, numpy as np
from scripts.peak_memory import peak_megabytes
from x2static.distill.learning.closed_form import Blend, ClosedFormLearner, fresh_sums, smooth
size, width = map(int, sys.argv[1:3])
cpu = torch.device("cpu")
torch.ones(999, width) @ torch.ones(width, 999)
before = peak_megabytes()
sums = fresh_sums(size, width, 2, cpu)
for table in sums.values():
    table += torch.randint(9, 99, table.shape)[:size] if table.dtype == torch.int64 else 1
learner = ClosedFormLearner(Blend(5.0, 1.0, 0.5, 0.1, 3.0, "exclude", specials=False), sums)
vectors, sums = learner.finish(), None
del learner
smooth(vectors, np.full(size, 99), 0.2, cpu)
print(peak_megabytes() - before)
"""


def finish_row(size: int, width: int) -> dict[str, Any]:
    """What the default preset holds, from its state to the vectors, in tables of V x D float32."""
    answer = subprocess.run(
        [sys.executable, "-c", FINISH_SCRIPT, str(size), str(width)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    tables = int(answer.stdout.split()[-1]) * (1 << 20) / (4 * size * width)
    return {
        "name": f"default preset, {size:,} words x {width}: state and result in memory",
        "unit": "tables", "ours": round(tables, 2), "reference": 3, "ratio": round(3 / tables, 2),
        "goal": 0.9, "holds": 3 / tables >= 0.9, "note": "a table is V x D float32 numbers",
    }  # fmt: skip


def memory_rows(scratch: Path, sizes: tuple[int, int]) -> list[dict[str, Any]]:
    """Peak memory of a whole run over a short and a long corpus, each in a process of its own."""
    small = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 32,
    }  # fmt: skip
    peaks = []
    teacher = None
    for size in sizes:
        corpus = real_sentences(size, scratch / f"memory-{size}.txt")
        teacher = teacher or build_teacher(scratch / "narrow", small, corpus)
        answer = subprocess.run(
            [sys.executable, "-c", MEMORY_SCRIPT, corpus, teacher, scratch / "memory-vectors"],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        peaks.append(int(answer.stdout.split()[-1]))
    ratio = peaks[0] / peaks[1]
    return [{
        "name": f"peak memory, {sizes[1]:,} against {sizes[0]:,} sentences", "unit": "MB",
        "ours": peaks[1], "reference": peaks[0], "ratio": round(ratio, 2), "goal": 0.8,
        "holds": ratio >= 0.8, "note": "the longer corpus repeats the same 240k real sentences",
    }]  # fmt: skip


def gpu_rows(scratch: Path) -> list[dict[str, Any]]:
    """A million sentences, text to vectors, through an XLM-R-base shape on a CUDA device."""
    from x2static.distill.stage import distill

    corpus = real_sentences(GPU_SENTENCES, scratch / "million.txt")
    teacher = build_teacher(scratch / "gpu-teacher", SHAPES["xlm-roberta-base shape"], corpus)
    rows = []
    for preset, flags in PRESETS.items():
        config = settings(corpus, teacher, scratch / "gpu", device="cuda", **flags)
        began = time.perf_counter()
        distill(config)
        seconds = time.perf_counter() - began
        rows.append({
            "name": f"1M sentences, text to vectors, {preset} preset, XLM-R base shape, GPU",
            "unit": "s", "ours": round(seconds, 1), "reference": 60,
            "ratio": round(60 / seconds, 2), "goal": 1, "holds": seconds <= 60,
            "note": "reference: the goal for one H200-class card",
        })  # fmt: skip
    return rows


def rows(scratch: Path, *, quick: bool = False, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """All rows of this benchmark; the GPU ones where there is one."""
    import torch

    found: list[dict[str, Any]] = []
    for name, sentences in SENTENCES.items():
        found += throughput_rows(scratch, name, sentences // 8 if quick else sentences, repeats)
    found += memory_rows(scratch, (10_000, 20_000) if quick else (100_000, 2_000_000))
    found.append(finish_row(50_000, 256 if quick else 768))
    if torch.cuda.is_available():
        found += gpu_rows(scratch)
    return found

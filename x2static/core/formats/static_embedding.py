"""Write a folder that sentence-transformers (StaticEmbedding) and Model2Vec both load.

Text is split at white space, and punctuation is cut off the edges of each piece; a word of the
vectors that holds punctuation itself ("usw.", "E-Mail") is recognised before that. So every word
finds its own row. Whatever is then no known word becomes ``[UNK]``, whose vector is zero.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.errors import OutputError
from x2static.core.formats.native import StoredDtype, check_half_range
from x2static.core.formats.safetensors_file import write_tensors
from x2static.core.formats.words import check_writable
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import WordVectors

_FILES = {"config.json", "model.safetensors", "modules.json", "tokenizer.json", "run.json"}
_EDGE_PUNCTUATION = r"\A[\p{P}\p{S}]+|[\p{P}\p{S}]+\z"
# Thai to Myanmar, Khmer, kana, Han.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
_MODULES = [
    {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}
]


def write_static_embedding(
    vectors: WordVectors,
    path: Path,
    precision: StoredDtype = "float32",
    stage: Stage = staged,
    *,
    reads_text: bool = False,
) -> None:
    """Write the folder; an older one is replaced, one that holds anything else is not.

    Args:
        vectors: a row for each word.
        path: the folder.
        precision: of the stored rows.
        stage: where it goes.
        reads_text: for running text rather than prepared tokens: where no word has a capital, text
            is lower-cased, and words of scripts without spaces are found inside text, the longest
            first.
    """
    check_writable(vectors, path)
    if precision == "float16":
        check_half_range(vectors, path)
    if path.exists():
        strangers = {child.name for child in path.iterdir()} - _FILES if path.is_dir() else {""}
        if strangers:
            shown = f"holds {sorted(strangers)[0]} too" if path.is_dir() else "is a file"
            raise OutputError(f"{path} {shown}; choose another --output for the new folder")
    unknown = unknown_token(vectors.words)
    stored = np.dtype("<f4" if precision == "float32" else "<f2")
    # The unknown token comes last, so that row i still belongs to word i.
    rows = np.vstack([vectors.matrix, np.zeros((1, vectors.width), dtype=np.float32)])
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": vectors.width,
        "normalize": False,
        "embedding_dtype": precision,
    }
    with stage(path) as folder:
        folder.mkdir()
        write_tensors(folder / "model.safetensors", {"embeddings": (rows, stored)})
        tokenizer = tokenizer_json(vectors.words, unknown, reads_text=reads_text)
        _write_json(folder / "tokenizer.json", tokenizer)
        _write_json(folder / "config.json", config)
        _write_json(folder / "modules.json", _MODULES)


def unknown_token(words: Sequence[str]) -> str:
    """``[UNK]``, or the first longer form of it that is no word."""
    known, token = set(words), "[UNK]"
    while token in known:
        token = f"[{token}]"
    return token


def tokenizer_json(
    words: Sequence[str], unknown: str, *, reads_text: bool = False
) -> dict[str, Any]:
    """A word-level tokenizer in the form of the tokenizers package."""
    lowers = reads_text and all(word == word.lower() for word in words)
    vocabulary = {word: row for row, word in enumerate(words)}
    vocabulary[unknown] = len(words)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": row, "content": word, "single_word": not is_inside, "lstrip": False,
                "rstrip": False, "normalized": lowers, "special": False,
            }
            for row, word in enumerate(words)
            if (is_inside := reads_text and is_unspaced(word)) or _would_be_cut(word)
        ],
        "normalizer": {"type": "Lowercase"} if lowers else None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {
                    "type": "Split", "pattern": {"Regex": _EDGE_PUNCTUATION},
                    "behavior": "Isolated", "invert": False,
                },
            ],
        },
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    }  # fmt: skip


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script that puts no spaces between words."""
    return _UNSPACED.fullmatch(word) is not None


def _would_be_cut(word: str) -> bool:
    """True for a word of letters *and* punctuation, symbols or (non-ASCII) white space.

    With all of these words known beforehand, the longest one is taken first, and none of them can
    be part of a word that is not among them.
    """
    if word.isalnum():
        return False
    is_mark = ["Z" if sign == "\x85" else unicodedata.category(sign)[0] for sign in word]
    return "Z" in is_mark or (
        bool({"P", "S"} & set(is_mark)) and set(is_mark) - {"P", "S"} != set()
    )


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")

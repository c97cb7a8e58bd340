"""Tiny tokenizers with a frame for pairs, tiny models, and tasks that they can learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.teachers import TOKENIZERS, build_model

PAIRS = {"bert": "[CLS] $A [SEP] $B:1 [SEP]:1", "xlm-roberta": "<s> $A </s> </s> $B </s>"}
PAIRS["roberta"] = PAIRS["xlm-roberta"]
TAG_OF = {"the": "DET", "a": "DET", "cat": "NOUN", "dog": "NOUN", "sat": "VERB", "ran": "VERB"}


def pair_tokenizer(kind: str) -> Any:
    """A tokenizer of a family that frames two texts as the real ones do."""
    from tokenizers import processors

    tokenizer = TOKENIZERS[kind]()
    begin, end = tokenizer.cls_token, tokenizer.sep_token
    numbers = [(token, tokenizer.convert_tokens_to_ids(token)) for token in (begin, end)]
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", pair=PAIRS[kind], special_tokens=numbers
    )
    return tokenizer


def save_model(folder: Path, kind: str = "bert", seed: int = 1) -> Path:
    """A tiny encoder with its tokenizer, as Hugging Face writes it."""
    tokenizer = pair_tokenizer(kind)
    build_model(kind, len(tokenizer), seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tagged_text(count: int) -> str:
    """Sentences whose tags depend on the words alone."""
    words = list(TAG_OF)
    lines = []
    for number in range(count):
        chosen = [words[(number * step + step) % len(words)] for step in (1, 2, 5)]
        lines += [f"{word}\t{TAG_OF[word]}" for word in chosen] + [""]
    return "\n".join(lines) + "\n"


def squad_text(count: int, animals: tuple[str, ...] = ("cat", "dog")) -> str:
    """Questions whose answer is always the animal."""
    paragraphs = []
    for number in range(count):
        animal = animals[number % len(animals)]
        before = ("the big", "a", "the small red", "on the mat the")[number % 4]
        context = f"{before} {animal} sat on the rug"
        answer = {"text": animal, "answer_start": len(before) + 1}
        entry = {"id": f"q{number}", "question": "a red tree", "answers": [answer]}
        paragraphs.append({"context": context, "qas": [entry]})
    return json.dumps({"data": [{"paragraphs": paragraphs}]})

"""A small teacher of 41 languages, from text, sentence pairs and English vectors.

    export X2STATIC_DATA=...   # folder with mono/, bitext/, lexicons-cc-by-sa/, lexicons-cldr/
    .venv/bin/python scripts/train_teacher.py --work WORK --encoder FOLDER --output FOLDER

Six steps, each kept in WORK, so that a stopped run goes on:

1. a vocabulary for all languages;
2. vectors of English words and sentences by an English encoder, all-MiniLM-L6-v2;
3. sentences, their translations and dictionaries as pieces, each with its English vector;
4. a vector for each piece, so that their weighted mean is the meaning of a sentence;
5. transformer blocks over these, begun as that weighted mean;
6. the model in float16 with tokenizer, model card and learning curve, in OUTPUT.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PIECES = 32_000
BAG_STEPS, BLOCK_STEPS = (1188, 1800), 800


def vocabulary(data: Path, work: Path) -> Path:
    """The tokenizer."""
    from scripts.teacher.texts import train_vocabulary, write_texts

    output = work / "vocabulary"
    if not output.exists():
        write_texts(data, work / "texts")
        train_vocabulary(work / "texts", PIECES).save_pretrained(output)
    return output


def learn(data: Path, work: Path, encoder: Path) -> Path:
    """The model, as a Hugging Face folder."""
    import numpy as np
    import torch
    from transformers import AutoTokenizer

    from scripts.teacher.bag import Bag, BagSettings, reduced_targets, starting_pieces, train_bag
    from scripts.teacher.blocks import Blocks, train_blocks
    from scripts.teacher.english import write_targets
    from scripts.teacher.items import Items, write_items
    from scripts.teacher.start import BlockSettings, build

    tokens = vocabulary(data, work)
    write_targets(data, encoder, work / "targets")
    if not (work / "items.npz").exists():
        write_items(data, tokens, work / "targets", work / "items.npz")
    tokenizer = AutoTokenizer.from_pretrained(tokens)
    size, items = len(tokenizer), Items(work / "items.npz")
    targets = reduced_targets(np.load(work / "targets.npy"))
    pieces = starting_pieces(items, targets, size)
    phases = BagSettings(siblings=0.0), BagSettings(rate=2e-3)
    for number, (phase, steps) in enumerate(zip(phases, BAG_STEPS, strict=True), 1):
        place = work / f"pieces-{number}.npy"
        if not place.exists():
            bag = Bag(items, targets, pieces, phase)
            np.save(place, train_bag(bag, steps, work / f"bag-{number}.pt"))
        pieces = np.load(place)
    settings = BlockSettings()
    model = build(pieces, items.counts(size), settings)
    blocks = Blocks(model, items, targets, int(tokenizer.mask_token_id), settings)
    train_blocks(blocks, BLOCK_STEPS, work)
    blocks.model.to(torch.float16).save_pretrained(work / "model")
    tokenizer.save_pretrained(work / "model")
    shutil.copy(work / "curve.jsonl", work / "model" / "curve.jsonl")
    about = {
        "steps": [sum(BAG_STEPS), BLOCK_STEPS],
        "pieces_seen": blocks.tokens,
        "bag": [asdict(phase) for phase in phases],
        "blocks": asdict(settings),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    (work / "model" / "recipe.json").write_text(json.dumps(about, indent=2) + "\n")
    return work / "model"


def main(argv: Sequence[str]) -> int:
    """Make the teacher, or go on making it."""
    from scripts.teacher.card import write_card

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="where parts are kept")
    parser.add_argument("--encoder", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(argv)
    if options.data is None:
        parser.error("say where the text lies: --data FOLDER or X2STATIC_DATA")
    options.work.mkdir(parents=True, exist_ok=True)
    model = learn(Path(options.data), options.work, options.encoder)
    shutil.rmtree(options.output, ignore_errors=True)
    shutil.copytree(model, options.output)
    write_card(options.output, Path(options.data))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The model card, from the recipe and the curve of the run that made the model."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.teacher.items import languages_of

_SOURCES = """\
| text | what for | licence |
|---|---|---|
| Common Voice sentences, 25 languages | text | CC0 1.0 |
| ELTeC novels | text | public domain, markup CC BY 4.0 |
| Wikipedia, as in PAN-X, TyDi QA, WikiMatrix, JaQuAD, CMRC 2018, FiNER | text | CC BY-SA |
| Turku paraphrases, UD Finnish TDT; a Hindi inference set | text | CC BY-SA 4.0; MIT |
| Bibles, 24 languages | pairs | public domain; pt: CC BY 3.0 BR |
| TICO-19 | pairs | CC0 1.0 |
| GNOME's user help | pairs | CC BY 3.0 |
| LibreOffice's help, Mozilla's web pages | pairs | MPL 2.0 |
| Wiktionary's dictionaries, 2015-01-02 | words | CC BY-SA 3.0 |
| Unicode's emoji names (CLDR) | words | Unicode licence |
| vectors of English text by all-MiniLM-L6-v2 | targets | Apache 2.0 |
"""


def write_card(folder: Path, data: Path) -> None:
    """``README.md`` beside the model."""
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    blocks = recipe["blocks"]
    curve = [
        json.loads(line)
        for line in (folder / "curve.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    names = sorted({name for line in curve for name in line["loss"]})
    shown = [*curve[:: max(1, len(curve) // 6)], curve[-1]]
    rows = "\n".join(
        f"| {line['step']} | "
        + " | ".join(f"{line['loss'][n]:.2f}" if n in line["loss"] else "" for n in names)
        + " |"
        for line in {line["step"]: line for line in shown}.values()
    )
    languages = languages_of(data)
    text = f"""---
license: cc-by-sa-3.0
language: [{", ".join(languages)}]
---

# A small teacher of {len(languages)} languages

An encoder of XLM-R's architecture for {len(languages)} languages, small enough to lie in a
repository and to train on a processor: {blocks["layers"]} blocks, 256 wide, 32,000 unigram pieces
in lower case, {recipe["parameters"] / 1e6:.1f} million parameters in float16. It serves the demo,
the tests and experiments on a small scale. It is no substitute for XLM-R.

What it knows of meaning it learned from translations: sentences and words of all languages were
moved to the vectors that a strong English encoder gives to their English side. Block
{blocks["middle"]} is the one to read. Its blocks saw little text, so it is weak where word order
decides.

## Text

{_SOURCES}
The weights were trained on all of it. Words of MUSE's test dictionaries were taken out of the
dictionaries; Tatoeba, FLORES-200, NTREX-128, XNLI and the other test sets were not trained on.

## Training

`scripts/train_teacher.py` makes it again:

1. a vocabulary for all languages: one unigram model, lines of each language by the root of its
   bytes;
2. a vector for each piece, so that the mean of an item's pieces, weighted by their lengths, is near
   the English vector of what it translates and far from the others of its batch
   ({recipe["steps"][0]:,} updates of {recipe["bag"][0]["batch"]:,} items); translations near each
   other; halves of a sentence near each other;
3. blocks over these, begun as that weighted mean: sentences at block {blocks["middle"]} near their
   English vectors while the last block guesses hidden pieces of texts and of translated pairs
   ({recipe["steps"][1]:,} updates, {recipe["pieces_seen"] / 1e6:.1f} million pieces, seed
   {blocks["seed"]}).

All on about a third of one processor core with bf16 units beside other work. Losses (masked: times
{blocks["masked"]} or twice that; `curve.jsonl` has all of them):

| updates | {" | ".join(names)} |
|---:|{"---:|" * len(names)}
{rows}

## What it is good for

`scripts/quality/retrieval.py` and `scripts/quality/teacher.py` measure it.
"""
    (folder / "README.md").write_text(text, encoding="utf-8")

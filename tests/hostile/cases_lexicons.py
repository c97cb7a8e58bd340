"""Dictionaries from sentence pairs and from the box; composed words; several languages in one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save

from tests.hostile.case import Case
from tests.hostile.parts import EN_DE, native, vec


def with_composer(path: Path) -> None:
    """Vectors with a composer that its rule does not fit."""
    tensors = {
        "vectors": np.ones((1, 4), np.float32),
        "words": np.frombuffer(b"one", np.uint8),
        "composer": np.ones((9, 4), np.float16),
    }
    path.write_bytes(save(tensors, {"composer_rule": "3 6 8"}))


OUTPUT = "--output o.txt"
TABBED = {"p.tsv": "ein Haus\ta house\nzwei Häuser\ttwo houses\n"}
BESIDE = "--source de.vec --target en.vec --output-source a --output-target b"

LEXICON = [
    Case(name="neither", command=f"lexicon {OUTPUT}", line="give sentence pairs .* or --cldr"),
    Case(name="both", command=f"lexicon {OUTPUT} --cldr de-en --bitext de-en=p.tsv", files=TABBED, line="give sentence pairs"),
    Case(name="no-pair", command=f"lexicon {OUTPUT} --bitext p.tsv", files=TABBED, line="'p.tsv' is not SOURCE-TARGET=FILE"),
    Case(name="one-language-twice", command=f"lexicon {OUTPUT} --bitext de-de=p.tsv", files=TABBED, line="names one language twice"),
    Case(name="two-pairs", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv fr-en=p.tsv", files=TABBED, line="one pair of languages, got de-en, fr-en"),
    Case(name="bad-code", command=f"lexicon {OUTPUT} --bitext 'd e-en=p.tsv'", files=TABBED, line="d e"),
    Case(name="gone", command=f"lexicon {OUTPUT} --bitext de-en=gone.tsv", line="gone.tsv: .*o such file"),
    Case(name="keyed-gone", command=f"lexicon {OUTPUT} --bitext 'de-en=x/{{}}.tsv'", line="x/de.tsv: .*o such file"),
    Case(name="no-tab", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv", files={"p.tsv": "ein Haus\n"}, line="p.tsv:1: expected a text, a tab"),
    Case(name="no-words", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv", files={"p.tsv": "...\t!!\n"}, line="no sentence pair to learn from"),
    Case(name="same-text", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv", files={"p.tsv": "a b\ta b\n"}, line="1 the same in both"),
    Case(name="share-of-two", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv --least-share 2", files=TABBED, line="--least-share must be at most 1"),
    Case(name="share-nan", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv --least-share nan", files=TABBED, line="--least-share must be"),
    Case(name="count-below-0", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv --least-count=-1", files=TABBED, line="--least-count must be at least 0"),
    Case(name="cldr-unknown", command=f"lexicon {OUTPUT} --cldr de-xx", line="no words of 'xx' among its 101 languages"),
    Case(name="cldr-one", command=f"lexicon {OUTPUT} --cldr de", line="say between which languages"),
    Case(name="there-already", command=f"lexicon {OUTPUT} --cldr de-en", files={"o.txt": "mine\n"}, line="o.txt"),
    Case(name="in-order", command=f"lexicon {OUTPUT} --bitext de-en=p.tsv --least-count 0", files=TABBED, line=None, makes=("o.txt", "o.txt.run.json")),
]  # fmt: skip

ALIGN = [
    Case(name="align-both", command=f"align {BESIDE} --lexicon pairs.txt --bitext de-en=p.tsv", files={**EN_DE, **TABBED}, line="give --lexicon or --bitext"),
    Case(name="align-not-used", command=f"align {BESIDE} --preset unsupervised --bitext de-en=p.tsv", files={**EN_DE, **TABBED}, line="--bitext is not used"),
    Case(name="align-turned", command=f"align {BESIDE} --bitext de-en=p.tsv", files={**EN_DE, **TABBED}, line="de-en=p.tsv"),
    Case(name="align-cldr", command=f"align {BESIDE} --lexicon cldr", files=EN_DE, line="say between which languages"),
    Case(name="align-cldr-unknown", command=f"align {BESIDE} --lexicon cldr:de-qq", files=EN_DE, line="no words of 'qq'"),
    Case(name="hub-cldr-unknown", command="align hub --hub en=en.vec --spokes de=de.vec --lexicons cldr:{}-qq --output o", files=EN_DE, line="no words of 'qq'"),
]  # fmt: skip

COMPOSE = [
    Case(name="compose-gone", command="compose gone.vec --output o", line="gone.vec: no such file"),
    Case(name="compose-onto-itself", command="compose n --output n --overwrite", files={"n/vectors.safetensors": native()}, line="n"),
    Case(name="compose-damaged", command="neighbors n one", files={"n/vectors.safetensors": with_composer}, line="damaged: a composer"),
    Case(name="compose-there", command="compose en.vec --output o", files={**EN_DE, "o": "mine"}, line="o"),
    Case(name="bli-compose-unknown", command="eval bli --source en.vec --target de.vec --lexicon x.txt --compose --index exact", files={**EN_DE, "x.txt": "one one\neleven two\n"}, line=None),
]  # fmt: skip

LANGUAGES = [
    Case(name="export-widths", command="export --format static-embedding --languages en=en.vec x=x.vec --output o", files={**EN_DE, "x.vec": vec(width=5)}, line="en 4, x 5"),
    Case(name="export-no-name", command="export --format static-embedding --languages en.vec --output o", files=EN_DE, line="is not NAME=FILE"),
    Case(name="export-odd-name", command="export --format static-embedding --languages ../x=en.vec --output o", files=EN_DE, line="x"),
    Case(name="export-both", command="export en.vec --format static-embedding --languages en=en.vec --output o", files=EN_DE, line="give VECTORS, or --languages"),
]  # fmt: skip

CASES = [*LEXICON, *ALIGN, *COMPOSE, *LANGUAGES]

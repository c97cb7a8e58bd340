"""The ways of aligning that scripts/quality/align.py compares."""

from __future__ import annotations

from dataclasses import dataclass

FEW = 100


@dataclass(frozen=True)
class Method:
    """A row of the table.

    Attributes:
        stated: what the table says.
        flags: for ``x2static align``; empty for a transcription in float64.
        seeds: ``lexicon``, ``few`` or ``none``.
    """

    stated: str
    flags: tuple[str, ...]
    seeds: str = "lexicon"

    @property
    def is_reference(self) -> bool:
        """Computed by scripts/quality/vecmap_float64.py."""
        return not self.flags


LEARNING_WORDS = 10_000
"""Per side, for self-learning to look at: the published 20,000 would take four times as long."""


def preset(name: str, *more: str) -> tuple[str, ...]:
    """Flags of a preset."""
    return ("--preset", name, *more)


def learning(name: str, *more: str) -> tuple[str, ...]:
    """Flags of a preset that induces its dictionary."""
    return preset(name, *more, "--cutoff", str(LEARNING_WORDS))


METHODS = {
    "emnlp2016": Method("`emnlp2016`: orthogonal", preset("emnlp2016")),
    "aaai2018": Method("`aaai2018`", preset("aaai2018")),
    "supervised": Method("`supervised`: plain VecMap", preset("supervised")),
    "acl2017-seed": Method("`acl2017-seed`", learning("acl2017-seed")),
    "semi-supervised": Method("`semi-supervised --fast`", learning("semi-supervised", "--fast")),
    "rcsls": Method("`rcsls`", preset("rcsls")),
    "bootstrap": Method("`bootstrap`", preset("bootstrap")),
    "semi-bootstrap": Method("`semi-bootstrap --fast`", learning("semi-bootstrap", "--fast")),
    "tuned": Method("`tuned`", preset("tuned")),
    "few-semi-supervised": Method(
        "`semi-supervised --fast`", learning("semi-supervised", "--fast"), "few"
    ),
    "few-semi-supervised-published": Method(
        "`semi-supervised`, the published stopping rule", preset("semi-supervised"), "few"
    ),
    "few-semi-bootstrap": Method(
        "`semi-bootstrap --fast`", learning("semi-bootstrap", "--fast"), "few"
    ),
    "few-tuned": Method("`tuned`", preset("tuned"), "few"),
    "acl2017": Method("`acl2017`: numerals", learning("acl2017"), "none"),
    "identical": Method(
        "`identical --fast`: words spelled alike", learning("identical", "--fast"), "none"
    ),
    "identical-tuned": Method(
        "`tuned --seeds identical`: words spelled alike",
        preset("tuned", "--seeds", "identical"),
        "none",
    ),
    "unsupervised": Method(
        "`unsupervised --fast` (= `acl2018`)", learning("unsupervised", "--fast"), "none"
    ),
    "acl2018": Method(
        "`acl2018`, the published stopping rule, cutoff 4,000",
        preset("acl2018", "--cutoff", "4000"),
        "none",
    ),
    "float64-emnlp2016": Method("`emnlp2016` transcribed in float64", ()),
    "float64-aaai2018": Method("`aaai2018` transcribed in float64", ()),
    "float64-supervised": Method("`supervised` transcribed in float64", ()),
    "float64-acl2018": Method("`acl2018` transcribed in float64, cutoff 4,000", (), "none"),
}
SECTIONS = {
    "lexicon": "from the whole dictionary",
    "few": f"from the dictionary's first {FEW} source words",
    "none": "without a dictionary",
}
SLOW = ("few-semi-supervised-published", "acl2018", "float64-acl2018")
DEFAULT = [name for name in METHODS if name not in SLOW]

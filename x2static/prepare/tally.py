"""How many lines, paragraphs and sentences met which fate, for the run record and for people."""

from __future__ import annotations

from collections import Counter

LINES = ("blank_lines", "bad_lines", "overlong_lines", "paragraphs")
"""Every line is one of these: blank, not UTF-8, too long, or a paragraph."""

PARAGRAPHS = (
    "paragraphs_of_too_few_sentences",
    "paragraphs_of_too_few_characters",
    "paragraphs_kept",
)
"""Every paragraph is one of these."""

SENTENCES = (
    "sentences_in_dropped_paragraphs",
    "sentences_too_short",
    "sentences_too_long",
    "sentences_duplicate",
    "sentences_not_sampled",
    "sentences_written",
)
"""Every sentence is one of these."""


def as_counts(counts: Counter[str]) -> dict[str, int]:
    """All counts, zeros included, in reading order; each total equals the sum of its parts."""
    kept = counts["paragraphs"] - sum(counts[name] for name in PARAGRAPHS[:2])
    counts = Counter({**counts, "paragraphs_kept": kept})
    names = ("lines", *LINES, *PARAGRAPHS, "sentences", *SENTENCES)
    return {name: counts[name] for name in (*names, "paragraphs_written", "tokens_written")}


def explain(counts: dict[str, int]) -> str:
    """What was dropped, largest first, as words; empty where nothing was."""
    dropped = [(counts[name], name) for name in SENTENCES[:-1] if counts[name]]
    parts = [f"{number:,} {_said(name)}" for number, name in sorted(dropped, reverse=True)]
    for name in ("bad_lines", "overlong_lines"):
        if counts[name]:
            parts.append(f"{counts[name]:,} {_said(name)}")
    return ", ".join(parts)


def _said(name: str) -> str:
    return {
        "sentences_in_dropped_paragraphs": "in short paragraphs",
        "bad_lines": "lines that are not UTF-8",
        "overlong_lines": "lines that are too long",
    }.get(name, name.removeprefix("sentences_").replace("_", " "))

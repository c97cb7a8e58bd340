"""How finely a tokenizer cuts each language's held-out lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def fineness(tokenizer: Any, lines: Sequence[str]) -> dict[str, float]:
    """Pieces a word (between spaces), letters a piece, part of the pieces that are unknown."""
    encoded = tokenizer(list(lines), add_special_tokens=False)["input_ids"]
    pieces = sum(map(len, encoded))
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in encoded)
    return {
        "pieces_a_word": pieces / max(1, sum(len(line.split()) for line in lines)),
        "letters_a_piece": sum(map(len, lines)) / max(1, pieces),
        "unknown": unknown / max(1, pieces),
    }


def as_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows for a person; the plain model's figures come last, where there is one."""
    compared = any("plain" in row for row in rows)
    head = f"{'':10} {'lines':>8} {'own pieces':>11} {'pieces/word':>12} {'letters/piece':>14}"
    lines = [head + (f" {'plain: pieces/word':>19} {'letters/piece':>14}" if compared else "")]
    for row in rows:
        name = row["language"] + ("*" if row["saturated"] else "")
        line = f"{name:10} {row['lines']:>8,} {row['size']:>11,} "
        line += f"{row['pieces_a_word']:>12.2f} {row['letters_a_piece']:>14.2f}"
        if compared:
            plain = row["plain"]
            line += f" {plain['pieces_a_word']:>19.2f} {plain['letters_a_piece']:>14.2f}"
        lines.append(line)
    if any(row["saturated"] for row in rows):
        lines.append("* all pieces that its text gives")
    return "\n".join(lines)

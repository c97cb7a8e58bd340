"""The pairs of languages that robust training pushed up and down most, with examples to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from continued_pretraining.text.pairs.planner import PairPlanner
from continued_pretraining.text.tokenizer import LineTokenizer
from continued_pretraining.training.robust import RobustPairs

_LISTED, _EXAMPLES, _SHOWN = 10, 3, 70


def write_suspects(robust: RobustPairs, tokenizer: LineTokenizer, folder: Path) -> list[str]:
    """Write ``robust.json`` into a folder; the ends of its list for a person."""
    found = suspects(robust, tokenizer)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (folder / "robust.json").write_text(text + "\n", encoding="utf-8")
    return lines_of(found)


def suspects(robust: RobustPairs, tokenizer: LineTokenizer) -> dict[str, Any]:
    """Every pair with its shares and loss, most pushed up first; both ends have examples."""
    names = robust.planner.names
    known = np.flatnonzero(robust.first > 0)
    push = robust.shares[known] / robust.first[known]
    order = known[np.lexsort((known, -robust.losses[known], -push))].tolist()
    ends = {*order[:_LISTED], *order[-_LISTED:]}
    rows = []
    for number in order:
        row: dict[str, Any] = {
            "pair": names[number],
            "push": float(robust.shares[number] / robust.first[number]),
            "share_before": float(robust.first[number]),
            "share_after": float(robust.shares[number]),
            "loss": float(robust.losses[number]),
        }
        if number in ends:
            row["examples"] = examples(robust.planner, tokenizer, number)
        rows.append(row)
    return {"radius": robust.radius, "rounds": robust.done, "pairs": rows}


def examples(planner: PairPlanner, tokenizer: LineTokenizer, number: int) -> list[dict[str, str]]:
    """Some sentence pairs of a pair of languages, as the tokenizer reads them."""
    codes = planner.names[number].split("-")
    decode = tokenizer.hugging_face.decode
    return [
        dict(zip(codes, (decode(ids.tolist()) for ids in pair), strict=True))
        for pair in planner.examples(number, _EXAMPLES)
    ]


def lines_of(found: dict[str, Any]) -> list[str]:
    """The ends of the list for a person."""
    rows = found["pairs"]
    half = max(1, min(_LISTED, len(rows) // 2))
    lines = []
    for title, part in (
        ("pushed up (bad translations?)", rows[:half]),
        ("pushed down (trivial, such as copies?)", rows[::-1][:half]),
    ):
        lines.append(f"{title}:")
        for row in part:
            lines.append(f"  {row['pair']:8} x {row['push']:.2f}, loss {row['loss']:.3f}")
            for example in row["examples"][:1]:
                lines += [f"    {code}: {text[:_SHOWN]}" for code, text in example.items()]
    return lines

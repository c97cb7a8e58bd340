"""The tables of scripts/quality/align.py in Markdown.

A result is what the program said of a run, and its scores: by method, then by pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scripts.quality.align_methods import FEW, METHODS, SECTIONS

Results = dict[str, dict[str, dict[str, Any]]]

# What the published VecMap scores on the released vectors: nearest neighbour, CSLS.
PUBLISHED = {
    "zhang2017/es-en": {
        "supervised": (77.61, 78.63),
        "aaai2018": (77.61, 79.13),
        "emnlp2016": (75.32, 78.12),
    },
    "zhang2017/zh-en": {"supervised": (52.94, 67.65)},
}


def bare(pair: str) -> str:
    """The two languages of a pair, without where its vectors come from."""
    return pair.rpartition("/")[2]


def cell(said: dict[str, Any] | None, figure: str = "csls", digits: int = 1) -> str:
    """A figure in percent; a dagger where the program itself says that it failed."""
    if said is None:
        return ""
    if figure not in said:
        return "refused"
    return f"{100 * said[figure]:.{digits}f}{'†' if said.get('failed') else ''}"


def trained_table(results: Results, pairs: Sequence[str]) -> list[str]:
    """CSLS P@1 of every method on the vectors trained here."""
    lines = [
        f"| method | {' | '.join(map(bare, pairs))} | average |",
        "|---" * (len(pairs) + 2) + "|",
    ]
    for seeds, stated in SECTIONS.items():
        names = [name for name, method in METHODS.items() if method.seeds == seeds]
        rows = [(name, results.get(name, {})) for name in names]
        rows = [(name, row) for name, row in rows if any(pair in row for pair in pairs)]
        if rows:
            lines.append(f"| *{stated}* |" + " |" * (len(pairs) + 1))
        for name, row in rows:
            cells = [cell(row.get(pair)) for pair in pairs]
            known = [row[pair]["csls"] for pair in pairs if "csls" in row.get(pair, {})]
            mean = f"{100 * float(np.mean(known)):.1f}" if len(known) == len(pairs) else ""
            lines.append(f"| {METHODS[name].stated} | {' | '.join(cells)} | {mean} |")
    for figure, stated, text in (
        ("coverage", "*test words covered*", lambda value: f"{100 * value:.0f} %"),
        ("source_words", "*source words*", lambda value: f"{value:,}"),
    ):
        cells = [column(results, pair, figure, text) for pair in pairs]
        lines.append(f"| {stated} | {' | '.join(cells)} | |")
    return lines


def column(results: Results, pair: str, figure: str, text: Callable[[Any], str]) -> str:
    """A figure that all methods of a pair share."""
    known = [row[pair][figure] for row in results.values() if figure in row.get(pair, {})]
    return text(known[0]) if known else ""


def others_table(results: Results, pairs: Sequence[str]) -> list[str]:
    """CSLS P@1 on the test words that are not spelled like a translation, where some are."""
    rows = {
        name: {pair: row[pair] for pair in pairs if row.get(pair, {}).get("alike")}
        for name, row in results.items()
    }
    rows = {name: row for name, row in rows.items() if row}
    pairs = [pair for pair in pairs if any(pair in row for row in rows.values())]
    lines = [f"| method | {' | '.join(map(bare, pairs))} |", "|---" * (len(pairs) + 1) + "|"]
    for name, row in rows.items():
        cells = [cell(row[pair], "csls_others") if pair in row else "" for pair in pairs]
        section = f", {FEW} words" if METHODS[name].seeds == "few" else ""
        lines.append(f"| {METHODS[name].stated}{section} | {' | '.join(cells)} |")
    alike = [column(rows, pair, "alike", lambda value: f"{100 * value:.0f} %") for pair in pairs]
    return [*lines, f"| *test words spelled alike* | {' | '.join(alike)} |"]


def released_table(results: Results, pairs: Sequence[str]) -> list[str]:
    """Nearest neighbour and CSLS on the released vectors, beside the published figures."""
    heads = [
        f"{bare(pair)} {what}"
        for pair in pairs
        for what in ("NN", "CSLS", "NN published", "CSLS published")
    ]
    lines = [f"| method | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, row in results.items():
        if not any(pair in row for pair in pairs):
            continue
        cells = []
        for pair in pairs:
            said = row.get(pair)
            figures = [cell(said, "nn", 2), cell(said, digits=2)]
            published = PUBLISHED[pair].get(name)
            figures += [f"{value:.2f}" for value in published] if published else ["", ""]
            cells += figures
        section = {"few": f", {FEW} words", "none": ""}.get(METHODS[name].seeds, "")
        lines.append(f"| {METHODS[name].stated}{section} | {' | '.join(cells)} |")
    return lines


def tuning_table(results: Results) -> list[str]:
    """What `tuned` decided, and how good that is on words that it held back.

    Rows from before the program kept words out of the choice have only the words that decided.
    """
    heads = ("pair", "ridge", "re-weighting", "mutual pairs", "polished", "scored on",
             "published map", "chosen", "chosen, on the words that decided")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for pair, said in results.get("tuned", {}).items():
        tuning = said["tuning"]
        yes = ["yes" if tuning[name] else "no" for name in ("bootstrapped", "polished")]
        deciding = "chosen_by" if "chosen_by" in tuning else "held_back"
        words = "words kept out" if deciding == "chosen_by" else "the words that decided"
        figures = [tuning[name] for name in ("plain", "held_back", deciding)]
        scores = ["" if figure is None else f"{100 * figure:.1f}" for figure in figures]
        lines.append(
            f"| {pair} | {tuning['ridge']:g} | {tuning['reweight']:g} | "
            f"{' | '.join([*yes, words, *scores])} |"
        )
    return lines


def signs_table(results: Results, pairs: Sequence[str]) -> list[str]:
    """How self-learning without a dictionary went, and what the program said of it."""
    lines = [
        "| run | pair | iterations | objective | mutual rate | found again | lift | verdict | "
        "CSLS P@1 | CPU s |",
        "|---" * 10 + "|",
    ]
    for name, row in results.items():
        for pair in pairs:
            said = row.get(pair, {})
            if METHODS[name].seeds != "none" or "csls" not in said:
                continue
            signs = [
                f"{said[key]:.3f}" if key in said else ""
                for key in ("objective", "mutual_rate", "found_again", "lift")
            ]
            verdict = {True: "failed", False: "converged"}.get(said.get("failed"), "")
            lines.append(
                f"| {METHODS[name].stated} | {pair} | {said.get('iterations', '')} | "
                f"{' | '.join(signs)} | {verdict} | {100 * said['csls']:.1f} | "
                f"{said['cpu_seconds']:.0f} |"
            )
    return lines
